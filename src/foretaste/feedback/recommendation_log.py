"""Answers as they are served in, the same in the store a moment later out.

Writing costs a transaction, which no answer should wait for: a thread of its own writes whatever
has come together. Until then an answer is found here, so an event can be attributed to it at once.
A process that is killed loses those of its last moment, `EVERY`; one that ends in order loses none.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from foretaste.domain.data import Served
from foretaste.domain.store import RecommendationStore
from foretaste.errors import StoreError

log = logging.getLogger(__name__)

EVERY = 0.05
"""Seconds between two transactions, so that many answers share one."""
MOST = 50_000
"""Answers that wait for a store that is away; past it the oldest are given up."""
DAY = 86_400.0
PRUNE_EVERY = 3600.0


class AnswerLog:
    """What was served. Safe to share between threads."""

    def __init__(
        self, store: RecommendationStore, *, keep_days: float, clock: Callable[[], float]
    ) -> None:
        self._store, self._keep, self._clock = store, keep_days * DAY, clock
        self._waiting: dict[str, Served] = {}
        self._lock = threading.Lock()
        self._come = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._pruned = 0.0
        self.lost = 0
        """Given up because the store was away too long."""

    def add(self, served: Served) -> None:
        """Keep an answer; it is in the store soon."""
        with self._lock:
            self._waiting[served.id] = served
            if len(self._waiting) > MOST:
                self._waiting.pop(next(iter(self._waiting)))
                self.lost += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="answers", daemon=True)
                self._thread.start()
        self._come.set()

    def get(self, ids: Sequence[str]) -> dict[str, Served]:
        """Those of the answers that are known, by id; also what another process served."""
        with self._lock:
            found = {one: self._waiting[one] for one in ids if one in self._waiting}
        rest = [one for one in ids if one not in found]
        return {**self._store.served(rest), **found} if rest else found

    def flush(self) -> None:
        """Write what waits. Raises StoreError where the store cannot take it."""
        with self._lock:
            some = list(self._waiting.values())
        self._store.add_served(some)
        with self._lock:  # only now: until it is in the store it must be found here
            for one in some:
                self._waiting.pop(one.id, None)

    def close(self) -> None:
        """Write the rest and end."""
        self._ended.set()
        self._come.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.flush()
        except StoreError as error:
            log.error("%d answers were not kept: %s", len(self._waiting), error)

    def _write(self) -> None:
        while not self._ended.is_set():
            self._come.wait()
            self._come.clear()
            try:
                self.flush()
                self._prune()
            except StoreError as error:
                log.warning("answers wait for the store: %s", error)
                self._come.set()  # again, after a pause
                self._ended.wait(1.0)
            except Exception:  # a thread that dies would keep no answer any more
                log.exception("while keeping answers")
                self._ended.wait(1.0)
            self._ended.wait(EVERY)

    def _prune(self) -> None:
        now = self._clock()
        if now - self._pruned > PRUNE_EVERY:
            self._pruned = now
            self._store.forget_served(now - self._keep)
