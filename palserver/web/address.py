"""Where a request comes from."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from flask import current_app, request


def client_address() -> str:
    """The other end of the connection; behind a proxy of ours, the one that the proxy saw.

    `X-Forwarded-For` is believed only from this host and where `PALSERVER_PUBLIC_URL` says that there is a
    proxy. Only its last entry: the ones before it are whatever the client chose to send.
    """
    peer = _parse(request.remote_addr or "")
    if peer is None:
        return request.remote_addr or "unknown"
    if peer.is_loopback and current_app.config["PUBLIC_URL"]:
        seen_by_proxy = _parse(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
        peer = seen_by_proxy or peer
    return str(peer)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address that came through an IPv6 socket is still the same IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
