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


def start_collector(ended: threading.Event | None = None) -> threading.Thread:
    """A thread that sets aside what stays, until `ended` is set."""
    ended = ended or threading.Event()
    thread = threading.Thread(
        target=collect_in_turns, args=(ended.wait,), name="collector", daemon=True
    )
    thread.start()
    return thread


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
