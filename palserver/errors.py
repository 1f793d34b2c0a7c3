"""Every failure a person can meet, in our own words.

Raised on any floor, rendered once by `web/problems.py`. `key` is stable: scripts branch on it and the page
translates it. `detail` is one sentence for people; it never carries a path, a command's output or a
library's message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

BROKEN_CODE = 3  # a script's exit code: what it was to check is broken


class PalError(Exception):
    """The base of all of them; raised itself only where no better word exists."""

    status: ClassVar[int] = 500
    key: ClassVar[str] = "internal"
    sentence: ClassVar[str] = "Something went wrong inside PalServer. Its log says what."

    def __init__(self, detail: str | None = None, *, fields: Mapping[str, Any] | None = None) -> None:
        self.detail = detail or self.sentence
        self.fields = dict(fields or {})
        super().__init__(self.detail)


class Invalid(PalError):
    """Input that cannot be accepted; `fields` says what is wrong with each part."""

    status = 400
    key = "invalid"
    sentence = "Some of what was sent cannot be accepted."


class Unauthorized(PalError):
    status = 401
    key = "unauthorized"
    sentence = "Sign in first."


class BadCredentials(PalError):
    status = 401
    key = "bad_credentials"
    sentence = "The user name or the password is wrong."


class Forbidden(PalError):
    status = 403
    key = "forbidden"
    sentence = "Your role does not allow this."


class PasswordChangeRequired(PalError):
    status = 403
    key = "password_change_required"
    sentence = "Change your password first."


class OriginRefused(PalError):
    """A browser asked from a page that is not ours."""

    status = 403
    key = "origin_refused"
    sentence = "This request came from another site. Behind a proxy, set PALSERVER_PUBLIC_URL."


class TooManyRequests(PalError):
    """Raised with the number of seconds after which it is worth trying again."""

    status = 429
    key = "too_many_requests"
    sentence = "Too many attempts. Wait a moment."

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class NotFound(PalError):
    status = 404
    key = "not_found"
    sentence = "There is nothing at this address."


class UserNotFound(NotFound):
    key = "user_not_found"
    sentence = "There is no such user."


class UserExists(PalError):
    status = 409
    key = "user_exists"
    sentence = "A user of this name exists already."


class LastAdmin(PalError):
    status = 409
    key = "last_admin"
    sentence = "The last admin cannot be removed or demoted."


class SessionNotFound(NotFound):
    key = "session_not_found"
    sentence = "There is no such session."


class InstanceNotFound(NotFound):
    key = "instance_not_found"
    sentence = "There is no such server."


class InstanceExists(PalError):
    status = 409
    key = "instance_exists"
    sentence = "A server of this name exists already."


class WorldExists(PalError):
    """`fields.world` is the volume that lies where the new server's would."""

    status = 409
    key = "world_exists"
    sentence = "A world of a server of this name was kept. Use it, or choose another name."


class WorldMissing(PalError):
    status = 409
    key = "world_missing"
    sentence = "There is no such volume to take a world from."


class WorldInUse(PalError):
    status = 409
    key = "world_in_use"
    sentence = "Another container has this volume."


class CannotClone(PalError):
    status = 409
    key = "cannot_clone"
    sentence = "A server without a network of its own cannot be cloned: its ports are fixed."


class InstanceBusy(PalError):
    """Another job runs on the instance; `fields.job` is its id."""

    status = 409
    key = "instance_busy"
    sentence = "Another job is running on this server."


class InstanceNotRunning(PalError):
    status = 409
    key = "instance_not_running"
    sentence = "The server is not running."


class ContainerNotFound(NotFound):
    key = "container_not_found"
    sentence = "There is no such container."


class ContainerMissing(PalError):
    """The instance is there, its container is not."""

    status = 409
    key = "container_missing"
    sentence = "The container of this server does not exist any more."


class ContainerManaged(PalError):
    status = 409
    key = "container_managed"
    sentence = "This container is managed already."


class NotAPalworldServer(PalError):
    status = 400
    key = "not_a_palworld_server"
    sentence = "This container does not look like a Palworld server."


class EngineUnreachable(PalError):
    status = 503
    key = "engine_unreachable"
    sentence = "The Docker Engine does not answer."


class StreamSilent(EngineUnreachable):
    """Nothing has come of a stream for as long as was to be waited."""


