"""What somebody asks for who wants a new server, made into what a container is made from.

Pure functions: nothing here asks the engine or writes anything down.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping

import msgspec

from palserver.errors import ImageNotOffered
from palserver.services.containers.adoption import SAVED_PATH_LABEL
from palserver.services.containers.attachments import Mount, Network
from palserver.services.containers.creation_checks import SECRETS, Creation, check_creation, fix_environment
from palserver.services.containers.ports import GAME, INSIDE, QUERY, RCON, REST, write_binding
from palserver.services.containers.specs import Spec
from palserver.services.images.known import THIJSVANLOEF, KnownImage, find_known_image, read_repository

INSTANCE_LABEL = "palserver.instance"
JOB_LABEL = "palserver.job"
RESTART = {"Name": "unless-stopped", "MaximumRetryCount": 0}
LOG_ROTATION = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}
STOP_GRACE_SECONDS = 120
SECRET_CHARACTERS = 16
# Told apart on any screen and in any hand, and safe in an ini file, a compose file and a shell.
SECRET_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0OoIl1")))


class Plan(msgspec.Struct, frozen=True):
    """A creation that can be carried out, but for its ports. `settings` go into PalWorldSettings.ini.

    `free_ports` are the fields of those that nobody has chosen.
    """

    name: str
    spec: Spec
    saved_path: str
    data_path: str
    volume: str
    has_volume: bool
    ports: dict[str, int]
    free_ports: tuple[str, ...]
    settings: dict[str, str]
    generated: dict[str, str]
    start: bool


def plan_creation(wanted: Creation) -> Plan:
    """Raises Invalid with everything that is wrong, ImageNotOffered."""
    reference = complete_reference(wanted.image or THIJSVANLOEF.reference)
    known = find_known_image(reference)
    check_creation(wanted, known)
    if known is not None and not known.is_offered:
        raise ImageNotOffered(fields={"image": "can be adopted, but not made"})
    saved_path = known.saved_path if known else str(wanted.saved_path)
    data_path = known.data_path if known else wanted.data_path or saved_path
    generated = {field: make_secret() for field in SECRETS if _is_to_be_made(wanted, field)}
    answers = _read_answers(wanted, generated)
    variables = known.variables if known else {}
    fixed = fix_environment(wanted, known)
    environment = {variables[field]: value for field, value in answers.items() if field in variables}
    ports = {field: port for field in INSIDE if (port := getattr(wanted, field)) is not None}
    fields = (GAME, QUERY, REST) if known is None or known.has_query_port else (GAME, REST)
    return Plan(
        name=wanted.name,
        spec=Spec(
            image=reference,
            command=_choose_command(wanted, known),
            stop_timeout_seconds=STOP_GRACE_SECONDS,
            environment={**fixed, **environment, **wanted.environment},
            labels={INSTANCE_LABEL: wanted.name, SAVED_PATH_LABEL: saved_path},
            networks=(Network("bridge"),),
            memory_limit_bytes=wanted.memory_limit_bytes,
            restart_policy=RESTART,
            host={"LogConfig": LOG_ROTATION},
        ),
        saved_path=saved_path,
        data_path=data_path,
        volume=wanted.world or f"palserver-{wanted.name}",
        has_volume=bool(wanted.world),
        ports=ports,
        free_ports=tuple(field for field in fields if field not in ports),
        settings={} if variables else _write_settings(answers, wanted),
        generated=generated,
        start=wanted.start,
    )


def complete_plan(plan: Plan, ports: Mapping[str, int]) -> Plan:
    """With all of its ports, and its volume where it goes."""
    bindings = tuple(write_binding(field, port) for field, port in ports.items())
    mount = Mount("volume", plan.volume, plan.data_path)
    spec = msgspec.structs.replace(
        plan.spec, ports=tuple(sorted(bindings, key=lambda port: port.container)), mounts=(mount,)
    )
    return msgspec.structs.replace(plan, spec=spec, ports=dict(ports))


def complete_reference(image: str) -> str:
    """With a tag: the engine would pull all of them otherwise."""
    has_version = "@" in image or read_repository(image) != image
    return image if has_version else f"{image}:latest"


def make_secret() -> str:
    return "".join(secrets.choice(SECRET_ALPHABET) for _ in range(SECRET_CHARACTERS))


def _is_to_be_made(wanted: Creation, field: str) -> bool:
    given = getattr(wanted, field)
    # An empty admin password shuts everybody out of the game's administration, us included.
    return given is None or (field == "admin_password" and given == "")


def _read_answers(wanted: Creation, generated: Mapping[str, str]) -> dict[str, str]:
    """What the form's fields say, by field; only what has been said."""
    given = {
        "server_name": wanted.server_name,
        "server_password": wanted.server_password,
        "admin_password": wanted.admin_password,
        "max_players": None if wanted.max_players is None else str(wanted.max_players),
    }
    return {field: value for field, value in {**given, **generated}.items() if value is not None}


def _choose_command(wanted: Creation, known: KnownImage | None) -> tuple[str, ...] | None:
    if wanted.command is not None:
        return tuple(wanted.command)
    return known.command if known else None


def _write_settings(answers: Mapping[str, str], wanted: Creation) -> dict[str, str]:
    """The options as they stand in the game's own file."""
    quoted = {
        "server_name": "ServerName",
        "server_password": "ServerPassword",
        "admin_password": "AdminPassword",
    }
    options = {option: f'"{answers[field]}"' for field, option in quoted.items() if field in answers}
    if "max_players" in answers:
        options["ServerPlayerMaxNum"] = answers["max_players"]
    options |= {"RESTAPIEnabled": "True", "RESTAPIPort": INSIDE[REST].partition("/")[0]}
    if wanted.rcon_port is not None:
        options |= {"RCONEnabled": "True", "RCONPort": INSIDE[RCON].partition("/")[0]}
    return options
