"""`update-fetch.sh VERSION INSTANCE`: another version of the container's image, while the server runs on."""

from __future__ import annotations

import os
from collections.abc import Sequence

from palserver import names
from palserver.clients.engine import Engine
from palserver.scripts import CALL_SECONDS, read_variable, read_words, say
from palserver.scripts.restoring import run_telling
from palserver.services.images.images import fetch_image


def main(words: Sequence[str]) -> None:
    version, _ = read_words(words, "update-fetch.sh VERSION INSTANCE", names.VERSION, names.INSTANCE)
    engine = Engine(os.environ, CALL_SECONDS)
    name, _ = fetch_image(engine, engine.inspect(read_variable("PALSERVER_CONTAINER")), version, say)
    say(f"{name} is there.")


if __name__ == "__main__":
    run_telling(main)
