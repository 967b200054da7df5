"""Lists to compute in; who may begin out: at most as many at once as there are cores, and whoever
has used least lately comes first.

All that computes shares one interpreter: more at once would only make each slower, and the event
loop that answers everybody too. While others ask as well, who computes already or has computed much
lately never has the last slot: somebody who asks for a thousand explained items without a pause
takes nobody's turn but their own.
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

MEMORY_SECONDS = 10.0
"""After so long about a third (1/e) of what somebody has used still counts."""
HEAVY_SECONDS = 0.5
"""Who has used more than that lately is kept from the last slot."""
MIN_USED_SECONDS = 1e-3
"""What counts less is forgotten."""
MAX_SLOTS = 4
"""At most, on however many cores: beyond, the lock of the interpreter is what all wait for."""
MAX_OWNERS = 4_096
"""Owners after which what is forgotten is cleared away."""


@dataclass(eq=False)
class Slot:
    """Leave to compute, once it is granted."""

    owner: str | None
    turn: threading.Event = field(default_factory=threading.Event)
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
        if not slot.turn.wait(timeout):
            with self._lock:
                if not slot.granted:
                    self._waiting.remove(slot)
        start = self._clock()
        try:
            yield slot
        finally:
            if slot.granted:
                self._leave(slot, start)

    def used(self, owner: str | None) -> float:
        """Seconds that somebody has computed lately, older ones counting less."""
        if owner is None or owner not in self._used:
            return 0.0
        seconds, moment = self._used[owner]
        return seconds * math.exp((moment - self._clock()) / MEMORY_SECONDS)

    def _grant(self) -> None:
        """Slots that are free go to those who have used least, the earliest first among equals."""
        while len(self._running) < self.slots:
            is_last = self.slots > 1 and len(self._running) == self.slots - 1
            waiting = [slot for slot in self._waiting if not (is_last and self._is_heavy(slot))]
            if not waiting:
                return
            slot = min(waiting, key=lambda waiting: self.used(waiting.owner))
            self._waiting.remove(slot)
            self._running.append(slot)
            slot.turn.set()

    def _is_heavy(self, slot: Slot) -> bool:
        """Whether whoever waits for this slot leaves the last one to others."""
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
            self._note(slot.owner, self._clock() - start)
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
