"""A time budget and ways to answer, the best first, in; the best answer that is there in time out.

Which way is taken is decided beforehand, by what each has cost lately and by the time that is left:
what cannot finish is not begun. Should one take longer than ever before, it is left behind and the
next is taken; it ends on its own, its result is thrown away and its cost is remembered. A way that
was found too slow is tried again now and then beside an answer, so that one slow moment is not for
ever. The last way is always taken: it must be quick.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from foretaste.domain.data import Rung
from foretaste.errors import InputError
from foretaste.online.model import Readers

log = logging.getLogger(__name__)

T = TypeVar("T")

KEPT = 9
"""Durations from which the cost of a way is told: their median."""
SAFETY = 1.25
"""How much longer than its usual cost a way must be able to take."""
AGAIN = 5.0
"""Seconds after which one that is too slow is tried again, beside an answer."""
MARGIN = 0.002
"""Seconds that writing the answer takes."""
UNKNOWN, PART = 0.03, 0.25
"""Seconds, and the share of what is left, that are at most kept for a way below that was never
taken: one above it that turns out to be slow must not leave it without any."""
PATIENCE = 5.0
"""Seconds that closing waits for work under way."""
CLOSED = "the workspace is closed"


class Budget:
    """How much time an answer may take, from now on."""

    def __init__(
        self, milliseconds: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limited = milliseconds is not None
        self._clock = clock
        self._end = clock() + (milliseconds or 0) / 1000

    def left(self) -> float:
        """Seconds; below 0 when it is over."""
        return self._end - self._clock() if self.limited else float("inf")


class Costs:
    """What each way has cost lately."""

    def __init__(self) -> None:
        self._seconds: dict[Hashable, deque[float]] = {}

    def note(self, way: Hashable, seconds: float) -> None:
        """One more duration."""
        self._seconds.setdefault(way, deque(maxlen=KEPT)).append(seconds)

    def expected(self, way: Hashable, unknown: float = 0.0) -> float:
        """Seconds; 0 where nothing is known yet, so that it is tried, or `unknown`."""
        found = sorted(self._seconds.get(way, ()))
        return SAFETY * found[(len(found) - 1) // 2] if found else unknown


@dataclass(frozen=True)
class Way(Generic[T]):
    """One way to answer."""

    rung: Rung
    work: Callable[[], T]
    kind: Hashable = ()
    """What its cost depends on besides, e.g. whether terms are explained."""

    @property
    def key(self) -> Hashable:
        """What its cost is kept under."""
        return (self.rung, self.kind)


@dataclass
class _Run:
    """Work under way in the other thread."""

    work: Callable[[], Any]
    note: Callable[[float], None]
    readers: Readers
    done: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None

    def __call__(self) -> None:
        began = time.perf_counter()
        try:
            self.result = self.work()
        except BaseException as error:  # told where it is waited for
            self.error = error
        self.note(time.perf_counter() - began)
        self.readers.leave()
        self.done.set()


class _Lane:
    """The thread of one way. What it was left with it ends first.

    Between two runs it holds neither: a run holds the whole model.
    """

    def __init__(self, name: str) -> None:
        self._runs: queue.SimpleQueue[_Run | None] = queue.SimpleQueue()  # None ends the thread
        self._done: threading.Event | None = None  # of the newest run
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self._done is not None and not self._done.is_set()

    def start(self, run: _Run) -> None:
        self._done = run.done
        self._runs.put(run)

    def close(self) -> None:
        self._runs.put(None)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _work(self) -> None:
        while (run := self._runs.get()) is not None:
            run()
            del run


class Ladder:
    """Ways are tried one after another, each in a thread that can be left behind."""

    def __init__(self) -> None:
        self.costs = Costs()
        self._lanes: dict[Rung, _Lane] = {}
        self._tried: dict[Hashable, float] = {}
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """End the threads, and wait a little for what is under way in them.

        Who asks later has the last way.
        """
        with self._lock:
            self._closed = True
            lanes = list(self._lanes.values())
            self._lanes = {}
        for lane in lanes:
            lane.close()
        end = time.monotonic() + PATIENCE
        for lane in lanes:
            lane.join(max(end - time.monotonic(), 0))

    def climb(
        self, ways: Sequence[Way[T]], budget: Budget, readers: Readers | None = None
    ) -> tuple[Rung, T, str | None]:
        """(the way taken, what it found, why no better one was).

        Without a limit the first way is taken, however long it takes. With one, a way that fails is
        left for the next; an InputError is the caller's and is raised.

        readers: of the model that the ways read; a run is among them until it ends, also when it is
        left behind.
        """
        if not budget.limited:
            return ways[0].rung, self._inline(ways[0]), None
        readers = readers or Readers()
        *better, last = ways
        why: str | None = None
        for place, way in enumerate(better, 1):
            unknown = min(UNKNOWN, PART * budget.left())
            kept = sum(self.costs.expected(one.key, unknown) for one in ways[place:-1])
            kept += self.costs.expected(last.key)
            left = budget.left() - kept - MARGIN
            told = self._hopeless(way, left, readers)
            if told is None:
                run = self._start(way, readers)
                if run is None:
                    told = CLOSED
                elif run.done.wait(max(left, 0)):
                    if run.error is None:
                        return way.rung, run.result, why
                    told = self._failed(way, run.error)
                else:
                    told = f"{NAMES[way.rung]} took longer than the {_ms(left)} there were"
            why = why or told
        return last.rung, self._inline(last), why

    def _inline(self, way: Way[T]) -> T:
        began = time.perf_counter()
        found = way.work()
        self.costs.note(way.key, time.perf_counter() - began)
        return found

    def _hopeless(self, way: Way[Any], left: float, readers: Readers) -> str | None:
        """Why a way is not begun; None if it may be."""
        lane = self._lanes.get(way.rung)
        if lane is not None and lane.busy:
            return f"{NAMES[way.rung]} is busy with an earlier question"
        expected = self.costs.expected(way.key)
        if expected <= left:
            return None
        if time.monotonic() > self._tried.get(way.key, 0.0) + AGAIN:
            self._start(way, readers)  # nobody waits for it
        return f"{NAMES[way.rung]} takes about {_ms(expected)} and {_ms(left)} were left"

    def _start(self, way: Way[Any], readers: Readers) -> _Run | None:
        """In the thread of this way; None once closed."""
        self._tried[way.key] = time.monotonic()
        run = _Run(way.work, partial(self.costs.note, way.key), readers)
        with self._lock:
            if self._closed:
                return None
            if way.rung not in self._lanes:
                self._lanes[way.rung] = _Lane(way.rung)
            readers.enter()  # before the caller gives its turn to whoever changes the model
            self._lanes[way.rung].start(run)
        return run

    def _failed(self, way: Way[Any], error: BaseException) -> str:
        if isinstance(error, InputError):
            raise error
        log.error("%s failed", NAMES[way.rung], exc_info=error)
        return f"{NAMES[way.rung]} failed ({type(error).__name__}); see the log"


NAMES: dict[Rung, str] = {
    "full": "the whole product",
    "memory": "the whole product without the store",
    "counting": "the counting experts",
    "popularity": "popularity",
}


def _ms(seconds: float) -> str:
    return f"{max(seconds, 0) * 1000:.0f} ms"
