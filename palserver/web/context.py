"""What a view needs from its application; Flask's proxies stop on this floor."""

from __future__ import annotations

from typing import cast

from flask import current_app

from palserver.services.composition import Services

SERVICES = "palserver.services"
VIEWERS = "palserver.viewers"


def services() -> Services:
    return cast(Services, current_app.extensions[SERVICES])
