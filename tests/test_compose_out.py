"""Leaving: the compose file that a panel hands out, taken at its word by docker-compose itself."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import msgspec
import pytest
import requests
import yaml

from palserver.services.compose.out import render_compose
from palserver.services.compose.projects import read_project
from palserver.services.compose.secrets import Secrets
from palserver.services.compose.specs import spec_from_service
from palserver.services.containers.attachments import Mount, Network, PortBinding
from palserver.services.containers.specs import Spec, spec_from_inspection
from tests.game import ADMIN_PASSWORD
from tests.imitations import IMITATIONS, MADE_FROM, Images, ask_game, made_servers
from tests.panel import PROJECT, Panel
from tests.restored import SPAN, live_on

COMPOSE = "docker-compose"
WORST = "$HOME ${NOT} 'one' \"two\" # : - \\ \u2028 {친구} 🦊 \n\ttab"


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[Images]:
    images = Images(engine)
    yield images
    images.remove()


def compose(folder: Path, *words: str) -> str:
    """Run it in the folder, knowing of no variable but those of the `.env` there."""
    known = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
    environment = {name: os.environ[name] for name in known if name in os.environ}
    ended = subprocess.run(
        [COMPOSE, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def read_spec(client: docker.DockerClient, name: str) -> Spec:
    container = client.api.inspect_container(name)
    return spec_from_inspection(container, client.api.inspect_image(container["Image"]))


def without_labels(spec: Spec) -> Any:
    """What docker-compose and we write on a container for ourselves is not what it is made from."""
    return msgspec.to_builtins(msgspec.structs.replace(spec, labels={}))


@pytest.mark.parametrize("kind", MADE_FROM)
def test_the_same_server_runs_without_us(panel: Panel, engine, images, kind, tmp_path):
    """As the file's own head says: the old container is put away, and compose makes the same one again."""
    with made_servers(engine) as made:
        name, secret = made.name(), "a $ecret#1"
        body = {"name": name, "image": images.get(kind), "admin_password": secret, "server_password": "open"}
        limits = {"memory_limit_bytes": 2**30, "environment": {"NOTE": WORST}, **IMITATIONS[kind].body}
        job = panel.run_job("/api/instances", body | limits)
        assert job["state"] == "succeeded", job["error"]
        rest_port = job["result"]["ports"]["rest_port"]
        guid = ask_game(rest_port, secret).json()["worldguid"]
        answer = panel.call("GET", f"/api/instances/{name}/compose")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/yaml")
        assert secret not in answer.text
        (tmp_path / "docker-compose.yml").write_text(answer.text, encoding="utf-8")
        variables = {"ADMIN_PASSWORD": secret, "SERVER_PASSWORD": "open"}
        wanted = [each for each in variables if f"#   {each}=" in answer.text]
        lines = [f"{each}='{variables[each]}'\n" for each in wanted]
        (tmp_path / ".env").write_text("".join(lines), encoding="utf-8")
        compose(tmp_path, "config")
        before = read_spec(engine, name)
        old = engine.containers.get(name)
        old.stop(timeout=20)
        old.rename(f"{name}-before")
        compose(tmp_path, "up", "--detach")
        assert without_labels(read_spec(engine, name)) == without_labels(before)
        assert ask_game(rest_port, secret).json()["worldguid"] == guid
        compose(tmp_path, "down", "--volumes")
        assert made.list_volumes() == [f"palserver-{name}"]
        panel.call("DELETE", f"/api/instances/{name}?container=keep&wait=60")


def test_a_secret_that_is_missing_stops_compose(tmp_path):
    """A server without its admin password would be open to nobody, and one without the other to everybody."""
    spec = Spec(image="a/b:1", environment={"ADMIN_PASSWORD": "x"}, networks=(Network("bridge"),))
    (tmp_path / "docker-compose.yml").write_text(render_compose("alpha", "alpha", spec), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"ADMIN_PASSWORD.*is missing in \.env"):
        compose(tmp_path, "config")


def test_what_is_secret_in_other_places_stands_in_it_as_variables_too(tmp_path):
    """In arguments of any form, a label, a check; with the values in `.env` all is as it was."""
    script = (
        "exec ./run -rcon-token 'two words' --port=1 -adminpassword=\"hunter22\" $HOME # no password here"
    )
    words = (
        "-adminpassword=hunter22",
        "-serverpassword=let me $in",
        "-secret",
        "hush-hush",
        "-password",
        "-x",
    )
    spec = Spec(
        image="a/b:1",
        entrypoint=("sh", "-c", script),
        command=words,
        environment={
            "ADMIN_PASSWORD": "hunter22",
            "ARGUMENTS": "-token -webhook=-https://h/k -b",
            "NOTE": "a token",
        },
        labels={"my.token": "t0k3n", "about": "sign in with hunter22", "plain": "as it is"},
        healthcheck={"Test": ["CMD", "curl", "-u", "admin:hunter22", "http://localhost"]},
        networks=(Network("bridge"),),
    )
    text = render_compose("alpha", "alpha", spec)
    secrets = {
        "ADMIN_PASSWORD": "hunter22",
        "RCON_TOKEN": "two words",
        "SERVERPASSWORD": "let me $in",
        "SECRET": "hush-hush",
        "WEBHOOK": "-https://h/k",
        "MY_TOKEN": "t0k3n",
    }
    assert re.findall(r"^#   (\w+)=\.\.\.$", text, re.MULTILINE) == list(secrets)
    assert [value for value in secrets.values() if value in text] == []
    (tmp_path / "docker-compose-alpha.yml").write_text(text, encoding="utf-8")
    lines = [f"{variable}='{value}'\n" for variable, value in secrets.items()]
    (tmp_path / ".env").write_text("".join(lines), encoding="utf-8")
    said = yaml.safe_load(compose(tmp_path, "-f", "docker-compose-alpha.yml", "config"))["services"]["alpha"]
    assert said["command"] == [word.replace("$", "$$") for word in words]
    project = read_project(tmp_path / "docker-compose-alpha.yml")
    again = spec_from_service(project, *project.find_service("alpha"))
    assert (again.entrypoint, again.command) == (spec.entrypoint, spec.command)
    assert (again.environment, again.healthcheck) == (spec.environment, spec.healthcheck)
    assert spec.labels.items() <= again.labels.items()


