"""In: batches of rows from many threads at once. Out: what became of each, when it is on disk.

A transaction is over when the disk says so, a few milliseconds in which nobody else can write. What
comes meanwhile waits and goes into the next one together (group commit, DeWitt et al. 1984,
section 5.2): single events are as durable as before, and as many in a second as there are waiting.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

import sqlalchemy as sa

from foretaste.domain.patience import current_patience
from foretaste.errors import StoreBusy, StoreError

RowBatch = Sequence[dict[str, Any]]
MAX_ROWS_PER_COMMIT = 10_000
"""Rows written together; of more the rest waits for the next transaction."""
MAX_WAITING_BATCHES = 1_000
"""Batches that wait at once; more are refused at once."""


@dataclass(eq=False)
class _Batch:
    """What one thread brought, and what became of it."""

    rows: RowBatch
    count: int | None = None
    error: Exception | None = None
    wake_signal: Event = field(default_factory=Event)
    """Set when it is over, or when it is this thread's turn to write."""

    @property
    def is_finished(self) -> bool:
        return self.count is not None or self.error is not None


class GroupCommit:
    """One thread writes what waits, oldest first, then it is the turn of the next."""

    def __init__(self, write: Callable[[Sequence[RowBatch]], Sequence[int]]) -> None:
        """write: all of these in one transaction or none. → for each how many were new."""
        self._write = write
        self._lock = Lock()
        self._waiting: deque[_Batch] = deque()
        self._is_writing = False

    def __call__(self, rows: RowBatch) -> int:
        """→ how many were new. Raises what `write` raises for these rows, or StoreError.

        StoreBusy where others have been writing for longer than can be waited, or many wait.
        """
        batch = _Batch(rows)
        with self._lock:
            if len(self._waiting) >= MAX_WAITING_BATCHES:
                raise StoreBusy(f"{len(self._waiting)} writes are waiting; send this again later")
            self._waiting.append(batch)
            busy, self._is_writing = self._is_writing, True
        if busy:
            self._wait(batch, current_patience().lock)
        if not batch.is_finished:
            self._write_as_leader()
        if batch.error is not None:
            raise batch.error
        return batch.count or 0

    def _wait(self, batch: _Batch, seconds: float) -> None:
        """Until it is written or its thread is to write; else StoreBusy is raised."""
        if batch.wake_signal.wait(seconds):
            return
        with self._lock:
            if batch in self._waiting and not batch.wake_signal.is_set():
                self._waiting.remove(batch)
                raise StoreBusy(
                    f"others are writing to the store, for more than {seconds:g} s; send this again"
                )
        batch.wake_signal.wait()  # it is being written, which has an end of its own

    def _write_as_leader(self) -> None:
        with self._lock:
            batches = self._take_oldest()
        try:
            self._write_batches(batches)
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting[0].wake_signal.set()
                else:
                    self._is_writing = False
            for batch in batches:
                batch.wake_signal.set()

    def _take_oldest(self) -> list[_Batch]:
        batches = [self._waiting.popleft()]
        row_count = len(batches[0].rows)
        while self._waiting and row_count + len(self._waiting[0].rows) <= MAX_ROWS_PER_COMMIT:
            batches.append(self._waiting.popleft())
            row_count += len(batches[-1].rows)
        return batches

    def _write_batches(self, batches: Sequence[_Batch]) -> None:
        """Write these; where one of them will not go in, each alone."""
        try:
            counts = self._write([batch.rows for batch in batches])
        except Exception as error:
            if len(batches) > 1 and not _is_store_failure(error):
                for batch in batches:
                    self._write_batches([batch])
                return
            for batch in batches:
                batch.error = error
        except BaseException:  # this thread is ended; the others must not wait for it
            for batch in batches:
                batch.error = StoreError("the write was broken off; send it again")
            raise
        else:
            for batch, count in zip(batches, counts, strict=True):
                batch.count = count


def _is_store_failure(error: Exception) -> bool:
    """Whether the store is at fault, not what was written: then none of the others goes in."""
    cause = error.__cause__ or error
    return isinstance(cause, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError)


def without_rows(batches: Sequence[RowBatch], indices: Collection[int]) -> Sequence[RowBatch]:
    """The batches without the rows of these indices, counted through all of them."""
    if not indices:
        return batches
    remaining, start = list[RowBatch](), 0
    for rows in batches:
        remaining.append([row for i, row in enumerate(rows, start) if i not in indices])
        start += len(rows)
    return remaining
