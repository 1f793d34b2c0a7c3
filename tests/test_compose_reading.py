"""Facts about reading compose files: as compose itself reads them, which is asked as well."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from palserver.services.compose.projects import read_project
from palserver.services.compose.specs import spec_from_service
from palserver.services.compose.variables import ComposeFault, fill_in, read_variables
from palserver.services.containers.attachments import Mount, Network, PortBinding
from palserver.services.containers.specs import Spec
from tests.old_tree import OldTree


def read(folder: Path, text: str, name: str = "alpha") -> Spec:
    path = folder / f"docker-compose-{name}.yml"
    path.write_bytes(text.encode())
    project = read_project(path)
    return spec_from_service(project, *project.find_service(name))


def read_service(folder: Path, text: str) -> Spec:
    """With `text` as the lines of its one service, beside an image."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return read(
        folder, f"services:\n  alpha:\n    image: game:1\n{lines}networks: {{net: {{external: true}}}}\n"
    )


def fault(folder: Path, text: str) -> str:
    with pytest.raises(ComposeFault) as refusal:
        read_service(folder, text)
    return str(refusal.value)


def test_the_old_panels_own_file(tmp_path):
    """With its Windows line ends; the container is known to compose afterwards."""
    tree = OldTree(tmp_path / "ent")
    ports = ("8211:8211/udp", "27015:27015/udp", "28015:8212/tcp")
    path = tree.add_instance("alpha", "palworld_server_steam:v1.0.0", ports=ports)
    assert b"\r\n" in path.read_bytes()
    project = read_project(path)
    spec = spec_from_service(project, *project.find_service("alpha"))
    assert spec.image == "palworld_server_steam:v1.0.0"
    assert spec.restart_policy == {"Name": "always", "MaximumRetryCount": 0}
    assert spec.environment == {"PORT": "8211", "QUERY": "27015", "RESTAPI": "8212"}
    assert spec.networks == (Network("pal-private_net", ("alpha",)),)
    assert spec.ports == (
        PortBinding("8211/udp", "", "8211"),
        PortBinding("27015/udp", "", "27015"),
        PortBinding("8212/tcp", "", "28015"),
    )
    assert spec.mounts == (Mount("bind", f"{tree.server}/instances/alpha", "/home/steam/palworld/Pal/Saved"),)
    labels = spec.labels
    assert (labels["com.docker.compose.project"], labels["com.docker.compose.service"]) == ("server", "alpha")


