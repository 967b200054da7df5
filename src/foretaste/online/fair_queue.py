"""Lists to compute in; who may begin out: at most as many at once as there are cores, and whoever
has used least lately comes first.

All that computes shares one interpreter: more at once would only make each slower, and the event
loop that answers everybody too. So another is begun beside what computes only when that takes
longer than lists usually do: two that take turns cost a tenth more (docs/decisions/0075).

While others ask as well, who computes already or has computed much lately never has the last slot,
and has another while others compute only after a pause: somebody who asks for a thousand explained
items again and again takes nobody's turn but their own. Nor do they keep the interpreter busy:
after each such turn all of them rest twice as long as it took.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from foretaste.domain.cores import core_count
from foretaste.domain.thread_limits import one_thread_products

MEMORY_SECONDS = 10.0
"""After so long about a third (1/e) of what somebody has used still counts."""
HEAVY_SECONDS = 0.5
"""Who has used more than that lately, while others ask too, comes after them."""
HEAVY_PAUSE = 0.15
"""Seconds after which they compute all the same, beside others, if not in the last slot."""
HEAVY_REST = 2.0
"""So many times what a turn of theirs has taken, none of them computes, while others ask too."""
MAX_HEAVY_REST = 2.0
"""Seconds of that at most."""
MIN_USED_SECONDS = 1e-3
"""What counts less is forgotten."""
OVERLAP_SECONDS = 0.03
"""So long one computes alone."""
MAX_SLOTS = 4
"""At most, on however many cores: beyond, the lock of the interpreter is what all wait for."""
MAX_OWNERS = 4_096
"""Owners after which what is forgotten is cleared away."""


@dataclass(eq=False)
class Slot:
    """Leave to compute, once it is granted."""

    owner: str | None
    turn: threading.Event = field(default_factory=threading.Event)
    is_heavy: bool = False
    """Whether it went to somebody who has used much."""
    has_paused: bool = False
    granted_at: float = math.inf
    runs: list[Future[Any]] = field(default_factory=list)
    """What still computes when whoever asked has left."""

    @property
    def granted(self) -> bool:
        """Whether it came in time."""
        return self.turn.is_set()

    def hold_until(self, run: Future[Any]) -> None:
        """Others have the slot only when this has ended too."""
        self.runs.append(run)


class FairQueue:
    """Slots that compute, and who waits for one. Safe to share between threads."""

    def __init__(
        self, slots: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.slots = slots or min(max(2, core_count()), MAX_SLOTS)
        self._clock = clock
        self._lock = threading.Lock()
        self._running: list[Slot] = []
        self._waiting: list[Slot] = []
        self._used: dict[str, tuple[float, float]] = {}  # owner → (seconds, as of when)
        self._heavy_from = -math.inf  # when whoever has used much may compute again

    @contextmanager
    def slot(self, owner: str | None, timeout: float | None) -> Iterator[Slot]:
        """A slot, which is not granted where none came free in time.

        owner: whose question it is; None is nobody in particular, who has used nothing.
        timeout: seconds; None waits as long as it takes.
        """
        slot = Slot(owner)
        with self._lock:
            self._waiting.append(slot)
            self._grant()
        self._wait(slot, timeout)
        start = self._clock()
        try:
            with one_thread_products():
                yield slot
        finally:
            if slot.granted:
                self._leave(slot, start)

    def _wait(self, slot: Slot, timeout: float | None) -> None:
        """Until it is granted, or the time is over; now and then a pause or a rest has ended."""
        seconds_left, waited = math.inf if timeout is None else timeout, 0.0
        while True:
            pause = min(self._pause_of(slot), seconds_left)
            if slot.turn.wait(pause):
                return
            waited, seconds_left = waited + pause, seconds_left - pause
            with self._lock:
                slot.has_paused = waited >= HEAVY_PAUSE
                self._grant(OVERLAP_SECONDS if seconds_left > 0 else 0.0)
                if seconds_left <= 0:
                    if not slot.granted:
                        self._waiting.remove(slot)
                    return

    def _pause_of(self, slot: Slot) -> float:
        """After so long it is looked at what may begin; the first who wait do so for all."""
        is_first = slot in self._waiting[: self.slots - 1]
        return OVERLAP_SECONDS if is_first else HEAVY_PAUSE

    def used(self, owner: str | None) -> float:
        """Seconds that somebody has computed lately, older ones counting less."""
        if owner is None or owner not in self._used:
            return 0.0
        seconds, moment = self._used[owner]
        return seconds * math.exp((moment - self._clock()) / MEMORY_SECONDS)

    def _grant(self, alone_seconds: float = OVERLAP_SECONDS) -> None:
        """Slots that are free go to those who have used least, the earliest first among equals."""
        while self._may_begin(alone_seconds):
            light = [slot for slot in self._waiting if not self._is_heavy(slot)]
            heavy = [slot for slot in self._waiting if slot not in light]
            is_last = self.slots > 1 and len(self._running) == self.slots - 1
            if is_last or self._clock() < self._heavy_from:
                heavy = []
            elif light or not all(slot.is_heavy for slot in self._running):
                heavy = [slot for slot in heavy if slot.has_paused]
            if not light and not heavy:
                return
            slot = min(light or heavy, key=lambda waiting: self.used(waiting.owner))
            slot.is_heavy = slot in heavy
            self._waiting.remove(slot)
            self._running.append(slot)
            slot.granted_at = self._clock()
            slot.turn.set()

    def _may_begin(self, alone_seconds: float) -> bool:
        """Whether a slot is free, and whoever holds another has computed alone for so long."""
        latest_start = self._clock() - alone_seconds
        is_free = len(self._running) < self.slots
        return is_free and all(slot.granted_at <= latest_start for slot in self._running)

    def _is_heavy(self, slot: Slot) -> bool:
        """Whether whoever waits for this slot comes after others."""
        owner = slot.owner
        computes = any(running.owner == owner for running in self._running)
        if owner is None or not (computes or self.used(owner) > HEAVY_SECONDS):
            return False
        return any(name != owner and self.used(name) > MIN_USED_SECONDS for name in self._used)

    def _leave(self, slot: Slot, start: float) -> None:
        """Give the slot back, when the last of its runs has ended."""
        run = next((run for run in slot.runs if not run.done()), None)
        if run is not None:
            run.add_done_callback(lambda _: self._leave(slot, start))
            return
        with self._lock:
            seconds = self._clock() - start
            self._note(slot.owner, seconds)
            if slot.is_heavy:
                rest_seconds = min(HEAVY_REST * seconds, MAX_HEAVY_REST)
                self._heavy_from = max(self._heavy_from, self._clock() + rest_seconds)
            self._running.remove(slot)
            self._grant()

    def _note(self, owner: str | None, seconds: float) -> None:
        if owner is None:
            return
        self._used[owner] = self.used(owner) + seconds, self._clock()
        if len(self._used) > MAX_OWNERS:
            self._used = {
                name: usage
                for name, usage in self._used.items()
                if self.used(name) >= MIN_USED_SECONDS
            }
