"""One call to the game's REST API: bounded in time and in size, every failure in our words.

Each call has a connection of its own: the game closes idle ones after 15 s, and a pooled one would now and
then die under a call. `requests.Session` is left out, and with it proxies, redirects, cookies and netrc.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import gevent
import requests
import urllib3
from requests.adapters import HTTPAdapter

from palserver.errors import GameBadAnswer, GameRefused, GameUnauthorized, GameUnreachable

CONNECT_SECONDS = 1.5
READ_SECONDS = 4.5
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_MAX_INTEGER = 2**63


@dataclass(frozen=True)
class GameAddress:
    """`base_url` is like `http://127.0.0.1:8212`; the password never shows where an address is printed."""

    base_url: str
    password: str = field(repr=False)


class GameHungUp(GameUnreachable):
    """The connection was made, and ended before the answer."""


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise GameUnreachable when the block takes longer.

    A socket's own time-out starts anew with each byte, so a game that trickles would hold us for ever.
    """
    timeout = gevent.Timeout(seconds)
    try:
        with timeout:
            yield
    except gevent.Timeout as fired:
        if fired is not timeout:
            raise
        raise GameUnreachable() from fired


def get_object(address: GameAddress, endpoint: str, attempts: int) -> dict[str, Any]:
    """GET a JSON object; a try that fails on the way is repeated, up to `attempts` in all.

    Raises GameUnreachable, GameUnauthorized, GameBadAnswer.
    """
    for _ in range(attempts - 1):
        try:
            return _get_once(address, endpoint)
        except GameUnreachable:
            continue  # asking twice changes nothing in the game
    return _get_once(address, endpoint)


def post(address: GameAddress, endpoint: str, fields: Mapping[str, object], seconds: float) -> None:
    """POST once: repeated, an order could be carried out twice. The status says all, the body is not read.

    Raises GameRefused as well as what `get_object` raises; GameHungUp means that it may have been heard.
    """
    body = json.dumps(fields).encode()  # never empty: without a Content-Length the game answers 411
    with _call(address, "POST", endpoint, body, seconds) as response:
        if response.status_code == 400:
            raise GameRefused()
        _check_status(response)


def _get_once(address: GameAddress, endpoint: str) -> dict[str, Any]:
    with _call(address, "GET", endpoint, None, READ_SECONDS) as response:
        _check_status(response)
        return _parse(_read(response))


@contextmanager
def _call(
    address: GameAddress, method: str, endpoint: str, body: bytes | None, seconds: float
) -> Iterator[requests.Response]:
    url, headers = f"{address.base_url}/v1/api/{endpoint}", _headers(address.password)
    timeouts = (min(CONNECT_SECONDS, seconds), seconds)
    try:
        with limit(seconds), closing(HTTPAdapter()) as adapter:
            request = requests.Request(method, url, headers=headers, data=body).prepare()
            with adapter.send(request, stream=True, timeout=timeouts) as response:
                yield response
    except requests.RequestException as error:
        cause = error.args[0] if error.args else None
        has_hung_up = isinstance(cause, urllib3.exceptions.ProtocolError)
        raise (GameHungUp if has_hung_up else GameUnreachable)() from error


def _headers(password: str) -> dict[str, str]:
    """Encoded here: the library would refuse a password beyond Latin-1."""
    credentials = b64encode(b"admin:" + password.encode()).decode()
    return {
        "Authorization": f"Basic {credentials}",
        "Connection": "close",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
    }


def _check_status(response: requests.Response) -> None:
    if response.status_code == 401:
        raise GameUnauthorized()
    if response.status_code != 200:
        raise GameBadAnswer(f"The game answered with status {response.status_code}.")


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    for piece in response.iter_content(_PIECE_BYTES):
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            raise GameBadAnswer()
    return bytes(content)


def _parse(content: bytes) -> dict[str, Any]:
    """Read JSON whatever the content type says, which is as often text/plain."""
    try:
        text = content.decode("utf-8-sig", "replace")
        answer = _clean(json.loads(text, parse_constant=lambda _: None))
    except (ValueError, RecursionError) as error:
        raise GameBadAnswer() from error
    if not isinstance(answer, dict):
        raise GameBadAnswer()
    return answer


def _clean(value: Any) -> Any:
    """Take out what cannot be written as JSON again: half characters, and integers beyond 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return None if isinstance(value, int) and abs(value) >= _MAX_INTEGER else value
