"""What the engine's refusals mean. It has words for them, which differ by version, and hardly any codes."""

from __future__ import annotations

import re

from palserver import errors

PORT_TAKEN = ("port is already allocated", "address already in use", "orts are not available")
# A container that ends by itself while its restart policy is changed is still running for the engine and not
# any more for what runs it. One that is being removed, by somebody who was killed perhaps, will be gone soon.
# Its file system cannot go while a file in it is being read, for a poll perhaps.
NOT_NOW = (
    "annot update container",
    "is already in progress",
    "did not receive an exit event",
    "failed to remove root filesystem",
)
_ADDRESS = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]*\]|::):(\d{1,5})\b")


class NotNow(errors.EngineRefused):
    """It is in the middle of something with that container, and will have ended that in a moment."""


def translate(explanation: str) -> errors.PalError:
    """Returns the error of ours that it is."""
    if any(words in explanation for words in PORT_TAKEN):
        found = _ADDRESS.search(explanation)
        return errors.PortInUse(port=int(found[1]) if found else None)
    if "is already in use by container" in explanation:
        return errors.InstanceExists()
    if "no space left on device" in explanation:
        return errors.NotEnoughSpace()
    if any(words in explanation for words in NOT_NOW):
        return NotNow()
    if "is not running" in explanation:
        return errors.InstanceNotRunning()
    return errors.EngineRefused()
