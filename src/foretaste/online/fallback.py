"""A time budget and levels of work, the best first, in; the best result that is there in time out.

Which level is taken is decided beforehand, by what each has cost lately and by the time that is
left: what cannot finish is not begun. Should one take longer than ever before, it is left behind
and the next is taken; it ends on its own, its result is thrown away and its cost is remembered, and
until then no more of its kind is begun. A level that was too slow is tried again now and then
beside an answer, so that one slow moment is not for ever. The last level is always taken: it must
be quick.

What waits for nobody and never took more than a small part of the time lately is done in the thread
that asks. Another thread could be left behind, and costs a tenth of a list (docs/decisions/0075).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from foretaste.domain.data import FallbackLevel
from foretaste.errors import InputError
from foretaste.online.condition_lookup import ConditionLookup
from foretaste.online.work_thread import CLOSE_TIMEOUT, WorkThread, ends_within
from foretaste.online.work_thread import Budget as Budget

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_DURATIONS = 9
"""Durations from which the cost of a level is told: their median."""
SAFETY_FACTOR = 1.25
"""How much longer than its usual cost a level must be able to take."""
RETRY_SECONDS = 5.0
"""After so long a level that is too slow is tried again, beside an answer."""
ANSWER_SECONDS = 0.002
"""What writing the answer takes."""
UNKNOWN_COST_SECONDS, UNKNOWN_COST_SHARE = 0.03, 0.25
"""Seconds, and the share of what is left, that are at most kept for a level below that was never
taken: one above it that turns out to be slow must not leave it without any."""
QUICK_SHARE = 0.1
"""Of the time that is left, what a level took at most lately that is done where it is asked for."""
CLOSED = "the workspace is closed"
THREAD_NAME = "level"


class Costs:
    """What each kind of work has cost lately."""

    def __init__(self) -> None:
        self._seconds: dict[Hashable, deque[float]] = {}

    def note(self, work: Hashable, seconds: float) -> None:
        """One more duration."""
        self._seconds.setdefault(work, deque(maxlen=MAX_DURATIONS)).append(seconds)

    def is_quick(self, work: Hashable, seconds: float) -> bool:
        """Whether it is known well, and never took much of so many seconds lately."""
        durations = self._seconds.get(work, ())
        return len(durations) == MAX_DURATIONS and max(durations) <= QUICK_SHARE * seconds

    def expected(self, work: Hashable, unknown: float = 0.0) -> float:
        """Seconds; 0 where nothing is known yet, so that it is tried, or `unknown`."""
        durations = sorted(self._seconds.get(work, ()))
        return SAFETY_FACTOR * durations[(len(durations) - 1) // 2] if durations else unknown


@dataclass(frozen=True)
class Level(Generic[T]):
    """One level of the chain: how it answers."""

    name: FallbackLevel
    work: Callable[[], T]
    kind: Hashable = ()
    """What its cost depends on besides, e.g. whether terms are explained."""
    only_computes: bool = False
    """Whether it waits for nobody: no language model reads for it, and it takes no lock."""

    @property
    def key(self) -> Hashable:
        """What its cost is kept under."""
        return (self.name, self.kind)


class Outcome(NamedTuple, Generic[T]):
    """What came of the chain."""

    level: FallbackLevel
    result: T
    reason: str | None
    """Why no better level answered; None where the best did."""


class FallbackChain:
    """Levels are tried one after another, each in a thread that can be left behind."""

    def __init__(self) -> None:
        self.costs = Costs()
        self.lookup = ConditionLookup()
        self._threads: list[WorkThread] = []
        self._left_behind: dict[Hashable, Future[Any]] = {}  # key of a level → its last such run
        self._started: dict[Hashable, float] = {}  # key of a level → when it was last begun
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """End the threads, and wait a little for what is under way in them.

        Who asks later has the last level.
        """
        self.lookup.close()
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.close()
        budget = Budget(CLOSE_TIMEOUT * 1000)
        for thread in threads:
            thread.join(max(budget.seconds_left(), 0))

    def first_in_time(
        self,
        levels: Sequence[Level[T]],
        budget: Budget,
        leave: Callable[[Future[Any]], object] = lambda _: None,
    ) -> Outcome[T]:
        """The result of the first level that has one in time.

        Without a limit that is the first one, however long it takes. With one, a level that fails
        is left for the next; an InputError is the caller's and is raised.

        leave: called with each run that goes on when the answer is there.
        """
        if not budget.limited:
            return Outcome(levels[0].name, self._timed(levels[0]), None)
        *better, last = levels
        first_reason: str | None = None
        for number, level in enumerate(better, 1):
            default_cost = min(UNKNOWN_COST_SECONDS, UNKNOWN_COST_SHARE * budget.seconds_left())
            reserve = sum(
                self.costs.expected(below.key, default_cost) for below in levels[number:-1]
            )
            reserve += self.costs.expected(last.key)
            seconds = budget.seconds_left() - reserve - ANSWER_SECONDS
            reason = self._hopeless(level, seconds, leave)
            if reason is None and level.only_computes and self.costs.is_quick(level.key, seconds):
                try:
                    return Outcome(level.name, self._timed(level), first_reason)
                except Exception as failure:
                    reason = self._unanswered(level, failure, seconds)
            elif reason is None:
                run = self._start(level)
                if run is None:
                    reason = CLOSED
                else:
                    done = ends_within(run, max(seconds, 0))
                    error = run.exception() if done else None
                    if done and error is None:
                        return Outcome(level.name, run.result(), first_reason)
                    if not done:
                        self._left_behind[level.key] = run
                        leave(run)
                    reason = self._unanswered(level, error, seconds)
            first_reason = first_reason or reason
        return Outcome(last.name, self._timed(last), first_reason)

    def _timed(self, level: Level[T]) -> T:
        """Done now, in this thread."""
        start = time.perf_counter()
        try:
            return level.work()
        finally:
            self.costs.note(level.key, time.perf_counter() - start)

    def _hopeless(
        self, level: Level[Any], seconds: float, leave: Callable[[Future[Any]], object]
    ) -> str | None:
        """Why a level is not begun; None if it may be."""
        earlier = self._left_behind.get(level.key)
        if earlier is not None and not earlier.done():
            return f"{NAMES[level.name]} is busy with an earlier question"
        expected = self.costs.expected(level.key)
        if expected <= seconds:
            return None
        if time.monotonic() > self._started.get(level.key, 0.0) + RETRY_SECONDS:
            run = self._start(level)
            if run is not None:  # nobody waits for it
                self._left_behind[level.key] = run
                leave(run)
        return f"{NAMES[level.name]} takes about {_ms(expected)} and {_ms(seconds)} were left"

    def _start(self, level: Level[T]) -> "Future[T] | None":
        """In a thread that does nothing else; None once closed."""
        self._started[level.key] = time.monotonic()
        with self._lock:
            if self._closed:
                return None
            thread = next((thread for thread in self._threads if not thread.busy), None)
            if thread is None:
                thread = WorkThread(THREAD_NAME)
                self._threads.append(thread)
            return thread.start(partial(self._timed, level))

    def _unanswered(self, level: Level[Any], error: BaseException | None, seconds: float) -> str:
        """Why a level that was begun gave no answer."""
        if isinstance(error, InputError):
            raise error
        if error is None:
            return f"{NAMES[level.name]} took longer than the {_ms(seconds)} there were"
        log.error("%s failed", NAMES[level.name], exc_info=error)
        return f"{NAMES[level.name]} failed ({type(error).__name__}); see the log"


NAMES: dict[FallbackLevel, str] = {
    "full": "the whole product",
    "memory": "the whole product without the store",
    "counting": "the counting experts",
    "popularity": "popularity",
}


def _ms(seconds: float) -> str:
    return f"{max(seconds, 0) * 1000:.0f} ms"
