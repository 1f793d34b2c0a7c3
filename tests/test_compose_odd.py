"""Facts about compose files that nobody would write on purpose: each is read, or refused in a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palserver.services.compose.hosts import HOST
from palserver.services.compose.networks import find_own
from palserver.services.compose.projects import read_project
from palserver.services.compose.servers import read_server, read_servers
from palserver.services.compose.specs import HAVE_FIELDS, PASSED_OVER
from palserver.services.compose.variables import NOT_UNDERSTOOD, ComposeFault
from palserver.services.containers.specs import Spec, creation_from_spec
from tests.panel import PROJECT, Panel

IMAGE = "image: 'palworld_server_steam:1'"
DEEP = f"A={'${A:-' * 2000}{'}' * 2000}\n"
ODD = (
    *("inf", "-infinity", "nan", "1e400", "-1", "0", "", "²", "٣", "9" * 400, "9" * 5000, f"{'9' * 400}g"),
    *("8211", "8-1", "1-2", "70000", "/a:/b", "~", "~/a:/b", "a:b:c:d", "\0", "$", "${A", "${A:?no}", "::1"),
    *("on-failure:²", "service:a", "bridge", "A=b", "=", "1h", f"{'9' * 400}h", "udp", "no", "\U0001f600"),
)
# As they stand in YAML: other kinds than text, and halves of characters.
TAGGED = (
    *("!!float .inf", "!!float .nan", "!!int 7", "!!int x", "!!timestamp 2001-01-01", "!!timestamp soon"),
    *("!!binary aGk=", "!!set {a, b}", "!!bool x", "!!omap [a: b]", "!!python/none x", "null", "true"),
    *('"\\ud800"', '"\\ud83d\\ude00"', '"\\UFFFFFFFF"', '"\\U00110000"', "*nothing", "&here [1]"),
)
INNER = (
    *("target", "published", "protocol", "host_ip", "type", "source", "read_only", "bind", "soft", "hard"),
    *("driver", "options", "limits", "resources", "memory", "cpus", "aliases", "ipv4_address", "priority"),
    *("test", "interval", "retries", "disable", "path", "required", "name", "external", "ipam", "config"),
    *("net", "default", "memlock", "palserver.saved-path", "subnet", "labels"),
)


def write_map(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"


scalars = st.one_of(
    st.sampled_from(ODD).map(json.dumps), st.sampled_from(TAGGED), st.text(max_size=8).map(json.dumps)
)
keys = st.one_of(st.sampled_from(INNER), scalars)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
        st.dictionaries(keys, inner, max_size=3).map(write_map),
    ),
    max_leaves=6,
)
PORT = st.fixed_dictionaries({"target": st.just("8211")}, optional={key: values for key in INNER[1:4]})
MOUNT = st.fixed_dictionaries(
    {"type": st.just("bind"), "target": st.just("/a")}, optional={"source": values, "read_only": values}
)
KEYS = sorted({*HAVE_FIELDS, *HOST, *PASSED_OVER} - {"image"})
SERVICE = {
    **dict.fromkeys(KEYS, values),
    "ports": values | PORT.map(lambda port: f"[{write_map(port)}]"),
    "volumes": values | MOUNT.map(lambda mount: f"[{write_map(mount)}]"),
    "networks": values | values.map(lambda options: f"{{net: {options}}}"),
    "ulimits": values | values.map(lambda limit: f"{{memlock: {limit}}}"),
    "deploy": values | values.map(lambda cpus: f"{{resources: {{limits: {{cpus: {cpus}}}}}}}"),
    "healthcheck": values | values.map(lambda time: f"{{interval: {time}}}"),
}
# One or two keys at once: what is refused of one hides what another does.
services = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True).flatmap(
    lambda keys: st.fixed_dictionaries({key: SERVICE[key] for key in keys})
)
networks = st.just("{external: true}") | values


@settings(max_examples=500, deadline=None)
@given(service=services, network=networks)
def test_whatever_is_in_it(tmp_path_factory, service, network):
    """It is a fault in our words, or what is kept of it is the same when it is read again."""
    path = tmp_path_factory.getbasetemp() / "docker-compose-alpha.yml"
    text = f"services: {{alpha: {write_map({'image': 'palworld_server_steam:1', **service})}}}\n"
    path.write_text(f"{text}networks: {{net: {network}}}\n", encoding="utf-8")
    check(path)


def check(path: Path) -> None:
    try:
        project = read_project(path)
        server = read_server(project, "alpha")
        assert server.fault is None or NOT_UNDERSTOOD not in server.fault
        spec = server.spec
        assert msgspec.json.decode(msgspec.json.encode(spec), type=Spec) == spec
        if server.fault is None:
            json.dumps(creation_from_spec(spec), allow_nan=False).encode()
            for network in spec.networks:
                find_own(project, network.name)
        f"{server.container}{server.saved_path}{server.fault}".encode()
    except ComposeFault as fault:
        assert NOT_UNDERSTOOD not in str(fault)
        str(fault).encode()


@pytest.mark.parametrize(
    "line, words",
    [
        ("ulimits: {memlock: infinity}", "“memlock” is not a number"),
        ("pids_limit: inf", "“pids_limit” is not a number"),
        ("cpus: nan", "“cpus” is not a number"),
        ("cpus: 1e300", "“cpus” is too large"),
        (f"mem_limit: {'9' * 400}g", "“memory” is too large"),
        ("ports: [{target: 8211, host_ip: [x]}]", "“host_ip” is not a text"),
        ("ports: [{target: 8211, host_ip: here}]", "“here” is not an address"),
        ("ports: [{target: 8211, protocol: [udp]}]", "“protocol” is not a text"),
        ("ports: [{target: 8211, protocol: icmp}]", "“icmp” is not a protocol"),
        ("ports: '8211'", "“ports” is not a list"),
        ("restart: on-failure:²", "is not a way to restart"),
        ("domainname: [a]", "“domainname” is not a text"),
        ("env_file: deep.env", NOT_UNDERSTOOD),
    ],
    ids=range(13),
)
def test_what_is_odd_is_named(tmp_path, line, words):
    """Its server is there all the same, with what is wrong."""
    write_files(tmp_path, {"alpha": f"services: {{alpha: {{{IMAGE}, {line}}}}}"})
    servers, sentences = read_servers(tmp_path)
    assert sentences == []
    assert words in str(servers[0].fault)
    assert servers[0].spec == Spec(image="palworld_server_steam:1")


def write_files(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deep.env").write_text(DEEP)
    for name, text in files.items():
        (folder / f"docker-compose-{name}.yml").write_text(text)


def test_others_are_not_kept_from_starting(make_panel: Callable[..., Panel], tmp_path):
    """The panel starts and has every server that can be told; `--check` and the log name the rest."""
    folder = tmp_path / "server"
    odd = {
        "aa": f"services: {{aa: {{{IMAGE}, pids_limit: inf}}}}",
        "bb": f"services: {{bb: {{{IMAGE}, labels: [a: b]}}}}",
        "cc": f'services: {{cc: {{{IMAGE}, container_name: "\\ud800"}}}}',
        "dd": f"services: {{dd: {{{IMAGE}, ports: [{{target: 8211, host_ip: [x]}}]}}}}",
        "ee": "services: !!timestamp soon",
        "zz": f"services: {{zz: {{{IMAGE}}}}}",
    }
    write_files(folder, odd)
    (folder / "docker-compose-ll.yml").symlink_to("docker-compose-ll.yml")
    Path(os.fsdecode(bytes(folder) + b"/docker-compose-\xff\xff.yml")).write_text(odd["zz"])
    panel = make_panel()
    said = subprocess.run(
        [sys.executable, "app.py", "--check"],
        cwd=PROJECT,
        env={**panel.environment, "PYTHONIOENCODING": "utf-8:strict"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    panel.start()
    panel.token = panel.sign_in()
    names = [each["name"] for each in panel.get("/api/instances")["instances"]]
    assert names == ["aa", "dd", "zz"]
    wrong = {
        "aa": "aa could be run, but not made anew from its compose file: “pids_limit” is not a number",
        "bb": "docker-compose-bb.yml: “labels” is not a text",
        "cc": "docker-compose-cc.yml: It is not valid YAML",
        "dd": "dd could be run, but not made anew from its compose file: “host_ip” is not a text",
        "ee": "docker-compose-ee.yml: It is not valid YAML",
        "ll": "docker-compose-ll.yml: docker-compose-ll.yml cannot be read",
    }
    for sentence in wrong.values():
        assert sentence in said
        assert sentence.replace("could be run", "can be run") in panel.read_log()
    taken = panel.call("POST", "/api/instances", {"name": "new-one", "rest_port": panel.port})
    assert taken.json()["key"] == "port_in_use"  # all rows have been read for that
