"""Every blueprint of the API and the page."""

from __future__ import annotations

from palserver.web import (
    audit,
    auth,
    backups,
    bans,
    creations,
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
    settings,
    users,
    versions,
)

BLUEPRINTS = (
    audit.bp,
    auth.bp,
    backups.bp,
    bans.bp,
    creations.bp,
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
    settings.bp,
    users.bp,
    versions.bp,
)
