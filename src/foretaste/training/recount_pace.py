"""When models may be counted anew again. In: when that was last, and how long it took. Out: the
seconds that are left, and a thread that waits for them.

Counting anew takes processor from the lists that are made beside it. So it has a hundredth of the
time: then the slowest hundredth of the lists may notice it, and no more.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from foretaste.errors import ForetasteError

log = logging.getLogger(__name__)

RECOUNTED_KEY = "recounted"
"""Under this name a version's data say when it was counted anew and how long that took: so all
processes of a workspace keep to one pace."""
BUSY_SHARE = 0.01
"""Of the time, that counting anew has."""
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 30.0, 600.0
"""The shortest and longest pause after it; the longest is also what receipts promise."""
RECOUNT_DELAY_SECONDS, CLOSE_TIMEOUT_SECONDS = 0.2, 5.0
"""Seconds before counting anew, for what comes together, and that closing waits for it."""


def pause_after(seconds: float) -> float:
    """The pause that follows a recount of so many seconds."""
    return min(max(seconds / BUSY_SHARE, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS)


def recount_note(at: float, seconds: float) -> dict[str, Any]:
    """What a version's data say of a recount."""
    return {RECOUNTED_KEY: {"at": at, "seconds": seconds}}


def pause_left(version_data: Mapping[str, Any], now: float) -> float:
    """Seconds until a version may be counted anew again; 0 where it never was."""
    recount = version_data.get(RECOUNTED_KEY)
    if recount is None or now < recount["at"]:  # or the clock was set back
        return 0.0
    return max(recount["at"] + pause_after(recount["seconds"]) - now, 0.0)


class PacedThread:
    """Does some work beside the answers once it is asked to, and again until all is done."""

    def __init__(self, work: Callable[[], bool], seconds_left: Callable[[], float]) -> None:
        """work: → whether nothing is left to do. seconds_left: until it may begin."""
        self._work, self._seconds_left = work, seconds_left
        self._lock = threading.Lock()
        self._requested, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def request(self) -> None:
        """Have it done: in a moment, and after that once in a while for all that came together."""
        self._requested.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="settle", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Begin no more; what is left is done when the workspace is opened again."""
        self._closing.set()
        self._requested.set()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_SECONDS)

    def _run(self) -> None:
        while self._requested.wait() and not self._closing.wait(RECOUNT_DELAY_SECONDS):
            is_done, start = False, time.perf_counter()
            try:
                if self._closing.wait(self._seconds_left()):
                    return
                self._requested.clear()
                start = time.perf_counter()
                is_done = self._work()
            except (OSError, ForetasteError) as error:
                log.error("not counted anew: %s", error)
            except Exception:  # a thread that dies would settle nothing any more
                log.exception("while counting anew")
            if not is_done:
                self._requested.set()
            if self._closing.wait(pause_after(time.perf_counter() - start)):
                return
