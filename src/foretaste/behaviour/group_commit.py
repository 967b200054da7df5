"""In: batches of rows from many threads at once. Out: what became of each, when it is on disk.

A transaction is over when the disk says so, a few milliseconds in which nobody else can write. What
comes meanwhile waits and goes into the next one together (group commit, DeWitt et al. 1984,
section 5.2): single events are as durable as before, and as many in a second as there are waiting.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

import sqlalchemy as sa

from foretaste.errors import StoreError

Rows = Sequence[dict[str, Any]]
MOST = 10_000
"""Rows written together; of more the rest waits for the next transaction."""


@dataclass
class _Batch:
    """What one thread brought, and what became of it."""

    rows: Rows
    count: int | None = None
    error: Exception | None = None
    woken: Event = field(default_factory=Event)
    """Set when it is over, or when it is this thread's turn to write."""

    @property
    def over(self) -> bool:
        return self.count is not None or self.error is not None


class Together:
    """One thread writes what waits, oldest first, then it is the turn of the next."""

    def __init__(self, write: Callable[[Sequence[Rows]], Sequence[int]]) -> None:
        """write: all of these in one transaction or none. → for each how many were new."""
        self._write = write
        self._lock = Lock()
        self._waiting: deque[_Batch] = deque()
        self._writing = False

    def __call__(self, rows: Rows) -> int:
        """→ how many were new. Raises what `write` raises for these rows, or StoreError."""
        mine = _Batch(rows)
        with self._lock:
            self._waiting.append(mine)
            busy, self._writing = self._writing, True
        if busy:
            mine.woken.wait()
        if not mine.over:
            self._lead()
        if mine.error is not None:
            raise mine.error
        return mine.count or 0

    def _lead(self) -> None:
        with self._lock:
            some = self._oldest()
        try:
            self._settle(some)
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting[0].woken.set()
                else:
                    self._writing = False
            for one in some:
                one.woken.set()

    def _oldest(self) -> list[_Batch]:
        some = [self._waiting.popleft()]
        size = len(some[0].rows)
        while self._waiting and size + len(self._waiting[0].rows) <= MOST:
            some.append(self._waiting.popleft())
            size += len(some[-1].rows)
        return some

    def _settle(self, some: Sequence[_Batch]) -> None:
        """Write these; where one of them will not go in, each alone."""
        try:
            counts = self._write([one.rows for one in some])
        except Exception as error:
            if len(some) > 1 and not _away(error):
                for one in some:
                    self._settle([one])
                return
            for one in some:
                one.error = error
        except BaseException:  # this thread is ended; the others must not wait for it
            for one in some:
                one.error = StoreError("the write was broken off; send it again")
            raise
        else:
            for one, count in zip(some, counts, strict=True):
                one.count = count


def _away(error: Exception) -> bool:
    """Whether the store is at fault, not what was written: then none of the others goes in."""
    cause = error.__cause__ or error
    return isinstance(cause, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError)