class EngineRefused(PalError):
    """The engine answered with an error; the log has its words."""

    status = 502
    key = "engine_refused"
    sentence = "The Docker Engine refused. PalServer's log has its reason."


class PortInUse(PalError):
    """`port` is which one, where the engine has told; `fields` says it of each that somebody asked for."""

    status = 409
    key = "port_in_use"
    sentence = "A port of this server is in use by something else."

    def __init__(
        self, detail: str | None = None, *, fields: Mapping[str, Any] | None = None, port: int | None = None
    ) -> None:
        self.port = port
        if port is not None:
            detail = f"Port {port} is in use by something else on this host."
        super().__init__(detail, fields=fields)


class ImageNotOffered(PalError):
    """A known image that servers cannot be made from: how it takes its passwords is not known."""

    status = 409
    key = "image_not_offered"
    sentence = (
        "PalServer cannot tell this image its passwords. Start it by its own compose file, then adopt it."
    )


class ImageMissing(PalError):
    status = 409
    key = "image_missing"
    sentence = "The image is not on this host and could not be pulled."


class ComposeUnusable(PalError):
    """The operator's compose file, from which the container was to be made."""

    status = 409
    key = "compose_unusable"
    sentence = "The server's compose file cannot be gone by. The job's output says why."


class NetworkMissing(PalError):
    status = 409
    key = "network_missing"
    sentence = "A network that the server needs does not exist. The job's output names it."


class ImageArchiveBroken(PalError):
    """A file in `server/repo`."""

    status = 409
    key = "image_archive_broken"
    sentence = "The file with the image is damaged, or none that docker save has written."


class ImageArchiveDiffers(PalError):
    status = 409
    key = "image_archive_differs"
    sentence = "The file with the image holds another one than its name says."


class GameUnreachable(PalError):
    status = 502
    key = "game_unreachable"
    sentence = "The game does not answer."


class GameUnauthorized(PalError):
    status = 502
    key = "game_unauthorized"
    sentence = (
        "The game refuses the admin password. Set it by hand, or look for an empty AdminPassword "
        "or a WorldOption.sav."
    )


class GameBadAnswer(PalError):
    status = 502
    key = "game_bad_answer"
    sentence = "The game answered something that makes no sense."


class GameRefused(PalError):
    """The game understood and said no (its 400): an unknown player, for example."""

    status = 400
    key = "game_refused"
    sentence = "The game refused this. Is the user id right?"


class JobNotFound(NotFound):
    key = "job_not_found"
    sentence = "There is no such job."


class NotCancellable(PalError):
    status = 409
    key = "not_cancellable"
    sentence = "This job cannot be stopped safely now."


class Cancelled(PalError):
    """Ends a job whose cancel was asked for."""

    status = 409
    key = "cancelled"
    sentence = "Cancelled."


class Interrupted(PalError):
    """Ends a job that PalServer could not see to its end."""

    status = 409
    key = "interrupted"
    sentence = "PalServer was stopped before this was done."


class ScriptNotFound(PalError):
    status = 409
    key = "script_not_found"
    sentence = "The script is not in the scripts folder."


class ScriptUnsafe(PalError):
    status = 409
    key = "script_unsafe"
    sentence = (
        "The script must be a regular file of PalServer's user or root, not writable by all, "
        "and executable unless its name ends in .sh."
    )


class ScriptLineEnds(PalError):
    status = 409
    key = "script_line_ends"
    sentence = "The script has Windows line ends. Mend it with: sed -i 's/\\r$//' FILE"


class ScriptFailed(PalError):
    status = 500
    key = "script_failed"
    sentence = "The script failed. The job's output has its last words."

    def __init__(self, detail: str | None = None, *, exit_code: int = 1) -> None:
        super().__init__(detail)
        self.exit_code = exit_code


class ScriptTimedOut(PalError):
    status = 500
    key = "script_timed_out"
    sentence = "The script took too long and was ended."


class BackupNotFound(NotFound):
    key = "backup_not_found"
    sentence = "There is no such backup."


class BackupPinned(PalError):
    status = 409
    key = "backup_pinned"
    sentence = "This backup is pinned. Unpin it first."


class BackupForeign(PalError):
    """It came from an operator's own script, or from nobody knows where."""

    status = 409
    key = "backup_foreign"
    sentence = "PalServer did not make this copy, and cannot do that with it."


