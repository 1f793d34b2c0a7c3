"""Why a backup may not be what it should be: sentences in its manifest, and a key for each.

Who shows them in another language goes by the keys. Manifests hold the sentences, as they always have.
"""

from __future__ import annotations

import re

import msgspec

from palserver import errors

NOT_SAVED = "The game did not save first, so what was played since its last save may be missing."
OTHER_WORLD = "The game plays another world than the one that its settings name."
SHARED = "Another server may have played the same world while it was read."
NO_WORLD = "Which world is the live one is not known, so nobody could watch whether it was saved meanwhile."
NEVER_STILL = "The game did not stop saving for long enough."
MOVED = "The game saved while its world was read, every time."
STARTED = "The container was started or stopped while it was read, every time."
NOT_AS_WRITTEN = "The last check found that it is not as it was written."
# Said of what is as it was written, and yet no restore would take it.
NOT_ONE_WORLD = "It cannot be restored: it does not hold exactly one world of the name in its settings."
TOO_LARGE = "It cannot be restored: there is more in it than a restore takes."
UNRESTORABLE = {errors.WorldUnclear: NOT_ONE_WORLD, errors.ArchiveTooLarge: TOO_LARGE}
# What `verify` finds, and takes back when it does not find it any more.
FOUND = (NOT_AS_WRITTEN, *UNRESTORABLE.values())

KEYS = {
    NOT_SAVED: "not_saved",
    OTHER_WORLD: "other_world",
    SHARED: "shared",
    NO_WORLD: "no_world",
    NEVER_STILL: "never_still",
    MOVED: "moved",
    STARTED: "started",
    NOT_AS_WRITTEN: "not_as_written",
    NOT_ONE_WORLD: "not_one_world",
    TOO_LARGE: "too_large",
}
FAULT = re.compile(r"(Saved/.+?\.sav) (?:is|ends|does) [a-z ]+\.")  # as find_fault says it of a file
LEFT_OUT = re.compile(r"Not in it, as links, devices and unprintable names cannot be restored: (.+)\.$")
BROKEN_SAVE, MISSED, OTHER = "broken_save", "left_out", "other"
SHOWN = 3


class Reason(msgspec.Struct, frozen=True):
    """What `values` has: `broken_save` the `file` that was broken already, `left_out` the `files` that no
    restore would take, `other` the `sentence`, which has no key.
    """

    key: str
    values: dict[str, str] = {}


def tell_unrestorable(error: errors.PalError) -> str:
    """Why what passes every other check is refused by a restore."""
    return UNRESTORABLE.get(type(error), f"It cannot be restored: {error.detail}")


def tell_left_out(names: list[str]) -> str:
    """The sentence for what a backup leaves out; the last one in a manifest's `reason`."""
    shown = ", ".join(ascii(name) for name in names[:SHOWN]) + (", ..." if names[SHOWN:] else "")
    return f"Not in it, as links, devices and unprintable names cannot be restored: {shown}."


def list_reasons(text: str | None) -> tuple[Reason, ...]:
    """Those whose sentences are in a manifest's `reason`."""
    rest = text or ""
    reasons = []
    left_out = LEFT_OUT.search(rest)
    if left_out is not None:
        reasons.append(Reason(MISSED, {"files": left_out[1]}))
        rest = rest[: left_out.start()]
    for sentence, key in KEYS.items():
        if sentence in rest:
            reasons.append(Reason(key))
            rest = rest.replace(sentence, "")
    reasons += [Reason(BROKEN_SAVE, {"file": match[1]}) for match in FAULT.finditer(rest)]
    rest = " ".join(FAULT.sub("", rest).split())
    return (*reasons, Reason(OTHER, {"sentence": rest})) if rest else tuple(reasons)
