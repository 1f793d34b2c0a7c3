"""Another world in the place of the live one: previewed, staged, exchanged, and ended after a crash."""