def test_hiding_takes_no_time():
    """Whatever a variable's value looks like."""
    for text in ("password" * 20_000, "a" * 200_000, "password " * 20_000, "-token" + " " * 200_000):
        assert Secrets({}).hide(text) == text


def test_a_rich_container_is_written_in_words_that_compose_knows(tmp_path):
    """Everything that a spec may hold, in one file that docker-compose reads as it was meant."""
    spec = Spec(
        image="a/b@sha256:" + "0" * 64,
        entrypoint=("/bin/sh", "-c"),
        command=("echo $HOME; exec game",),
        user="1000:1000",
        working_dir="/srv",
        stop_signal="SIGINT",
        stop_timeout_seconds=120,
        hostname="pal",
        environment={"NOTE": WORST, "EMPTY": "", "GONE": None, "WEBHOOK_URL": "https://secret"},
        labels={"a.b": "c", "palserver.job": "1", "com.docker.compose.project": "x"},
        healthcheck={"Test": ["CMD", "true"], "Interval": 10_000_000_000, "Retries": 3},
        exposed_ports=("1/tcp",),
        ports=(PortBinding("8211/udp", "", "8211"), PortBinding("8212/tcp", "127.0.0.1", "8212")),
        mounts=(
            Mount("volume", "some.volume", "/data"),
            Mount("bind", "/srv/x", "/x", "ro"),
            Mount("tmpfs", "", "/t", options={"TmpfsOptions": {"SizeBytes": 1048576}}),
        ),
        networks=(Network("net-a", ("alias",), {"IPv4Address": "10.0.0.9"}), Network("net-b")),
        memory_limit_bytes=2**30,
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 3},
        host={
            "Init": True,
            "CapAdd": ["NET_ADMIN"],
            "NanoCpus": 1_500_000_000,
            "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}],
            "ShmSize": 67108864,
            "BlkioWeight": 7,
        },
    )
    text = render_compose("alpha", "alpha", spec)
    assert "no words for: BlkioWeight" in text
    (tmp_path / "docker-compose.yml").write_text(text, encoding="utf-8")
    (tmp_path / ".env").write_text("WEBHOOK_URL=x\n", encoding="utf-8")
    read = compose(tmp_path, "config")
    for line in (
        "image: a/b@sha256:" + "0" * 64,
        "stop_grace_period: 120s",
        "restart: on-failure:3",
        "cpus: 1.5",
        "name: some.volume",
        "ipv4_address: 10.0.0.9",
        "- echo $$HOME; exec game",
        "WEBHOOK_URL: x",
    ):
        assert line in read, read
    assert "palserver.job" not in text
    assert "shm_size" not in text
    assert "GONE" not in text


def test_a_viewer_gets_no_compose_file(panel: Panel):
    """It names folders of the host, and may name more than its variables say."""
    token = panel.add_user("vera", "operator")
    assert panel.call("GET", "/api/instances/anything/compose", token=token).status_code == 403


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_a_backup_is_restored_by_hand_as_the_readme_says(panel: Panel, make_game, readme):
    """Its commands, word by word: a world that has gone on since is back on the day of the backup."""
    game = make_game(environment=SPAN).start()
    panel.adopt(game.name)
    live_on(game, 5)
    made = panel.run_job(f"/api/instances/{game.name}/backup")["result"]["backup"]
    live_on(game, 9)
    text = (PROJECT / readme).read_text(encoding="utf-8")
    block = next(each for each in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "--volumes-from" in each)
    values = f"name={game.name} backup={made} pal=/pal/Package/Pal"
    script = re.sub(r"^name=\S+ backup=\S+ pal=\S+", values, block)
    assert script != block
    environment = {**os.environ, "PALSERVER_BACKUP_DIR": str(panel.folder / "server" / "backup")}
    ended = subprocess.run(
        ["/bin/bash", "-e", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 3  # it is whole, and what docker says of stop and start
    game.wait_until_ready()
    answer = requests.get(f"{game.rest_url}/metrics", auth=("admin", ADMIN_PASSWORD), timeout=20)
    assert answer.json()["days"] == 5
    panel.call("DELETE", f"/api/instances/{game.name}?container=keep&wait=60")
