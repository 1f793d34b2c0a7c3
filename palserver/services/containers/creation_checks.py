"""What somebody asks for who wants a new server, and what of it cannot be."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from palserver.errors import Invalid
from palserver.names import NAME_RULE, is_instance_name
from palserver.services.containers.ports import GAME, INSIDE, QUERY
from palserver.services.images.known import KnownImage

SECRETS = ("admin_password", "server_password")
MIN_MEMORY_BYTES = 512 * 1024 * 1024

_HOST = r"(?:[A-Za-z0-9.-]+(?::\d{1,5})?/)?"
_PATH = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
IMAGE = re.compile(rf"{_HOST}{_PATH}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?")
VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
TIME_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
FOLDER = re.compile(r"(?:/[A-Za-z0-9._-]+)+")
# Each field with its pattern, and what fits it.
WORDS = {
    "image": (IMAGE, "owner/image:tag"),
    "time_zone": (TIME_ZONE, "Asia/Seoul"),
    "world": (VOLUME, "palserver-alpha"),
}
# The game's own, whatever starts it.
ARGUMENTS = {"-port": INSIDE[GAME], "-queryport": INSIDE[QUERY]}
# The game's own file has no way to write these; everything else it takes between its quotes.
UNWRITABLE = re.compile(r'["\\\x00-\x1f\x7f]')

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Text = Annotated[str, msgspec.Meta(max_length=200)]
Word = Annotated[str, msgspec.Meta(max_length=255)]
Memory = Annotated[int, msgspec.Meta(ge=MIN_MEMORY_BYTES, le=2**50)]
Value = Annotated[str, msgspec.Meta(max_length=32_768)]
Variables = dict[str, Value | None]


class Creation(msgspec.Struct, frozen=True):
    """A new server. A port that is left out is a free one, a password that is left out is made up.

    An empty `server_password` lets everybody join. `world` is a volume that a deleted server has left.
    `saved_path` (and `data_path`, where the volume goes, if that is another folder) is only for images that
    PalServer does not know. `rcon_port` turns RCON on, which the game's makers advise against.
    """

    name: str
    image: Word | None = None
    game_port: Port | None = None
    query_port: Port | None = None
    rest_port: Port | None = None
    rcon_port: Port | None = None
    server_name: Text | None = None
    server_password: Text | None = None
    admin_password: Text | None = None
    max_players: Annotated[int, msgspec.Meta(ge=1, le=32)] | None = None
    memory_limit_bytes: Memory | None = None
    time_zone: Word | None = None
    environment: dict[str, Value] = {}
    saved_path: Word | None = None
    data_path: Word | None = None
    command: list[Text] | None = None
    world: Word | None = None
    start: bool = True


def check_creation(wanted: Creation, known: KnownImage | None) -> None:
    """Raises Invalid with everything that is wrong, by its field."""
    problems = {
        **check_environment(wanted.environment),
        **_check_words(wanted),
        **(_check_paths(wanted) if known is None else {}),
        **_check_twice(wanted),
    }
    if known is not None and (wanted.saved_path or wanted.data_path) is not None:
        problems["saved_path"] = "is known for this image"
    own = {*(known.variables.values() if known else ()), *fix_environment(wanted, known)}
    if clash := {*(own & wanted.environment.keys()), *list_unreachable(wanted.environment, known)}:
        problems["environment"] = tell_clash(clash)
    if clash := {word for word in wanted.command or () if _is_moved_port(word)}:
        problems["command"] = tell_clash(clash)
    if problems:
        raise Invalid(fields=problems)


def _check_words(wanted: Creation) -> dict[str, str]:
    """Each by itself."""
    problems = {
        field: f"must be like {example}"
        for field, (pattern, example) in WORDS.items()
        if not pattern.fullmatch(getattr(wanted, field) or example)
    }
    if not is_instance_name(wanted.name):
        problems["name"] = NAME_RULE
    for field in ("server_name", *SECRETS):
        if UNWRITABLE.search(getattr(wanted, field) or ""):
            problems[field] = "must not have quotation marks, backslashes or control characters"
    return problems


def check_environment(environment: Mapping[str, str | None]) -> dict[str, str]:
    """What is wrong with it, by its field."""
    names = [name for name in environment if not VARIABLE.fullmatch(name)]
    if names:
        return {"environment": f"{names[0][:40]!r} is not the name of a variable"}
    if any("\0" in (value or "") for value in environment.values()):
        return {"environment": "a value has a character that no variable can have"}
    return {}


def list_unreachable(
    environment: Mapping[str, str | None], known: KnownImage | None, published: Collection[str] = ()
) -> list[str]:
    """The variables that would have the game listen where nobody reaches it.

    `published` are ports of the container beside those that the image has by itself.
    """
    moved = []
    for name, usual in (known.ports if known else {}).items():
        value = environment.get(name)
        if value is not None and f"{value}/{usual.partition('/')[2]}" not in (usual, *published):
            moved.append(name)
    return moved


def _is_moved_port(word: str) -> bool:
    option, _, value = word.lower().partition("=")
    return option in ARGUMENTS and value != ARGUMENTS[option].partition("/")[0]


def tell_clash(names: Collection[str]) -> str:
    return f"{', '.join(sorted(names))} follows from the other fields"


def fix_environment(wanted: Creation, known: KnownImage | None) -> dict[str, str]:
    """The variables that follow from the image and from the other fields."""
    fixed = dict(known.environment) if known else {}
    if known is not None and wanted.rcon_port is not None:
        fixed |= known.rcon_environment
    if wanted.time_zone:
        fixed["TZ"] = wanted.time_zone
    return fixed


def _check_paths(wanted: Creation) -> dict[str, str]:
    problems = {}
    if wanted.saved_path is None:
        problems["saved_path"] = "is missing: PalServer does not know where this image keeps its world"
    elif not _is_folder(wanted.saved_path):
        problems["saved_path"] = "must be an absolute folder"
    elif wanted.data_path is not None and not f"{wanted.saved_path}/".startswith(f"{wanted.data_path}/"):
        problems["data_path"] = "must hold the save folder"
    if wanted.data_path is not None and not _is_folder(wanted.data_path):
        problems["data_path"] = "must be an absolute folder"
    return problems


def _is_folder(path: str) -> bool:
    return FOLDER.fullmatch(path) is not None and not {".", ".."} & set(path.split("/"))


def _check_twice(wanted: Creation) -> dict[str, str]:
    """Two fields with one port of one protocol."""
    seen: dict[tuple[int, str], str] = {}
    problems = {}
    for field, inside in INSIDE.items():
        port = getattr(wanted, field)
        other = seen.setdefault((port, inside.partition("/")[2]), field)
        if port is not None and other != field:
            problems[field] = f"is the same as {other}"
    return problems
