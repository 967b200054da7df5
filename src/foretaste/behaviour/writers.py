"""In: threads that want to write to one database. Out: their turns, one at a time.

A database has one writer at a time anyway. Who waits for it here holds no connection and asks
nobody; so however many wait, readers have connections, and another process that writes is asked by
one thread and not by all.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from foretaste.domain.patience import current_patience
from foretaste.errors import StoreBusy

MAX_WAITING_WRITERS = 200
"""Threads that wait at once; more are refused at once."""


class WriterTurns:
    """The writers of one process to one database."""

    def __init__(self, max_waiting: int = MAX_WAITING_WRITERS) -> None:
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._waiting = 0
        self._counting = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[float]:
        """One's turn. → the seconds that are left to wait for other processes.

        Raises StoreBusy where it does not come in the time that there is.
        """
        seconds = current_patience().lock
        end = time.monotonic() + seconds
        with self._counting:
            if self._waiting >= self._max_waiting:
                raise StoreBusy(
                    f"{self._waiting} writes are waiting for the store; send this one again later"
                )
            self._waiting += 1
        try:
            is_ours = self._lock.acquire(timeout=seconds)
        finally:
            with self._counting:
                self._waiting -= 1
        if not is_ours:
            raise StoreBusy(
                f"others are writing to the store, for more than {seconds:g} s; send this one again"
            )
        try:
            yield max(end - time.monotonic(), 0.0)
        finally:
            self._lock.release()
