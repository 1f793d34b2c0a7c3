"""`make demo`: a panel that looks after two pretend servers, until Ctrl-C; then nothing of it is left."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from demo.games import GAMES, IMAGE, games_running
from demo.panel import PASSWORD, PanelFailed, adopt_containers, panel_running


def main() -> int:
    """Run the demo until it is told to end; return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_demo)
    try:
        run_demo()
    except KeyboardInterrupt:
        return 0
    except ImageNotFound:
        reason = f"there is no image {IMAGE}; 'make demo' builds it."
    except (DockerException, requests.RequestException, PanelFailed) as error:
        reason = str(error)
    print(f"demo: {reason}", file=sys.stderr)
    return 1


def run_demo() -> NoReturn:
    with games_running(docker.from_env()), panel_running() as (panel, address):
        adopt_containers(address, [game.name for game in GAMES])
        print(f"\n  PalServer   {address}\n  user        admin\n  password    {PASSWORD}\n")
        print("Ctrl-C ends the demo and removes everything in it.", flush=True)
        panel.wait()
        raise PanelFailed("The panel has ended by itself.")


def end_demo(*_: object) -> NoReturn:
    """Begin to tidy up, which a second Ctrl-C must not interrupt."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
