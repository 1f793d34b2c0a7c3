"""The looks that the page is seen in: each is a language, a width and a theme."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from palserver.web.page import FOLDER

LOCALES = {"en": "en-US", "ko": "ko-KR"}
HEIGHT = 720
TOUCHED_BELOW = 400  # what is narrower is a phone
FORMS = {0: "zero", 1: "one"}  # that a message may have for a number; for every other it has `other`


@dataclass(frozen=True)
class Look:
    """How one reader sees the page, and the words that he reads on it."""

    language: str
    width: int
    scheme: str

    def __str__(self) -> str:
        return f"{self.language}-{self.width}-{self.scheme}"

    @property
    def options(self) -> dict[str, Any]:
        """Of `visiting`."""
        is_phone = self.width < TOUCHED_BELOW
        return {
            "locale": LOCALES[self.language],
            "viewport": {"width": self.width, "height": HEIGHT},
            "color_scheme": self.scheme,
            "has_touch": is_phone,
            "is_mobile": is_phone,
        }

    def say(self, key: str, **values: str | int) -> str:
        """What the page says: the message of `key`, with `values` in it as `t` of its i18n.js puts them."""
        message = read_messages(self.language)[key]
        if not isinstance(message, str):
            message = message.get(FORMS.get(int(values["count"]), "other"), message["other"])
        for name, value in values.items():
            written = value if isinstance(value, str) else f"{value:,}"
            message = message.replace(f"{{{name}}}", written)
        return message

    def like(self, key: str, **values: str | int) -> re.Pattern[str]:
        """The same, with anything in the place of what is not among the `values`."""
        return re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(self.say(key, **values))))


@cache
def read_messages(language: str) -> dict[str, str | dict[str, str]]:
    messages: dict[str, str | dict[str, str]] = json.loads(
        (FOLDER / f"locales/{language}.json").read_text("utf-8")
    )
    return messages


DESK = Look("en", 1280, "light")
PHONE = Look("ko", 375, "dark")
# Whatever is done is done in these two, which are unlike in everything.
IN_BOTH_LOOKS = pytest.mark.parametrize("look", [DESK, PHONE], ids=str)
# Each language, width and theme, and each pair of them at least once.
FOUR_LOOKS = [DESK, Look("en", 375, "dark"), Look("ko", 1280, "dark"), Look("ko", 375, "light")]
