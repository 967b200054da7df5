"""Turns of threads. In: long work that computes beside requests; out: requests that wait less.

Python lets a thread compute for 5 ms before another has its turn, and a list gives its turn away a
dozen times: at each look into the store and each product. Beside a thread that loads a model it so
took 21 to 65 ms in the quickest quarter of cases, and 13 to 18 ms with turns of 0.5 ms.

Work that nobody waits for also rests: it has a quarter of the time, so that more lists are made
beside it, each of them hardly later, than if it were quick.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SHORT_TURN_SECONDS = 0.0005
REST_PER_WORK = 3.0
"""Seconds of rest for each second of processor that the work took."""
MIN_WORK_SECONDS = 0.004
"""Of processor, after which it rests."""
_lock = threading.Lock()
_usual_turns: list[float] = []
"""What held before, once for each work under way."""


class _Rests(threading.local):
    """How much the work of this thread may rest, and from when on it has not."""

    seconds_left: float = 0.0
    since: float = 0.0


_rests = _Rests()


@contextmanager
def short_turns(max_rest_seconds: float | None = None) -> Iterator[None]:
    """Threads have short turns while this lasts, also where several such works overlap.

    max_rest_seconds: that this thread rests altogether where it says `give_way`; None leaves it to
    the work that this is a part of, which by default rests never.
    """
    outer_seconds = _rests.seconds_left
    if max_rest_seconds is not None:
        _rests.seconds_left, _rests.since = max_rest_seconds, time.thread_time()
    with _lock:
        _usual_turns.append(_usual_turns[0] if _usual_turns else sys.getswitchinterval())
        sys.setswitchinterval(min(SHORT_TURN_SECONDS, _usual_turns[0]))
    try:
        yield
    finally:
        if max_rest_seconds is not None:
            _rests.seconds_left = outer_seconds
        with _lock:
            usual_turn = _usual_turns.pop()
            if not _usual_turns:
                sys.setswitchinterval(usual_turn)


def give_way() -> None:
    """Between two pieces of long work: rest, where this work does so. Hold no lock that requests
    wait for.
    """
    if _rests.seconds_left <= 0:
        return
    worked = time.thread_time() - _rests.since
    if worked >= MIN_WORK_SECONDS:
        rest_seconds = min(REST_PER_WORK * worked, _rests.seconds_left)
        time.sleep(rest_seconds)
        _rests.seconds_left -= rest_seconds
        _rests.since = time.thread_time()
