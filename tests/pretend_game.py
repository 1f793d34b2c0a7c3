"""The pretend Palworld server as a process on the loopback, for tests that need no container."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from palserver.clients.palworld_http import GameAddress
from tests.panel import PROJECT, find_free_port
from tests.waiting import wait_until

PASSWORD = "pal pass:wörd 한"


class PretendGame:
    """Made ready to talk to; `close` ends it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.rest_port, self.control_port = find_free_port(), find_free_port()
        self.saved_path = folder / "Saved"
        self.address = GameAddress(f"http://127.0.0.1:{self.rest_port}", PASSWORD)
        environment = {
            "PATH": os.environ["PATH"],
            "ADMIN_PASSWORD": PASSWORD,
            "REST_API_PORT": str(self.rest_port),
            "DEMO_CONTROL_PORT": str(self.control_port),
            "DEMO_SAVED_PATH": str(self.saved_path),
            "DEMO_BOOT_SECONDS": "0",
            "DEMO_LIVELY": "0",
            **variables,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "demo"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the pretend game answers")

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the pretend game ended"
        try:
            requests.get(f"{self.address.base_url}/v1/api/info", timeout=2)
        except requests.RequestException:
            return False
        return True

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"http://127.0.0.1:{self.control_port}{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def set_faults(self, **faults: Any) -> None:
        self.control("POST", "/faults", faults)

    def join(self, name: str, **more: Any) -> Any:
        return self.control("POST", "/players", {"name": name, **more})

    def list_calls(self, method: str, endpoint: str) -> list[dict[str, Any]]:
        """The calls to one endpoint, oldest first."""
        wanted = (method, f"/v1/api/{endpoint}")
        return [call for call in self.control("GET", "/calls") if (call["method"], call["path"]) == wanted]

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
