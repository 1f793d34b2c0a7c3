"""Masking secrets in log lines, before anybody sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from palserver.clients.containers import Container

MASK = "********"
# The game prints what was typed: "Lamia executed the command. adminpassword <the password>".
TYPED_WORD = "adminpassword"
TYPED_PASSWORD = re.compile(rf"(?i)(/?\b{TYPED_WORD}[^\S\n]+)\S.*")
SECRET_WORDS = ("PASSWORD", "TOKEN", "SECRET", "WEBHOOK")
# Shorter ones would mask half of every line and protect nothing.
SHORTEST_SECRET = 4

Redact = Callable[[str], str]


def list_secrets(container: Container) -> set[str]:
    """The values of environment variables whose names say that they are secret."""
    return {value for name, value in container.environment.items() if is_secret(name)}


def is_secret(variable: str) -> bool:
    """Whether the name of an environment variable says so."""
    return any(word in variable.upper() for word in SECRET_WORDS)


def make_redactor(secrets: Iterable[str | None]) -> Redact:
    """A function that masks `secrets`, and any admin password that somebody typed, in one line or in many.

    It neither adds nor takes away a newline.
    """
    worth_masking = {secret for secret in secrets if secret and len(secret) >= SHORTEST_SECRET}
    worth_masking = {secret for secret in worth_masking if "\n" not in secret}
    longest_first = sorted(worth_masking, key=len, reverse=True)
    known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def redact(text: str) -> str:
        # Nearly every text holds none of them, and looking for a word is far faster than an expression.
        if known is not None and any(secret in text for secret in longest_first):
            text = known.sub(MASK, text)
        if TYPED_WORD in text.casefold():
            text = TYPED_PASSWORD.sub(lambda match: match.group(1) + MASK, text)
        return text

    return redact
