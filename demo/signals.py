"""The signals that end this process, held back from its first moment on.

This imports next to nothing, so that it can come before everything that takes time to import.
"""

from __future__ import annotations

import signal

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def hold_signals() -> None:
    """Keep the ending signals for heed_signals; call it before the first thread starts.

    A held signal reaches even a process with the number 1, for which the kernel drops those that
    nobody handles: as the first process of a container we would otherwise be deaf to `docker stop`.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
