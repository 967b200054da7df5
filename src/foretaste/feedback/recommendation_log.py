"""Answers as they are served in, the same in the store a moment later out.

Writing costs a transaction, which no answer should wait for: a thread of its own writes whatever
has come together. Until then an answer is found here, so an event can be attributed to it at once.
A process that is killed loses those of its last moment (`WRITE_INTERVAL_SECONDS`); one that ends in
order loses none.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from foretaste.domain.data import LoggedRecommendation
from foretaste.domain.store import RecommendationStore
from foretaste.errors import StoreError

log = logging.getLogger(__name__)

WRITE_INTERVAL_SECONDS = 0.05
"""Seconds between two transactions, so that many answers share one."""
MAX_PENDING_ANSWERS = 50_000
"""Answers that wait for a store that is away; past it the oldest are given up."""
SECONDS_PER_DAY = 86_400.0
PRUNE_INTERVAL_SECONDS = 3600.0


class RecommendationLog:
    """What was served. Safe to share between threads."""

    def __init__(
        self, store: RecommendationStore, *, keep_days: float, clock: Callable[[], float]
    ) -> None:
        self._store, self._keep_seconds, self._clock = store, keep_days * SECONDS_PER_DAY, clock
        self._pending: dict[str, LoggedRecommendation] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._pruned_at = 0.0
        self.lost_count = 0
        """Given up because the store was away too long."""

    @property
    def pending_count(self) -> int:
        """Answers that wait to be written."""
        with self._lock:
            return len(self._pending)

    def add(self, served: LoggedRecommendation) -> None:
        """Keep an answer; it is in the store soon."""
        with self._lock:
            self._pending[served.id] = served
            if len(self._pending) > MAX_PENDING_ANSWERS:
                self._pending.pop(next(iter(self._pending)))
                self.lost_count += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="answers", daemon=True)
                self._thread.start()
        self._wake.set()

    def get(self, ids: Sequence[str]) -> dict[str, LoggedRecommendation]:
        """Those of the answers that are known, by id; also what another process served."""
        with self._lock:
            pending_answers = {
                recommendation_id: self._pending[recommendation_id]
                for recommendation_id in ids
                if recommendation_id in self._pending
            }
        stored_ids = [
            recommendation_id
            for recommendation_id in ids
            if recommendation_id not in pending_answers
        ]
        return (
            {**self._store.recommendations_by_id(stored_ids), **pending_answers}
            if stored_ids
            else pending_answers
        )

    def flush(self) -> None:
        """Write what waits. Raises StoreError where the store cannot take it."""
        with self._lock:
            pending_answers = list(self._pending.values())
        self._store.add_recommendations(pending_answers)
        with self._lock:  # only now: until it is in the store it must be found here
            for written_answer in pending_answers:
                self._pending.pop(written_answer.id, None)

    def close(self) -> None:
        """Write the rest and end."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.flush()
        except StoreError as error:
            log.error("%d answers were not kept: %s", len(self._pending), error)

    def _write(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                self.flush()
                self._prune()
            except StoreError as error:
                log.warning("answers wait for the store: %s", error)
                self._wake.set()  # again, after a pause
                self._closing.wait(1.0)
            except Exception:  # a thread that dies would keep no answer any more
                log.exception("while keeping answers")
                self._closing.wait(1.0)
            self._closing.wait(WRITE_INTERVAL_SECONDS)

    def _prune(self) -> None:
        now = self._clock()
        if now - self._pruned_at > PRUNE_INTERVAL_SECONDS:
            self._pruned_at = now
            self._store.delete_recommendations(now - self._keep_seconds)
