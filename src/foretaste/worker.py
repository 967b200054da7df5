"""The worker: a workspace in, its new items read and its model kept fresh out.

It trains beside the service, compares what it trained with what answers, on the newest events and
by the lists that people would get, and promotes it only if it is not worse. No event of the
comparison was known to either model when it was trained: the newest events are set aside before the
training, none of them older than the live model or than an earlier comparison.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from foretaste.behaviour.lock import Lock
from foretaste.cluster.ray_cluster import engaged
from foretaste.domain.data import Item, UserContext
from foretaste.domain.store import FactStore
from foretaste.errors import Busy, ForetasteError, ModelError
from foretaste.feedback.online_learning import TrainingExample
from foretaste.loop import Foretaste
from foretaste.model.artefacts import ModelVersion
from foretaste.online.list_health import look_at_lists
from foretaste.online.snapshot import Snapshot
from foretaste.training.gate import ModelComparison, compare_models
from foretaste.training.retention import (
    APPLY_EVERY_SECONDS,
    RetentionOutcome,
    apply_retention,
)

log = logging.getLogger("foretaste.worker")

OUTCOME_FACT = "worker"
"""Under this name the store says what the last training came to."""
LOG_FACT = "worker:log"
"""Under this name it keeps what the last trainings came to."""
MAX_LOGGED_TRAININGS = 50
PLAN_FACT = "worker:plan"
"""Under this name the store says what the training under way learns from."""
COMPARISON_SHARE = 0.2
"""Of what was taken since the last time, how much is set aside to compare on."""
ITEMS_PER_READ = 5000
"""Items read between two looks at whether to stop."""

OutcomeStatus = Literal["promoted", "refused", "failed"]
OUTCOME_STATUSES: tuple[OutcomeStatus, ...] = get_args(OutcomeStatus)


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training came to."""

    at: float
    """When it ended, seconds since 1970."""
    what: OutcomeStatus
    why: str
    event: int
    """The number of the newest event that was looked at; the next comparison is past it."""
    candidate: str | None = None
    live: str | None = None
    """The version that answered before."""
    figures: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def last(cls, store: FactStore) -> "TrainingOutcome | None":
        """The newest one of a workspace; None also where another version of Foretaste wrote it."""
        outcome_json = store.meta_text(OUTCOME_FACT)
        try:
            return None if outcome_json is None else cls(**json.loads(outcome_json))
        except (TypeError, ValueError):
            return None

    @classmethod
    def log(cls, store: FactStore) -> "list[TrainingOutcome]":
        """What the last trainings of a workspace came to, the newest first."""
        try:
            return [cls(**fields) for fields in json.loads(store.meta_text(LOG_FACT) or "[]")]
        except (TypeError, ValueError):
            return []

    def save(self, store: FactStore) -> None:
        """Keep it as the last one, and in the log."""
        outcomes = [self, *self.log(store)][:MAX_LOGGED_TRAININGS]
        store.put_meta_text(LOG_FACT, json.dumps([asdict(outcome) for outcome in outcomes]))
        store.put_meta_text(OUTCOME_FACT, json.dumps(asdict(self)))

    def readiness(self, now: float) -> dict[str, Any]:
        """As `/readyz` says it. now: seconds since 1970."""
        age = round(now - self.at, 1)
        return {"outcome": self.what, "reason": self.why, "why": self.why, "age_seconds": age}

    def gauges(self, now: float) -> dict[str, float]:
        """As the metrics say it."""
        return {"foretaste_worker_seconds": now - self.at} | {
            f"foretaste_worker_outcome:{status}": float(self.what == status)
            for status in OUTCOME_STATUSES
        }


