"""A time budget, and a thread whose work can be left behind when the time is over."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from foretaste.domain.patience import LIST, current_patience, patience

T = TypeVar("T")

CLOSE_TIMEOUT = 5.0
"""Seconds that closing waits for work under way."""


class Budget:
    """How much time an answer may take, from now on."""

    def __init__(
        self, milliseconds: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limited = milliseconds is not None
        self._clock = clock
        self._end = clock() + (milliseconds or 0) / 1000

    def seconds_left(self) -> float:
        """Seconds; below 0 when it is over."""
        return self._end - self._clock() if self.limited else float("inf")

    def part(self, share: float) -> "Budget":
        """A share of what is left."""
        return type(self)(
            max(self.seconds_left(), 0) * share * 1000 if self.limited else None, self._clock
        )

    @contextmanager
    def store_patience(self) -> Iterator[None]:
        """Within it a store is waited for as long as a list in a hurry can, or as before."""
        with patience(LIST if self.limited else current_patience()):
            yield

    @property
    def timeout(self) -> float | None:
        """As a condition is waited for."""
        return max(self.seconds_left(), 0) if self.limited else None

    @property
    def lock_timeout(self) -> float:
        """As a lock is."""
        return max(self.seconds_left(), 0) if self.limited else -1


def ends_within(run: Future[Any], seconds: float) -> bool:
    """Whether a run has ended, or does so in time."""
    with suppress(TimeoutError):
        run.exception(seconds)
    return run.done()


class WorkThread:
    """A thread whose work can be left behind. What it was left with it ends first.

    Between two runs it holds neither: a run holds a whole model.
    """

    def __init__(self, name: str) -> None:
        self._runs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]
        self._runs = queue.SimpleQueue()  # None ends the thread
        self._started = self._ended = 0  # runs; each is counted by one thread alone
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self._started > self._ended

    def start(self, work: Callable[[], T]) -> "Future[T]":
        run: Future[T] = Future()
        self._started += 1
        self._runs.put((run, work))
        return run

    def close(self) -> None:
        self._runs.put(None)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _work(self) -> None:
        while (job := self._runs.get()) is not None:
            run, work = job
            try:
                result, error = work(), None
            except BaseException as failure:  # raised or said where it is waited for
                result, error = None, failure
            self._ended += 1
            run.set_result(result) if error is None else run.set_exception(error)
            del job, run, work, result, error
