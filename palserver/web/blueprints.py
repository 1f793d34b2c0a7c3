"""Every blueprint of the API and the page."""

from __future__ import annotations

from palserver.web import (
    audit,
    auth,
    backups,
    events,
    game,
    host,
    instances,
    jobs,
    logs,
    metrics,
    openapi,
    page,
    prometheus,
    restores,
    users,
)

BLUEPRINTS = (
    audit.bp,
    auth.bp,
    backups.bp,
    events.bp,
    game.bp,
    host.bp,
    instances.bp,
    jobs.bp,
    logs.bp,
    metrics.bp,
    openapi.bp,
    page.bp,
    prometheus.bp,
    restores.bp,
    users.bp,
)
