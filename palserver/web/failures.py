"""The problems that a route may answer with, by status."""

from __future__ import annotations

from palserver import errors
from palserver.services.accounts.auth import ROLES
from palserver.web.problems import MEDIA
from palserver.web.routes import Route
from palserver.web.schemas import REF, Schema

PATH_ERRORS = {
    "instance_name": errors.InstanceNotFound,
    "job_id": errors.JobNotFound,
    "backup_id": errors.BackupNotFound,
}
PROBLEM = {"$ref": REF.format(name="Problem")}


def describe_errors(route: Route) -> dict[str, Schema]:
    """Each status with the keys it may carry; `default` is what may go wrong anywhere."""
    by_status: dict[int, list[type[errors.PalError]]] = {}
    for error in dict.fromkeys(list_errors(route)):
        by_status.setdefault(error.status, []).append(error)
    described = {str(status): _describe(by_status[status]) for status in sorted(by_status)}
    unexpected = {"description": "Anything else that went wrong.", "content": {MEDIA: {"schema": PROBLEM}}}
    return described | {"default": unexpected}


def _describe(kinds: list[type[errors.PalError]]) -> Schema:
    schema = PROBLEM | {"properties": {"key": {"enum": [kind.key for kind in kinds]}}}
    words = "\n".join(f"`{kind.key}`: {kind.sentence}" for kind in kinds)
    described: Schema = {"description": words, "content": {MEDIA: {"schema": schema}}}
    if errors.TooManyRequests in kinds:
        described["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return described


def list_errors(route: Route) -> list[type[errors.PalError]]:
    """Those that the view names, and those of its guard, its path and its inputs."""
    contract = route.contract
    found = [*contract.raises, errors.ShuttingDown, *_list_guard_errors(route)]
    found += [PATH_ERRORS[part] for part in route.parts if part in PATH_ERRORS]
    if contract.query is not None or contract.body is not None:
        found.append(errors.Invalid)
    if contract.body is not None:
        found += [errors.TooLarge, errors.UnsupportedMediaType]
    return found


def _list_guard_errors(route: Route) -> list[type[errors.PalError]]:
    if route.role is None:
        return []
    found: list[type[errors.PalError]] = [errors.Unauthorized]
    if route.role != ROLES[0]:
        found.append(errors.Forbidden)
    if not getattr(route.view, "before_password_change", False):
        found.append(errors.PasswordChangeRequired)
    if route.takes_ticket:
        found.append(errors.OriginRefused)
    return found
