"""PalServer: one process that looks after Palworld servers on a Docker host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from palserver.config import Config
    from palserver.services.composition import Services

MAX_BODY_BYTES = 1024 * 1024


def create_app(config: Config, services: Services) -> Flask:
    """The web floor over `services`: blueprints, guards, errors, nothing else."""
    # Imported here, because bundled scripts import this package too and need no web server for it.
    from flask import Flask

    from palserver.web import audit, guards, problems, prometheus, sockets, tokens
    from palserver.web.blueprints import BLUEPRINTS
    from palserver.web.context import SERVICES, VIEWERS
    from palserver.web.viewers import Viewers

    app = Flask(__name__, static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        METRICS_TOKEN=config.metrics_token,
        PUBLIC_URL=config.public_url,
        SOCK_SERVER_OPTIONS=sockets.SERVER_OPTIONS,
    )
    app.extensions[SERVICES] = services
    app.extensions[VIEWERS] = Viewers(services.background, services.auth, services.instances)
    for part in (problems, guards, audit, prometheus):
        part.install(app)
    tokens.install(app, services.secret_key)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
