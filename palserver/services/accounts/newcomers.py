"""Who is in `users.json`, the accounts that an owner brings along: read, and checked whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from palserver import names
from palserver.services.accounts.auth import ROLES
from palserver.services.accounts.passwords import MAX_BYTES, is_hash

# The panel this file comes from writes its second role in both ways.
OLD_ROLES = {"op": "operator"}
HASH_PREFIXES = ("$2$", "$2a$", "$2b$", "$2x$", "$2y$")
TEXT_FIELDS = ("username", "password", "role")


class UsersFileError(Exception):
    """`users.json` cannot be taken over; `problems` has a sentence for each thing that is wrong with it."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"{path}: " + " ".join(problems))


class Newcomer(msgspec.Struct, frozen=True):
    """Somebody in the file. `password` is plain text or, if `is_hashed`, a bcrypt hash."""

    username: str
    password: str
    role: str
    is_hashed: bool


def read_newcomers(path: Path) -> list[Newcomer]:
    """Raises UsersFileError with everything that is wrong, and changes nothing."""
    entries = _read_list(path)
    problems = [
        problem for number, entry in enumerate(entries, 1) for problem in _list_problems(number, entry)
    ]
    counts = Counter(entry["username"] for entry in entries if _has_text(entry, "username"))
    problems += [f"“{name}” is there {count} times." for name, count in counts.items() if count > 1]
    if problems:
        raise UsersFileError(path, problems)
    return [_newcomer(entry) for entry in entries]


def _read_list(path: Path) -> list[Any]:
    try:
        entries = msgspec.json.decode(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsersFileError(path, [f"It cannot be read ({error.strerror})."]) from error
    except UnicodeDecodeError as error:
        raise UsersFileError(path, ["It is not in UTF-8."]) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsersFileError(path, ["It is not valid JSON."]) from error
    if not isinstance(entries, list):
        raise UsersFileError(path, ["It must be a list of objects with username, password and role."])
    return entries


def _newcomer(entry: dict[str, str]) -> Newcomer:
    return Newcomer(
        username=entry["username"],
        password=entry["password"],
        role=OLD_ROLES.get(entry["role"], entry["role"]),
        is_hashed=is_hash(entry["password"]),
    )


def _list_problems(number: int, entry: Any) -> list[str]:
    """What is wrong with one entry, by its number and, where there is one, its name."""
    if not isinstance(entry, dict):
        return [f"Entry {number} must be an object with username, password and role."]
    who = f"Entry {number}"
    if _has_text(entry, "username"):
        who += f" (“{entry['username'][:64]}”)"
    problems = [f"{who}: {name} is missing or empty." for name in TEXT_FIELDS if not _has_text(entry, name)]
    if _has_text(entry, "username") and not names.is_match(names.USERNAME, entry["username"]):
        problems.append(f"{who}: the user name must be 1 to 64 letters, digits or _ . @ + -.")
    if _has_text(entry, "role") and entry["role"] not in (*ROLES, *OLD_ROLES):
        problems.append(f"{who}: the role “{entry['role'][:64]}” is not one of {', '.join(ROLES)}.")
    if _has_text(entry, "password"):
        problems += [f"{who}: {fault}." for fault in _list_password_faults(entry["password"])]
    return problems


def _list_password_faults(password: str) -> list[str]:
    """Old passwords are taken as they are, short ones too; their users must be able to sign in."""
    if is_hash(password):
        return []
    if password.startswith(HASH_PREFIXES):
        return ["the password is a damaged or unusual bcrypt hash"]
    is_too_long = len(password.encode()) > MAX_BYTES
    return [f"the password has more than {MAX_BYTES} bytes"] if is_too_long else []


def _has_text(entry: Any, name: str) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get(name), str) and entry[name] != ""
