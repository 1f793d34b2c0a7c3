"""A pretend Palworld dedicated server: for a look at the panel before installing it, and for the tests.

It answers, logs, saves and fails as the real one does, as far as that is known; there is no game in it.
"""