class Worker:
    """Keeps one workspace's model fresh."""

    def __init__(self, loop: Foretaste) -> None:
        self._loop, self._settings = loop, loop.config.worker
        self._retained_at = float("-inf")  # when old events were looked for
        self._read_revision = 0  # the newest revision of an item that has been read
        self._positive_event_types = [
            event_type for event_type, weight in loop.weights.items() if weight > 0
        ]

    @property
    def poll_interval(self) -> float:
        """Seconds between two looks."""
        return self._settings.poll_interval_seconds

    def close(self) -> None:
        """Let go of the workspace."""
        self._loop.close()

    def resume_erasures(self) -> None:
        """Go on with what an erasure before has left to do."""
        self._loop.recounter.resume()

    def lock(self, *, wait: bool = True) -> Lock:
        """Held by the one worker of the workspace."""
        return Lock(self._loop.store, "worker", lease=self._settings.lease_seconds, wait=wait)

    def read_new_items(self) -> int:
        """Have the language model read what is new: no question waits. → items looked at."""
        _, newest = self._loop.store.log_position()
        if newest <= self._read_revision:
            return 0
        with engaged(self._loop.cluster):
            return self._read_items_until(newest)

    def _read_items_until(self, newest: int) -> int:
        """newest: the number of the newest change of an item. → items looked at."""
        encoder = self._live_encoder()
        item_batch: list[Item] = []
        count = 0
        for revision, item in self._loop.store.items(after_revision=self._read_revision):
            item_batch.append(item)
            if len(item_batch) == ITEMS_PER_READ:
                self._loop.vectors(item_batch, encoder)
                count, item_batch = count + len(item_batch), []
                self._read_revision = revision
        if item_batch:
            self._loop.vectors(item_batch, encoder)
            count += len(item_batch)
        self._read_revision = newest
        return count

    def delete_old_events(self) -> RetentionOutcome | None:
        """Once an hour, what `behaviour.retention_days` has no longer. → None where it was not yet
        time, or nothing has an end.
        """
        now = self._loop.clock()
        if now < self._retained_at + APPLY_EVERY_SECONDS:
            return None
        self._retained_at = now
        return apply_retention(self._loop)

    def training_reason(self) -> str | None:
        """Why a model is to be trained now; None if none is."""
        store, settings = self._loop.store, self._settings
        now, last = self._loop.clock(), TrainingOutcome.last(store)
        if last is not None and 0 <= now - last.at < settings.cooldown_minutes * 60:
            return None
        live = self._live()
        if live is None:
            interaction_count = store.count_interactions(self._positive_event_types, 0)
            return (
                f"there is no model, and {interaction_count:,} events"
                if interaction_count
                else None
            )
        new_count = store.count_interactions(
            self._positive_event_types, self._first_unused_event(live, last)
        )
        if new_count < settings.min_compared_events:
            return None
        if settings.after_events and new_count >= settings.after_events:
            return f"{new_count:,} events are new"
        last_trained_at = live.created if last is None else max(last.at, live.created)
        if settings.every_hours and not 0 <= now - last_trained_at < settings.every_hours * 3600:
            return f"the model is {(now - live.created) / 3600:.1f} hours old"
        return None

    def train(self, lock: Lock) -> TrainingOutcome:
        """A new model, promoted if it is not worse; kept, and said in the store, in any case."""
        loop, store = self._loop, self._loop.store
        live, last = self._live(), TrainingOutcome.last(store)
        name = live.name if live else None
        used_event = last.event if last else 0  # a training that fails uses no events up
        outcome = TrainingOutcome(loop.clock(), "failed", "", used_event, live=name)
        try:
            cut, newest = self._training_plan(live, last)
            outcome = replace(outcome, event=newest)
            candidate = loop.candidate(cut)
            if live is None:
                outcome = replace(outcome, what="promoted", why="it is the first")
            else:
                comparison = self._compare_with_live(candidate, cut, newest)
                outcome = _with_verdict(outcome, comparison)
            outcome = replace(outcome, candidate=candidate.name)
            if outcome.what == "promoted":
                self._promote(candidate, lock)
        except Busy:
            raise
        except ForetasteError as error:
            outcome = replace(outcome, what="failed", event=used_event, why=str(error))
        except Exception as error:  # such as a full disk: the model that is there goes on answering
            log.exception("while training")
            error_text = f"{type(error).__name__}: {error}"
            outcome = replace(outcome, what="failed", event=used_event, why=error_text)
        outcome = replace(outcome, at=loop.clock())
        outcome.save(store)
        store.swap_meta_text(PLAN_FACT, store.meta_text(PLAN_FACT), None)
        level = logging.INFO if outcome.what == "promoted" else logging.WARNING
        log.log(level, "%s: %s", outcome.what, outcome.why)
        return outcome

    def _live(self) -> ModelVersion | None:
        """The version that answers; None where there is none, or it cannot be read any more."""
        models = self._loop.models
        try:
            name = models.live_name()
            return None if name is None else models.version(name)
        except ModelError as error:
            log.error("%s", error)
            return None

    def _first_unused_event(self, live: ModelVersion, last: TrainingOutcome | None) -> int:
        """The number past which no event was trained or compared on."""
        return max(int(live.data["event"]), last.event if last else 0)

    def _training_plan(
        self, live: ModelVersion | None, last: TrainingOutcome | None
    ) -> tuple[int, int]:
        """(train up to this number, compare up to that one).

        Kept while it is carried out: who comes after one that was killed goes on where it was.
        """
        store, name = self._loop.store, live.name if live else None
        stored_plan = json.loads(store.meta_text(PLAN_FACT) or "{}")
        if stored_plan and stored_plan["live"] == name:
            return int(stored_plan["cut"]), int(stored_plan["newest"])
        newest = store.last_event_number()
        cut = newest if live is None else self._comparison_start(live, last)
        store.put_meta_text(PLAN_FACT, json.dumps({"live": name, "cut": cut, "newest": newest}))
        return cut, newest

    def _comparison_start(self, live: ModelVersion, last: TrainingOutcome | None) -> int:
        """The number past which the events are set aside."""
        unused_event, settings = self._first_unused_event(live, last), self._settings
        new_count = self._loop.store.count_interactions(self._positive_event_types, unused_event)
        if new_count < settings.min_compared_events:
            raise ModelError(
                f"{new_count:,} events are new, and a comparison takes "
                f"{settings.min_compared_events:,} (worker.min_compared_events)"
            )
        comparison_count = min(
            max(int(COMPARISON_SHARE * new_count), settings.min_compared_events),
            settings.max_compared_events,
        )
        return self._loop.store.number_before_newest(
            self._positive_event_types, comparison_count, unused_event
        )

    def _compare_with_live(
        self, candidate: ModelVersion, cut: int, newest: int
    ) -> ModelComparison | None:
        """Against the live version; None where neither it nor one before it can be loaded."""
        loop = self._loop
        for name in loop.models.serving_order():
            try:
                live = loop.at_snapshot(name)
            except ModelError as error:  # as in the service, where the one before answers
                log.error("%s", error)
                continue
            candidate_model = loop.at_snapshot(loop.models.current_name(candidate.name))
            comparison = compare_models(
                candidate_model,
                live,
                loop.store,
                after_event=cut,
                until_event=newest,
                build_context=self._context_at_example,
                masked=loop.config.rank.hide_seen,
            )
            return replace(
                comparison,
                candidate_warnings=look_at_lists(loop, candidate_model).warnings,
                live_warnings=look_at_lists(loop, live).warnings,
            )
        return None

    def _live_encoder(self) -> str | None:
        """Who reads for what answers."""
        try:
            live = self._loop.models.live_name()
            return self._loop.models.version(live).data.get("encoder") if live else None
        except ModelError:  # whoever answers says so
            return None

    def _context_at_example(self, example: TrainingExample, live: Snapshot) -> UserContext:
        """As the person would have been known to the service at that moment."""
        user = self._loop.store.user(example.user_key[0]) if example.user_key[0] else None
        taste = user.attributes if user else {}
        return self._loop.listen(
            replace(example.user_context, now=example.at, taste=taste), live.encoder
        )

    def _promote(self, candidate: ModelVersion, lock: Lock) -> None:
        if not lock.confirm():
            raise Busy("another worker took over while this one trained; nothing is promoted")
        # an erasure may have written it anew meanwhile, under another name
        self._loop.models.promote(self._loop.models.current_name(candidate.name))
        self._loop.models.prune(self._loop.config.model.max_versions)
        self._loop.recounter.finish_training()