class BackupUnreadable(PalError):
    status = 409
    key = "backup_unreadable"
    sentence = "PalServer's user may not read all of this copy."


class BackupReadOnly(PalError):
    status = 409
    key = "backup_read_only"
    sentence = "PalServer's user may not change anything where this copy lies."


class BackupBroken(PalError):
    """It is not as it was written, or not as the game should have written it."""

    status = 500
    key = "backup_broken"
    sentence = "The backup is broken. The job's output names what is wrong with it."


class RangeNotSatisfiable(PalError):
    status = 416
    key = "range_not_satisfiable"
    sentence = "The file is not as long as that."


class ArchiveBroken(PalError):
    """Its file is not what was written: cut short, or a bit has flipped."""

    status = 409
    key = "archive_broken"
    sentence = "The backup's file is damaged. It is not restored."


class ArchiveDiffers(PalError):
    status = 409
    key = "archive_differs"
    sentence = "The files in the backup are not those that its manifest lists."


class ArchiveUnsafe(PalError):
    status = 409
    key = "archive_unsafe"
    sentence = "The backup holds names that lead out of the save folder, or that nothing there has."


class ArchiveTooLarge(PalError):
    status = 409
    key = "archive_too_large"
    sentence = "The backup holds more than a world can be."


class SaveBroken(PalError):
    status = 409
    key = "save_broken"
    sentence = "A save file in the backup is empty, cut short, or none."


class WorldUnclear(PalError):
    status = 409
    key = "world_unclear"
    sentence = (
        "The backup does not hold exactly one world of the name that its settings and its manifest give."
    )


class WorldNotOnVolume(PalError):
    status = 409
    key = "world_not_on_volume"
    sentence = (
        "The save folder does not lie on one volume or folder of the host, writable and as a whole: "
        "a world in the container itself would not survive the next update."
    )


class WorldAway(PalError):
    """A world lay there when a restore began."""

    status = 409
    key = "world_away"
    sentence = "The save folder is empty, although a world lay in it. Is its disk mounted?"


class NoSideContainer(PalError):
    """The volumes are worked on from a container of the same image beside the server's own."""

    status = 409
    key = "no_side_container"
    sentence = "A second container of the server's image could not do its work: it needs a /bin/sh."


class NotEnoughSpace(PalError):
    status = 409
    key = "not_enough_space"
    sentence = "There is not enough space left where the world lies."


class DatabaseFull(PalError):
    status = 507
    key = "database_full"
    sentence = "The disk that PalServer's database lies on is full. Nothing was written down."


class SafetyCopyMissing(PalError):
    status = 409
    key = "safety_copy_missing"
    sentence = "No copy of the present world was made first. Nothing was changed."


class InstanceRunning(PalError):
    status = 409
    key = "instance_running"
    sentence = "The server was started by somebody else meanwhile. A world is never exchanged under a game."


class GameNotReady(PalError):
    status = 502
    key = "game_not_ready"
    sentence = "The game did not get ready in time."


class OtherWorld(PalError):
    status = 502
    key = "other_world"
    sentence = "The game has opened another world than the one that was put in its place."


class NoRollback(PalError):
    status = 409
    key = "no_rollback"
    sentence = "There is no update of this server to go back from."


class SettingsChanged(PalError):
    """What was sent was made for another state of the file, or of what waits to be written to it."""

    status = 409
    key = "settings_changed"
    sentence = "The settings were changed by somebody else meanwhile. Look at them again."


class SettingsUnreadable(PalError):
    status = 409
    key = "settings_unreadable"
    sentence = "In the place of the settings file is something else: a link, a folder, or more than 1 MiB."


class BansUnreadable(PalError):
    status = 409
    key = "bans_unreadable"
    sentence = "In the place of the game's list of bans is something else, such as a link or a folder."


class ShuttingDown(PalError):
    status = 503
    key = "shutting_down"
    sentence = "PalServer is stopping."


class MethodNotAllowed(PalError):
    status = 405
    key = "method_not_allowed"
    sentence = "This address does not take that method."


class UnsupportedMediaType(PalError):
    status = 415
    key = "unsupported_media_type"
    sentence = "Send JSON, with the header Content-Type: application/json."


class TooLarge(PalError):
    status = 413
    key = "too_large"
    sentence = "What was sent is larger than 1 MiB."
