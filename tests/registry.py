"""An image registry that hands out images of one small layer: just enough for the engine to pull from it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """Listens on loopback, where engines need no TLS. `repository` is the name to pull by."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[str, bytes]] = {"/v2/": ("application/json", b"{}")}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.repository = f"127.0.0.1:{self._server.server_port}/palworld"

    def add(self, tag: str, labels: dict[str, str]) -> str:
        """Offer an image; returns the name to pull it by."""
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("saved"))
        packed = gzip.compress(layer.getvalue(), mtime=0)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/game"], "Labels": {**labels, "tag": tag}},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer.getvalue())]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": self._add_blob(
                "application/vnd.docker.container.image.v1+json", json.dumps(config).encode()
            ),
            "layers": [self._add_blob("application/vnd.docker.image.rootfs.diff.tar.gzip", packed)],
        }
        content = json.dumps(manifest).encode()
        for reference in (tag, _digest(content)):
            self._answers[f"/v2/palworld/manifests/{reference}"] = (MANIFEST_TYPE, content)
        return f"{self.repository}:{tag}"

    def _add_blob(self, media_type: str, content: bytes) -> dict[str, Any]:
        self._answers[f"/v2/palworld/blobs/{_digest(content)}"] = ("application/octet-stream", content)
        return {"mediaType": media_type, "size": len(content), "digest": _digest(content)}

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content_type, content = answers.get(self.path, ("", b""))
                self.send_response(200 if content else 404)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Docker-Content-Digest", _digest(content))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *arguments: object) -> None:
                """The test says what it looks for."""

        return Handler

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
