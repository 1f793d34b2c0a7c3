"""The Docker Engine. Its errors and those of the libraries in between end here, as ours."""

from __future__ import annotations

import io
import json
import logging
import ssl
import tarfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlencode

import docker.errors
import requests
import urllib3
from docker.api.client import APIClient
from docker.utils import kwargs_from_env

from palserver import errors
from palserver.clients.containers import Container, Stamp, read_container, read_stamp
from palserver.clients.engine_refusals import NotNow, translate
from palserver.clients.engine_stream import open_stream, parse_address

log = logging.getLogger(__name__)

CALL_SECONDS = 10
PING_SECONDS = 3
AGAIN_SECONDS = 0.3
MAX_FILE_BYTES = 1024 * 1024
ARCHIVE_PIECE_BYTES = 256 * 1024


class Engine:
    """One engine, named by the environment as the Docker SDK reads it. Made without it being there."""

    def __init__(self, environment: Mapping[str, str], call_seconds: int = CALL_SECONDS) -> None:
        self._arguments = kwargs_from_env(environment=dict(environment))
        self._call_seconds = call_seconds
        self._client: APIClient | None = None
        self.address = parse_address(environment.get("DOCKER_HOST", ""), _tls_context(environment))

    @contextmanager
    def _calling(self) -> Iterator[APIClient]:
        """The SDK's client, made at the first call that finds the engine; every call goes through here."""
        try:
            if self._client is None:
                self._client = APIClient(version="auto", timeout=self._call_seconds, **self._arguments)
            yield self._client
        except docker.errors.ImageNotFound as error:
            raise errors.ImageMissing() from error
        except docker.errors.NotFound as error:
            raise errors.ContainerMissing() from error
        except docker.errors.APIError as error:
            log.warning("The engine refused: %s", error.explanation)
            raise translate(str(error.explanation)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise errors.EngineUnreachable() from error
        except docker.errors.DockerException as error:
            raise errors.EngineUnreachable() from error  # raised only while the client is being made

    def _insist(self, call: Callable[[APIClient], object]) -> None:
        """Again and again while the engine is in the middle of something with that container."""
        deadline = time.monotonic() + self._call_seconds
        while True:
            try:
                with self._calling() as client:
                    call(client)
                return
            except NotNow:
                if time.monotonic() > deadline:
                    raise
            time.sleep(AGAIN_SECONDS)

    def ping(self) -> None:
        """Raises EngineUnreachable within seconds, also when the engine accepts and then hangs."""
        with self._calling() as client:
            client.get(f"{client.base_url}/_ping", timeout=PING_SECONDS).raise_for_status()

    def get_version(self) -> str:
        with self._calling() as client:
            return str(client.version()["Version"])

    def list_containers(self) -> list[dict[str, Any]]:
        """All containers as the engine lists them, in one call (the SDK's own list inspects each)."""
        with self._calling() as client:
            return client.containers(all=True)  # type: ignore[no-any-return]

    def inspect(self, container: str) -> dict[str, Any]:
        with self._calling() as client:
            return client.inspect_container(container)  # type: ignore[no-any-return]

    def get_container(self, container: str) -> Container:
        """Raises ContainerMissing."""
        return read_container(self.inspect(container))

    def inspect_image(self, image: str) -> dict[str, Any]:
        """Raises ImageMissing."""
        with self._calling() as client:
            return client.inspect_image(image)  # type: ignore[no-any-return, no-untyped-call]

    def start(self, container: str) -> None:
        with self._calling() as client:
            client.start(container)

    def stop(self, container: str, grace_seconds: int) -> None:
        """SIGTERM, and SIGKILL after the grace; returns when the container has ended."""
        with self._calling() as client:
            client.stop(container, timeout=grace_seconds)

    def kill(self, container: str, signal: str = "SIGKILL") -> None:
        with self._calling() as client:
            client.kill(container, signal)

    def unpause(self, container: str) -> None:
        with self._calling() as client:
            client.unpause(container)

    def set_restart_policy(self, container: str, policy: Mapping[str, Any]) -> None:
        """Also while it ends by itself."""
        self._insist(
            lambda client: client.update_container(container, restart_policy=dict(policy))  # type: ignore[arg-type]
        )

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        """Make a container from a body in the API's words and return its id. Raises ImageMissing."""
        with self._calling() as client:
            made = client.create_container_from_config(dict(body), name)  # type: ignore[no-untyped-call]
            return str(made["Id"])

    def connect(self, container: str, network: str, endpoint: Mapping[str, Any]) -> None:
        """Attach the container to one more network; `endpoint` is in the API's words."""
        with self._calling() as client:
            url = f"{client.base_url}/v{client.api_version}/networks/{quote(network)}/connect"
            body = {"Container": container, "EndpointConfig": dict(endpoint)}
            answer = client.post(url, json=body, timeout=self._call_seconds)
        if answer.status_code != 200:
            log.warning("The engine refused: %s", answer.text.strip())
            raise errors.EngineRefused()

    def has_network(self, name: str) -> bool:
        """By its very name: an id, or the beginning of one, is none."""
        with self._calling() as client:
            return any(each["Name"] == name for each in client.networks(names=[name]))

    def create_network(self, body: Mapping[str, Any]) -> None:
        """From a body in the API's words."""
        with self._calling() as client:
            url = f"{client.base_url}/v{client.api_version}/networks/create"
            answer = client.post(url, json=dict(body), timeout=self._call_seconds)
        if answer.status_code != 201:
            log.warning("The engine refused: %s", answer.text.strip())
            raise errors.EngineRefused()

    def rename(self, container: str, name: str) -> None:
        with self._calling() as client:
            client.rename(container, name)

    def remove(self, container: str, *, with_nameless_volumes: bool = False) -> None:
        """Also when it runs. Its volumes stay, the nameless ones too: a world may lie on one."""
        self._insist(lambda client: client.remove_container(container, v=with_nameless_volumes, force=True))

    def create_volume(self, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
        """Returns its `inspect`; that of the one of before if there is one of this name already."""
        with self._calling() as client:
            return client.create_volume(name, labels=dict(labels))

    def find_volume(self, name: str) -> dict[str, Any] | None:
        try:
            with self._calling() as client:
                return client.inspect_volume(name)
        except errors.ContainerMissing:
            return None

    def list_volumes(self, label: str) -> list[dict[str, Any]]:
        """Those that bear a label."""
        with self._calling() as client:
            listed = client.volumes(filters={"label": label})
            return list(listed["Volumes"] or [])

    def remove_volume(self, name: str) -> None:
        """Raises EngineRefused while a container has it; one that is gone already is none."""
        with suppress(errors.ContainerMissing), self._calling() as client:
            client.remove_volume(name)

    def wait(self, container: str, limit_seconds: int) -> int:
        """Wait for its end and return its exit code. Raises EngineUnreachable when it takes too long."""
        with self._calling() as client:
            return int(client.wait(container, timeout=limit_seconds)["StatusCode"])

    def read_output(self, container: str) -> list[str]:
        """All that a container which has ended wrote; for those that write little."""
        with self._calling() as client:
            return client.logs(container).decode(errors="replace").splitlines()

    def list_labelled(self, label: str) -> list[str]:
        """The ids of all containers with the label `name=value`."""
        with self._calling() as client:
            return [listed["Id"] for listed in client.containers(all=True, filters={"label": label})]

    def pull(self, repository: str, tag: str) -> Iterator[str]:
        """Get an image from its registry, telling of each part. Raises ImageMissing while it is read."""
        for message in self.pull_messages(repository, tag):
            if not message.get("progressDetail"):
                yield ": ".join(filter(None, (message.get("id"), message.get("status"))))

    def pull_messages(self, repository: str, tag: str) -> Generator[dict[str, Any]]:
        """As `pull`, in the engine's words: each part by its `id`, how far it is in `progressDetail`."""
        try:
            with self._calling() as client:
                for message in client.pull(repository, tag, stream=True, decode=True):
                    if "error" in message:
                        log.warning("The engine could not pull: %s", message["error"])
                        raise errors.ImageMissing()
                    yield message
        except (errors.ContainerMissing, errors.EngineRefused) as error:
            raise errors.ImageMissing() from error

    def list_images(self) -> list[dict[str, Any]]:
        with self._calling() as client:
            return client.images()  # type: ignore[no-any-return]

    def load(self, pieces: Iterator[bytes]) -> Iterator[tuple[str, int]]:
        """Take in what `docker save` has written; tells of each layer how many bytes are loaded.

        Raises ImageArchiveBroken while it is read.
        """
        try:
            with self._calling() as client:
                for message in client.load_image(pieces, quiet=False):  # type: ignore[no-untyped-call]
                    if "error" in message:
                        log.warning("The engine could not load: %s", message["error"])
                        raise errors.ImageArchiveBroken()
                    if "progressDetail" in message and message.get("id"):
                        yield message["id"], int(message["progressDetail"].get("current") or 0)
        except errors.EngineRefused as error:
            raise errors.ImageArchiveBroken() from error

    def read_archive(self, container: str, path: str) -> Iterator[bytes]:
        """What is at `path`, as a tar in pieces. Raises ContainerMissing if the path is, too."""
        with self._calling() as client:
            yield from client.get_archive(container, path, chunk_size=ARCHIVE_PIECE_BYTES)[0]

    def write_archive(self, container: str, path: str, pieces: Iterator[bytes]) -> None:
        """Unpack a tar into a folder of the container, running or not, owners and modes as they stand in it.

        Raises ContainerMissing if the folder is, too, NotEnoughSpace, and whatever `pieces` raises.
        """
        with self._calling() as client:
            client.put_archive(container, path, pieces)

    def has_path(self, container: str, path: str) -> bool:
        """Whether the container, running or not, holds something at `path`."""
        return self.find_stamp(container, path) is not None

    def find_stamp(self, container: str, path: str) -> Stamp | None:
        """Size and time of what is at `path`; None if there is nothing, or no container."""
        with self._calling() as client:
            url = f"{client.base_url}/v{client.api_version}/containers/{quote(container)}/archive"
            answer = client.head(url, params={"path": path}, timeout=CALL_SECONDS)
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:  # an engine in trouble has not said that there is nothing
            log.warning("The engine refused to look at %s of %s.", path, container)
            raise errors.EngineRefused()
        return read_stamp(answer.headers)

    def read_file(self, container: str, path: str) -> bytes | None:
        """At most the first 1 MiB of a file in the container, running or not; None if there is none."""
        try:
            with self._calling() as client:
                stream, _ = client.get_archive(container, path)
                packed = io.BytesIO(_take(stream, MAX_FILE_BYTES + 10 * 1024))
        except errors.ContainerMissing:
            return None
        try:
            with tarfile.open(fileobj=packed, mode="r|") as archive:
                member = archive.next()
                content = archive.extractfile(member) if member is not None and member.isfile() else None
                return content.read(MAX_FILE_BYTES) if content is not None else None
        except tarfile.TarError:
            return None  # cut short by the limit, or not what an archive looks like

    @contextmanager
    def stream(
        self, path: str, *, is_gathered: bool = False, silence_seconds: float | None = None, **query: object
    ) -> Iterator[Iterator[bytes]]:
        """An endless answer in pieces; see `engine_stream.open_stream`, for what it raises, too."""
        text = urlencode({name: value for name, value in query.items() if value is not None})
        target = f"{quote(path)}?{text}"
        with open_stream(
            self.address, target, is_gathered=is_gathered, silence_seconds=silence_seconds
        ) as pieces:
            yield pieces

    @contextmanager
    def stream_json(self, path: str, **query: object) -> Iterator[Iterator[dict[str, Any]]]:
        """As `stream`, for answers of one JSON object a line."""
        with self.stream(path, is_gathered=False, silence_seconds=None, **query) as pieces:
            yield map(json.loads, _split_lines(pieces))

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


def _split_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line for line in lines if line.strip())


def _take(stream: Iterator[bytes], size_bytes: int) -> bytes:
    taken = b""
    for piece in stream:
        taken += piece
        if len(taken) >= size_bytes:
            break
    return taken


def _tls_context(environment: Mapping[str, str]) -> ssl.SSLContext | None:
    """As the SDK does it: certificates from DOCKER_CERT_PATH, the other side checked if DOCKER_TLS_VERIFY."""
    folder = environment.get("DOCKER_CERT_PATH")
    if not folder and not environment.get("DOCKER_TLS_VERIFY"):
        return None
    folder = folder or f"{environment.get('HOME', '')}/.docker"
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    if not environment.get("DOCKER_TLS_VERIFY"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