def _with_verdict(outcome: TrainingOutcome, comparison: ModelComparison | None) -> TrainingOutcome:
    if comparison is None:
        return replace(outcome, what="promoted", why="the model before it is damaged")
    rejection_reason = comparison.rejection_reason()
    return replace(
        outcome,
        what="promoted" if rejection_reason is None else "refused",
        why=rejection_reason or comparison.figures_text(),
        figures=comparison.figures(),
    )


class WorkspaceWorkers:
    """The workers of several workspaces in one process, each with its lock: one works at a time."""

    def __init__(
        self, workspace_names: Callable[[], Sequence[str]], open_worker: Callable[[str], Worker]
    ) -> None:
        self._workspace_names, self._open_worker = workspace_names, open_worker
        self._active_workers: dict[str, tuple[Worker, Lock]] = {}
        self._closing = threading.Event()

    def run(self, rounds: int | None = None) -> None:
        """Look at each again and again, until it is stopped by an exception; or so many times."""
        while rounds is None or rounds > 0:
            pause_seconds = 10.0
            for name in self._workspace_names():
                try:
                    pause_seconds = self._run_round(name)
                except Busy as error:
                    log.error("%s: %s", name, error)
                    self._release(name)
                except ForetasteError as error:  # a store that is away may come back
                    log.error("%s: %s", name, error)
            rounds = None if rounds is None else rounds - 1
            if rounds != 0:
                self._closing.wait(pause_seconds)

    def close(self) -> None:
        """Let somebody else have them."""
        for name in list(self._active_workers):
            self._release(name)

    def _run_round(self, name: str) -> float:
        """→ seconds until the next look."""
        if name not in self._active_workers:
            worker = self._open_worker(name)
            lock = worker.lock()
            self._active_workers[name] = worker, lock
            lock.acquire()
            worker.resume_erasures()
            log.info("%s: at work", name)
        worker, lock = self._active_workers[name]
        if not lock.confirm():
            raise Busy("the lock is lost; another worker may have it")
        worker.delete_old_events()
        read_count = worker.read_new_items()
        if read_count:
            log.info("%s: looked at %s new or changed items", name, f"{read_count:,}")
        training_reason = worker.training_reason()
        if training_reason is not None:
            log.info("%s: training, as %s", name, training_reason)
            worker.train(lock)
        return worker.poll_interval

    def _release(self, name: str) -> None:
        worker, lock = self._active_workers.pop(name)
        lock.release()
        worker.close()
