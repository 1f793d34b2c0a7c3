"""An image registry that hands out images, or fails to: just enough for the engine to pull from it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import struct
import tarfile
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


BREAKS_OFF, IS_GONE, HANGS = "breaks off", "is gone", "hangs"


def make_layer(name: str, size_bytes: int = 0) -> bytes:
    """A tar with one file of this size that cannot be compressed: the same again for the same name."""
    return _write_layer(name, random.Random(name).randbytes(size_bytes))


def _write_layer(name: str, content: bytes) -> bytes:
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        header = tarfile.TarInfo(name)
        header.size, header.mode = len(content), 0o755
        archive.addfile(header, io.BytesIO(content))
    return layer.getvalue()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _pack(layer: bytes) -> bytes:
    return gzip.compress(layer, mtime=0)


def make_game() -> bytes:
    """A layer with a program for Linux on x86-64 that waits until it is killed, and needs nothing else."""
    code = bytes.fromhex("b822000000 0f05 ebf7")  # mov eax, 34 (pause); syscall; jmp to the beginning
    start, size_bytes = 0x400000, 64 + 56 + len(code)
    elf = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\2\1\1",
        *(2, 62, 1, start + 64 + 56, 64, 0, 0, 64, 56, 1, 0, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, start, start, size_bytes, size_bytes, 0x1000)
    return _write_layer("game", elf + segment + code)


class Registry:
    """Listens on loopback, where engines need no TLS. `repository` is the name to pull by."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[str, bytes]] = {"/v2/": ("application/json", b"{}")}
        self._faults: dict[str, list[str]] = {}
        self.is_hanging, self._is_closing = threading.Event(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.repository = f"127.0.0.1:{self._server.server_port}/palworld"

    def add(self, tag: str, labels: dict[str, str], layers: Sequence[bytes] = (make_game(),)) -> str:
        """Offer an image; returns the name to pull it by."""
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/game"], "Labels": {**labels, "tag": tag}},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": self._add_blob(
                "application/vnd.docker.container.image.v1+json", json.dumps(config).encode()
            ),
            "layers": [
                self._add_blob("application/vnd.docker.image.rootfs.diff.tar.gzip", _pack(layer))
                for layer in layers
            ],
        }
        content = json.dumps(manifest).encode()
        for reference in (tag, _digest(content)):
            self._answers[f"/v2/palworld/manifests/{reference}"] = (MANIFEST_TYPE, content)
        return f"{self.repository}:{tag}"

    def fail(self, layer: bytes, *faults: str) -> None:
        """What comes of the next downloads of a layer: it breaks off, once; is gone or hangs from then on."""
        self._faults[_blob_path(_pack(layer))] = list(faults)

    def _take_fault(self, path: str) -> str | None:
        faults = self._faults.get(path, [])
        if faults[:1] == [BREAKS_OFF]:
            self._faults[path] = faults[1:]
        return faults[0] if faults else None

    def _add_blob(self, media_type: str, content: bytes) -> dict[str, Any]:
        self._answers[_blob_path(content)] = ("application/octet-stream", content)
        return {"mediaType": media_type, "size": len(content), "digest": _digest(content)}

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content_type, content = registry._answers.get(self.path, ("", b""))
                fault = registry._take_fault(self.path) if self.command == "GET" else None
                if fault == IS_GONE:
                    content = b""
                # What has broken off is asked for from there on.
                wanted = self.headers.get("Range") if content else None
                first = int((wanted or "bytes=0-")[len("bytes=") :].partition("-")[0])
                self.send_response(206 if first else 200 if content else 404)
                if first:
                    self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(content) - first))
                self.send_header("Docker-Content-Digest", _digest(content))
                self.end_headers()
                if self.command == "GET":
                    is_half = fault in (BREAKS_OFF, HANGS)
                    self.wfile.write(content[first : len(content) // 2 if is_half else None])
                if fault == HANGS:
                    registry.is_hanging.set()
                    registry._is_closing.wait()

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *arguments: object) -> None:
                """The test says what it looks for."""

        return Handler

    def close(self) -> None:
        self._is_closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _blob_path(content: bytes) -> str:
    return f"/v2/palworld/blobs/{_digest(content)}"
