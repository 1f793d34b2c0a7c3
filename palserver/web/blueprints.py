"""Every blueprint of the API and the page."""

from __future__ import annotations

from palserver.web import (
    audit,
    auth,
    events,
    game,
    host,
    instances,
    jobs,
    logs,
    metrics,
    page,
    prometheus,
    users,
)

BLUEPRINTS = tuple(
    module.bp
    for module in (audit, auth, events, game, host, instances, jobs, logs, metrics, page, prometheus, users)
)