FILES = {
    "plain": "environment: {A: 1, B: 'yes', D: 1.5}\nports: ['1:2/udp', '127.0.0.1:8212:8212']\n",
    "interpolated": (
        "environment:\n"
        "  - A=${KNOWN}-$KNOWN-${EMPTY:-fall}-${EMPTY-stays}-${MISSING-back}-x\n"
        "  - KNOWN\n"
        "  - MISSING\n"
    ),
    "files": "env_file: [one.env, two.env]\nenvironment:\n  - FROM_BOTH=here\n",
    "mounts": "volumes:\n  - ./saved/:/pal/saved\n  - /abs:/there:ro\n  - world:/world\n",
    "networks": "networks:\n  net:\n    aliases: [game]\n    ipv4_address: 172.30.0.9\n",
    "words": "command: -port=8211 \"a b\" c\nentrypoint: ['/start', '-x']\nuser: 1000:1000\n",
    "limits": "mem_limit: 8g\nstop_grace_period: 1m30s\nrestart: unless-stopped\ntty: true\ninit: true\n",
    "merged": "environment: &base {A: one}\nlabels:\n  <<: *base\n  B: two\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_as_compose_itself_reads_it(tmp_path, kind):
    """Environment, ports, mounts, networks and the rest are what `docker-compose config` says."""
    (tmp_path / ".env").write_bytes(b"KNOWN=known # not this\r\nEMPTY=\r\nQUOTED='a # b'\r\n")
    (tmp_path / "one.env").write_text("FROM_ONE=1\nFROM_BOTH=one\n")
    (tmp_path / "two.env").write_text("# comment\n\nFROM_BOTH=two\nFROM_TWO=a=b\n")
    lines = "".join(f"    {line}\n" for line in FILES[kind].splitlines())
    text = f"version: '2.4'\nservices:\n  alpha:\n    image: game:1\n{lines}"
    text += "volumes: {world: {}}\nnetworks: {net: {external: true}}\n"
    spec = read(tmp_path, text)
    said = subprocess.run(
        ["docker-compose", "-f", "docker-compose-alpha.yml", "config"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    config = yaml.safe_load(said)["services"]["alpha"]
    wanted = {name: value for name, value in (config.get("environment") or {}).items() if value is not None}
    assert spec.environment == {name: str(value) for name, value in wanted.items()}
    ports = [f"{port.host_ip}:{port.host_port}:{port.container}".lstrip(":") for port in spec.ports]
    assert ports == [_write_port(port) for port in config.get("ports", ())]
    prefix = f"{read_project(tmp_path / 'docker-compose-alpha.yml').name}_"
    mounts = {
        f"{mount.source.removeprefix(prefix)}:{mount.target}:{mount.mode or 'rw'}" for mount in spec.mounts
    }
    assert mounts == set(config.get("volumes", ()))
    assert list(spec.command or ()) == _split(config.get("command"))
    assert list(spec.entrypoint or ()) == _split(config.get("entrypoint"))
    assert spec.user == config.get("user")
    assert spec.host.get("Init") == config.get("init")
    assert spec.memory_limit_bytes == (8 * 1024**3 if "mem_limit" in config else None)
    assert spec.stop_timeout_seconds == (90 if "stop_grace_period" in config else None)
    assert {"A": "one", "B": "two"}.items() <= spec.labels.items() or kind != "merged"
    if kind == "networks":
        assert spec.networks == (Network("net", ("alpha", "game"), {"IPv4Address": "172.30.0.9"}),)


def _write_port(port: object) -> str:
    if isinstance(port, dict):
        port = f"{port['published']}:{port['target']}/{port['protocol']}"
    return str(port) if "/" in str(port) else f"{port}/tcp"


def _split(words: object) -> list[str]:
    return shlex.split(words) if isinstance(words, str) else list(words or ())  # type: ignore[call-overload]


def test_numbers_stay_as_they_are_written(tmp_path):
    """22:22 is no number to the base of sixty, 1.000000 keeps its zeros, `no` is a word."""
    spec = read_service(tmp_path, "environment: {RATE: 1.000000, WORD: no}\nports:\n  - 22:22\nrestart: no\n")
    assert spec.environment == {"RATE": "1.000000", "WORD": "no"}
    assert spec.ports == (PortBinding("22/tcp", "", "22"),)
    assert spec.restart_policy["Name"] == "no"


def test_ports_in_all_their_forms(tmp_path):
    """One alone, ranges, IPv6, the long form."""
    text = "ports:\n  - 8212\n  - 100-101:200-201/udp\n  - '[::1]:80:80'\n  - 90-99:90\n"
    text += "  - {target: 8211, published: 9000, protocol: udp, host_ip: 127.0.0.1}\n"
    assert read_service(tmp_path, text).ports == (
        PortBinding("8212/tcp", "", ""),
        PortBinding("200/udp", "", "100"),
        PortBinding("201/udp", "", "101"),
        PortBinding("80/tcp", "::1", "80"),
        PortBinding("90/tcp", "", "90-99"),
        PortBinding("8211/udp", "127.0.0.1", "9000"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gpus: all", "“gpus”, which is not known"),
        ("networks: [other]", "network other is not among"),
        ("environment: {A: '${MISSING:?say why}'}", "MISSING is not set. say why"),
        ("environment: {A: '$ 5'}", "Write $$"),
        ("environment: {A: '${A'}", "Write $$"),
        ("ports: ['99999:1']", "is not a port"),
        ("ports: [x]", "is not like 8211:8211/udp"),
        ("volumes: ['~/saved:/x']", "somebody's home"),
        ("volumes: [{type: image, source: a, target: /b}]", "of the type “image”"),
        ("mem_limit: much", "is not a size"),
        ("stop_grace_period: long", "is not a time"),
        ("restart: sometimes", "is not a way to restart"),
        ("env_file: missing.env", "missing.env cannot be read"),
        ("command: 'a \"b'", "a quote that is not closed"),
        ("tty: perhaps", "neither true nor false"),
        ("network_mode: service:other", "another service"),
    ],
)
def test_what_is_not_known_is_named(tmp_path, text, words):
    """Nothing is passed over in silence: a container that is only almost right is not made."""
    assert words in fault(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not valid YAML (line"),
        ("", "no services"),
        ("services: {}", "no services"),
        ("services: {a: {image: x}, b: {image: y}}", "does not have one service"),
        ("services: {alpha: {image: 'game:${MISSING}'}}", "“game:” is not an image"),
        ("services: {alpha: &a {image: x, labels: *a}}", "not valid YAML"),
        ("services: [1, 2]", "“services” is not a map"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
        ("[" * 3000, "not valid YAML"),
    ],
)
def test_files_that_are_none(tmp_path, text, words):
    """One sentence says what is wrong."""
    with pytest.raises(ComposeFault) as refusal:
        read(tmp_path, text)
    assert words in str(refusal.value)


def test_the_service_of_several(tmp_path):
    """It is the one that bears the instance's name."""
    text = "services: {game: {image: a, container_name: alpha}, other: {image: b}}"
    assert read(tmp_path, text).image == "a"


def test_variables_of_files(tmp_path):
    """Quotes, comments, `export`, Windows line ends, a byte order mark."""
    path = tmp_path / ".env"
    path.write_bytes(
        "\ufeffA=1\r\nexport B = two words # comment\n"
        "C='$A # as it is'\nD=\"x\\n${A}\"\nE=a#b\nF\nG=$A$B\n".encode()
    )
    assert read_variables(path, {"F": "known"}) == {
        "A": "1",
        "B": "two words",
        "C": "$A # as it is",
        "D": "x\n1",
        "E": "a#b",
        "F": "known",
        "G": "1two words",
    }
    with pytest.raises(ComposeFault, match=r"Line 1 of \.env"):
        path.write_text("- no\n")
        read_variables(path, {})


def test_filling_in():
    """One variable in the other's default, dollars, and what is not set."""
    known = {"A": "a", "N": ""}
    assert fill_in("${X:-${Y:-${A}}}/$A$$A/${N-n}/${N:-n}/${A+b}/${X+b}/${A:?no}", known) == "a/a$A//n/b//a"
    assert json.dumps(fill_in("no variable", known)) == '"no variable"'
