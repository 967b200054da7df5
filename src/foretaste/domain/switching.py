"""Turns of threads. In: long work that computes beside requests; out: requests that wait less.

Python lets a thread compute for 5 ms before another has its turn, and a list gives its turn away a
dozen times: at each look into the store and each product. Beside a thread that loads a model it so
took 21 to 65 ms in the quickest quarter of cases, and 13 to 18 ms with turns of 0.5 ms.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SHORT_TURN_SECONDS = 0.0005
_lock = threading.Lock()
_usual_turns: list[float] = []
"""What held before, once for each work under way."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads have short turns while this lasts, also where several such works overlap."""
    with _lock:
        _usual_turns.append(_usual_turns[0] if _usual_turns else sys.getswitchinterval())
        sys.setswitchinterval(min(SHORT_TURN_SECONDS, _usual_turns[0]))
    try:
        yield
    finally:
        with _lock:
            usual_turn = _usual_turns.pop()
            if not _usual_turns:
                sys.setswitchinterval(usual_turn)
