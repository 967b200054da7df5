"""In: a process that serves. Out: the same, whose garbage collector never stops all of it for long.

Python's full collection looks at every object there is, and nothing else runs meanwhile: with a
catalogue and a model in memory some 0.3 s, every few seconds under load. What has stayed for some
seconds is therefore set aside (`gc.freeze`), so that a collection looks at what is new; reference
counts free what was set aside as before. What only a full collection can free, the cycles in it,
waits for the one an hour.
"""

import gc
import threading
from collections.abc import Callable

SET_ASIDE_SECONDS = 10.0
FULL_SECONDS = 3600.0
WARM_TICKS = 6
"""Times that a copy sets aside what its start has made."""


def start_collector(
    ended: threading.Event | None = None, *, is_copy: bool = False
) -> threading.Thread:
    """A thread that sets aside what stays, until `ended` is set. is_copy: of a process with which
    this one shares memory, see `collect_in_copy`.
    """
    ended = ended or threading.Event()
    collect = collect_in_copy if is_copy else collect_in_turns
    thread = threading.Thread(target=collect, args=(ended.wait,), name="collector", daemon=True)
    thread.start()
    return thread


def collect_in_copy(pause: Callable[[float], bool]) -> None:
    """The same where nothing that was set aside may be looked at again: the collector writes to
    what it looks at, and what is written to is shared no more. So only what has stayed since the
    process was warmed up is set aside, and after that, seldom, what has outlived a collection.
    """
    ticks_per_full = round(FULL_SECONDS / SET_ASIDE_SECONDS)
    ticks = 0
    while not pause(SET_ASIDE_SECONDS):
        ticks += 1
        if ticks <= WARM_TICKS:
            gc.collect(1)
            gc.freeze()
        elif ticks % ticks_per_full == 0:
            gc.collect()
            gc.freeze()


def collect_in_turns(pause: Callable[[float], bool]) -> None:
    """pause: waits for so many seconds; → whether to end."""
    ticks_per_full = round(FULL_SECONDS / SET_ASIDE_SECONDS)
    ticks = 0
    while not pause(SET_ASIDE_SECONDS):
        ticks += 1
        if ticks % ticks_per_full == 0:
            gc.unfreeze()
            gc.collect()
        else:
            gc.collect(1)
        gc.freeze()
