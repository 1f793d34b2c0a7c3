"""The only patterns that words from outside may match before they reach a path, a command or the engine."""

from __future__ import annotations

import re

INSTANCE = r"[A-Za-z0-9][A-Za-z0-9_-]{1,31}"
VERSION = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,254}"  # an image's name without its tag
CONTAINER = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
USERNAME = r"\w[\w.@+-]{0,63}"
USER_ID = r"[A-Za-z0-9_-]{1,64}"
JOB = r"[0-9a-f]{32}"
OWNER = r"\d{1,10}:\d{1,10}"  # a user's and a group's number

NAME_RULE = "must be 2 to 32 letters, digits, - or _, begin with a letter or digit, and not be reserved"
RESERVED_INSTANCES = frozenset({"all", "adopt", "adoptable"})


def is_match(pattern: str, word: str) -> bool:
    """Whether the whole word fits; `re.match` with `$` would let a trailing newline through."""
    return re.fullmatch(pattern, word) is not None


def is_instance_name(word: str) -> bool:
    return is_match(INSTANCE, word) and word not in RESERVED_INSTANCES
