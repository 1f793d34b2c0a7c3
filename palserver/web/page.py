"""The page: its files, read and compressed once, with the headers that keep foreign code out of it."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import msgspec
from flask import Blueprint, Response, abort, request

from palserver.web.guards import public

bp = Blueprint("page", __name__)

FOLDER = Path(__file__).parent.parent / "page"
# What npm has installed beside the code, if it was there when this was set up (setup/page_assets.sh).
LIBRARIES = FOLDER.parent.parent / "node_modules"
CHARTS = {
    "vendor/uplot.js": "uplot/dist/uPlot.esm.js",
    "vendor/uplot.css": "uplot/dist/uPlot.min.css",
}
# In their place without npm. A page that has to try would make a request that fails.
STAND_INS = {".js": b"export default null;\n", ".css": b""}
# By name and not by the system's table, which on some machines calls JavaScript plain text.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
# For what can be looked at by itself. With the rest a browser heeds the policy of the document that asked for
# it, and the same words with each of forty files would be a tenth of the first view.
DOCUMENT_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
DOCUMENT_TYPES = {CONTENT_TYPES[".html"], CONTENT_TYPES[".svg"]}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Kept, but asked about each time: after an update of the panel the next look shows the new page.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


class Asset(msgspec.Struct, frozen=True):
    """A file as it is sent. `packed` is the same, compressed."""

    content_type: str
    plain: bytes
    packed: bytes
    etag: str


@bp.get("/")
@public
def show_page() -> Response:
    return _send_file("index.html")


@bp.get("/assets/<path:name>")
@public
def show_asset(name: str) -> Response:
    return _send_file(name)


@cache
def list_assets() -> dict[str, Asset]:
    """The files of the folder by their names in it, and the charts. Nothing else can be asked for."""
    files = (file for file in sorted(FOLDER.rglob("*")) if file.suffix in CONTENT_TYPES)
    ours = {file.relative_to(FOLDER).as_posix(): _read(file) for file in files}
    return ours | {name: _read_library(LIBRARIES / path) for name, path in CHARTS.items()}


def _read(file: Path) -> Asset:
    return pack(CONTENT_TYPES[file.suffix], file.read_bytes())


def _read_library(file: Path) -> Asset:
    return _read(file) if file.is_file() else pack(CONTENT_TYPES[file.suffix], STAND_INS[file.suffix])


def pack(content_type: str, plain: bytes) -> Asset:
    """Made once and kept: compressing it for each visitor would cost more than all the rest."""
    etag = hashlib.sha256(plain).hexdigest()[:24]
    return Asset(content_type, plain, gzip.compress(plain, mtime=0), etag)


def _send_file(name: str) -> Response:
    asset = list_assets().get(name)
    if asset is None:
        abort(404)
    return send(asset)


def send(asset: Asset) -> Response:
    """As this client takes it, or 304 when it has it already."""
    is_packed = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.packed if is_packed else asset.plain, content_type=asset.content_type)
    response.headers.update(HEADERS)
    if asset.content_type in DOCUMENT_TYPES:
        response.headers.update(DOCUMENT_HEADERS)
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(asset.etag, weak=True)  # weak: the same file has two forms on the wire
    response.make_conditional(request)
    return response
