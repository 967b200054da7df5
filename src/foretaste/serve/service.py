"""In: a folder. Out: the workspace in it, opened, warmed up, and able to say why it cannot answer.

The server listens from the start: it takes events before there is a model, and says that it is not
ready for anything else. `start` warms up in a thread of its own.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from foretaste.behaviour.batch import IngestSummary
from foretaste.behaviour.ingest import Ingestor
from foretaste.behaviour.keys import DEFAULT_TENANT
from foretaste.consume.consumer_status import consumer_gauges
from foretaste.converse.conversation import Chat, open_chat
from foretaste.domain.data import Recommendation, Request
from foretaste.domain.patience import current_patience
from foretaste.errors import ForetasteError, StoreBusy, StoreError
from foretaste.feedback.attribution import attribute_events
from foretaste.language.open import REHEARSAL_QUERY
from foretaste.loop import Foretaste
from foretaste.online.fallback import Budget
from foretaste.online.generation import Generation
from foretaste.online.list_health import checks_of
from foretaste.online.manager import NO_MODEL
from foretaste.online.why_not import WhyNot
from foretaste.serve.http import logs
from foretaste.serve.http.metrics import TenantMetrics
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.user_access import UserAccess
from foretaste.serve.promotions import (
    pending_promotion,
    share_gauges,
    substitute_reason,
    trial_content,
)
from foretaste.serve.rehearsal import is_rehearsal
from foretaste.serve.warm_up import try_to_warm_up_language, warm_up_lists
from foretaste.training.erasure_receipt import ErasureReceipt
from foretaste.worker import TrainingOutcome
from foretaste.workspace.tenants import claim

log = logging.getLogger("foretaste.serve")

NOT_LOADED = "the model and the language model are being loaded; ask again in a second"
CLOSING = "the service is being closed; ask again in a moment"
CLOSE_TIMEOUT = 5.0
"""Seconds that closing waits for what is under way in a thread."""
CACHE_KIB = 8_192
"""KiB of pages of SQLite that each connection keeps: the inner ones of the indexes."""
LIMITS_SECONDS = 5.0
"""Seconds that the first answer waits until it is known what people do not want to be shown; of a
very long log that is read on beside the answers."""
PROMOTION_POLL_SECONDS = 1.0
"""Seconds between two looks whether another model version was promoted."""
LOADING_MS = 1000
"""For a question that has the promoted version loaded, beside the one that answers."""
RETRY_SECONDS = 5.0
"""Seconds after which a model that could not be loaded is tried again."""
MAX_EVENT_LAG = 10_000
"""Events that a process may be behind and still answer."""


class Service:
    """One workspace and whether it can answer. Used by all requests at once."""

    def __init__(
        self,
        folder: Path,
        *,
        tenant: str = DEFAULT_TENANT,
        metrics: TenantMetrics | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._tenant, self._metrics, self._clock = folder, tenant, metrics, clock
        self._open_lock = threading.Lock()
        self._workspace: Foretaste | None = None
        self._ingestor: Ingestor | None = None
        self._chat: Chat | None = None
        self._is_ready = self._is_closed = self._can_answer = False
        self.rehearse: Callable[[Foretaste], None] | None = None  # through all layers
        self._failure: str | None = None  # what the last attempt to warm up ran into
        self._public_failure = NOT_LOADED  # what callers are told of it
        self._failed_at = 0.0  # when, on the monotonic clock
        self._item_count: tuple[int, int] | None = None  # at which revision, and how many items
        self._warmer: threading.Thread | None = None
        self._watcher: threading.Thread | None = None
        self._stop_event = threading.Event()

    def start(self) -> None:
        """Begin to warm up, unless that is under way, and to watch for promotions."""
        with self._open_lock:
            if self._watcher is None:
                self._watcher = threading.Thread(
                    target=self._watch_models, name="watch-models", daemon=True
                )
                self._watcher.start()
            if self._warmer is None or not self._warmer.is_alive():
                self._warmer = threading.Thread(target=self._warm_up, name="warm-up", daemon=True)
                self._warmer.start()

    def stop(self) -> None:
        """Begin nothing more, and break off what is read for the first answer."""
        self._stop_event.set()

    def close(self) -> None:
        """Let go of the workspace, for good."""
        self.stop()
        for thread in (self._watcher, self._warmer):
            if thread is not None:
                thread.join(CLOSE_TIMEOUT)
        with self._open_lock:
            self._is_closed = True
            if self._chat is not None:
                self._chat.close()
            if self._workspace is not None:
                self._workspace.close()
                self._workspace.data_encoder.close()
            self._workspace = self._ingestor = self._chat = None

    def now(self) -> float:
        """The present, in seconds since 1970."""
        return self._clock()

    @property
    def workspace(self) -> Foretaste:
        """The workspace, opened when first needed: a database that is away may come back."""
        if not self._open_lock.acquire(timeout=current_patience().lock):
            raise StoreBusy("the store is still being opened; ask again in a moment")
        try:
            if self._is_closed:
                raise StoreError(CLOSING)
            if self._workspace is None:
                loop = Foretaste.open(self._folder, progress=self._go_on)
                try:
                    claim(loop.store, self._tenant)
                except BaseException:
                    loop.close()
                    raise
                loop.store.limit_cache(CACHE_KIB)
                self._workspace = loop
            return self._workspace
        finally:
            self._open_lock.release()

    def _go_on(self, task: str, done: int, total: int, note: str = "") -> None:
        """Called between two parts of long work. Raises StoreError once it is to end."""
        if self._stop_event.is_set():
            raise StoreError(CLOSING)

    @property
    def chat(self) -> Chat:
        """The conversations. Raises `ProblemError` while the model is being loaded."""
        self._check_ready()
        if self._chat is None:
            self._chat = open_chat(self.workspace)
        return self._chat

    @property
    def ingestor(self) -> Ingestor:
        """The way in for events and items."""
        workspace = self.workspace
        if self._ingestor is None:
            self._ingestor = Ingestor(
                workspace.store,
                workspace.config.behaviour,
                partial(attribute_events, find_served=workspace.recommendation_log.get),
            )
        return self._ingestor

    def record(self, rows: Sequence[Any], access: UserAccess, owner: str | None) -> IngestSummary:
        """Take in events, durable when this returns, and count them. owner: of their ids."""
        refusal = access.refusal
        summary = self.ingestor.events(rows, self.now(), refuse_user=refusal, id_owner=owner)
        if summary.returns:
            self.workspace.returned_counts.follow()
        if self._metrics is not None:
            self._metrics.record_events(
                accepted=summary.accepted,
                duplicates=summary.duplicates,
                rejected=len(summary.rejected),
                last_event=self._newest_event() if summary.accepted else 0,
            )
        return summary

    def erase(self, user: str) -> ErasureReceipt:
        """Forget a person, as the workspace does; the versions that do not answer count anew beside
        the answers, and the receipt says so.
        """
        self.workspace.recommendation_log.flush()
        return self.workspace.recounter.erase(user, is_served=True)

    def _newest_event(self) -> int:
        """The number of the newest event. What was taken is taken, also if this cannot be told."""
        try:
            return self.workspace.store.last_event_number()
        except StoreError:
            return 0

    def recommend(self, request: Request) -> Recommendation:
        """The list. Raises `ProblemError` while the model is being loaded."""
        recommendation = self.ready_workspace.recommend(request)
        self.note_answer(recommendation)
        return recommendation

    def generate(self, request: Request) -> Generation:
        """What is imagined, the list, and words that are still being written; as `recommend`."""
        generation = self.ready_workspace.generate(request)
        self.note_answer(generation.recommendation)
        return generation

    def why_not_recommended(self, item: str, request: Request) -> WhyNot:
        """Why the item is not in that list."""
        return self.ready_workspace.why_not(item, request)

    @property
    def ready_workspace(self) -> Foretaste:
        """For what needs the model. Raises `ProblemError` while that is being loaded."""
        self._check_ready()
        return self.workspace

    def note_answer(self, recommendation: Recommendation) -> None:
        """For the log and the metrics."""
        if is_rehearsal.get():
            return
        logs.add_fields(
            model_version=recommendation.model_version,
            fallback_level=recommendation.fallback_level,
            rung=recommendation.fallback_level,  # its old name, for one release
        )
        if self._metrics is not None:
            self._metrics.record_answer(recommendation.fallback_level, self.workspace.learnt)
        self._is_ready = True

    def _check_ready(self) -> None:
        is_warming_up = self._warmer is not None and self._warmer.is_alive()
        if is_warming_up and not (self._is_ready or self._can_answer) and self._has_model():
            raise ProblemError(
                "not-ready",
                self._failure or NOT_LOADED,
                headers={"Retry-After": "1"},
                public_detail=self._public_failure,
            )

    def _has_model(self) -> bool:
        """Whether there is one to wait for; without any, the workspace says so at once."""
        return bool(self.workspace.models.serving_order())

    def not_ready_reason(self) -> str | None:
        """Why it cannot answer, in words; None if it can."""
        try:
            workspace = self.workspace
            if self._is_ready and workspace.outage.reason is not None:
                return None  # it answers, if only from memory
            workspace.store.check()
            if not workspace.models.serving_order():
                return NO_MODEL
            if self._is_ready:
                return self._lag_reason(workspace)
        except ForetasteError as error:
            return None if self.degraded_reason() else str(error)
        if self._failure is None or time.monotonic() > self._failed_at + RETRY_SECONDS:
            self.start()
        return self._failure or NOT_LOADED

    def degraded_reason(self) -> str | None:
        """Why lists come from memory now; None where they come as they should, or not at all."""
        if not self._is_ready or self._workspace is None:
            return None
        outage = self._workspace.outage
        if outage.reason is None:
            try:
                self._workspace.store.log_position()
            except StoreError as error:
                outage.begin(error)
        return outage.reason and f"{outage.reason}. Lists come from memory; no event can be taken"

    def _lag_reason(self, workspace: Foretaste) -> str | None:
        lag = workspace.store.last_event_number() - workspace.learnt
        if lag <= MAX_EVENT_LAG:
            return None
        self.start()  # nobody asks a process that is not ready: it must catch up by itself
        return f"catching up: about {lag:,} events are to be learnt; ask again in a second"

    def gauges(self) -> Mapping[str, float]:
        """What is looked up for the metrics."""
        workspace = self.workspace
        gauges = {
            "foretaste_ready": float(self._is_ready),
            "foretaste_items": float(self._count_items(workspace)),
        }
        serving_model = workspace.manager.answering
        if serving_model is not None:
            lag = workspace.store.last_event_number() - workspace.learnt
            substituted = float(workspace.manager.instead is not None)
            gauges |= {
                "foretaste_model_age_seconds": self._clock() - serving_model[1],
                "foretaste_model_substituted": substituted,
                "foretaste_model_instead": substituted,
                "foretaste_event_lag": float(lag),
            }
        outcome = TrainingOutcome.last(workspace.store)
        if outcome is not None:
            gauges |= outcome.gauges(self._clock())
        gauges |= share_gauges(workspace.models) | workspace.slates.exposure.gauges()
        return gauges | consumer_gauges(workspace.store, self._clock())

    def _count_items(self, workspace: Foretaste) -> int:
        """How many items there are, counted where one has changed since."""
        _, revision = workspace.store.log_position()
        if self._item_count is None or self._item_count[0] != revision:
            self._item_count = revision, workspace.store.item_count()
        return self._item_count[1]

    def readiness(self) -> dict[str, Any]:
        """How it answers, with which model, how old it is, what is wrong with its lists, and what
        the worker last came to.
        """
        workspace, degraded_reason = self.workspace, self.degraded_reason()
        content: dict[str, Any] = {"status": "ready"}
        if degraded_reason is not None:
            content = {"status": "degraded", "reason": degraded_reason, "why": degraded_reason}
        serving_model, substitute = workspace.manager.answering, substitute_reason(workspace)
        if serving_model is not None:
            age = round(self._clock() - serving_model[1], 1)
            content["model"] = {"version": serving_model[0], "age_seconds": age}
            if substitute is not None:
                content["model"]["instead"] = substitute
            warnings = checks_of(workspace.models, serving_model[0])
            if warnings is not None:
                content["model"]["warnings"] = warnings
            content["model"] |= trial_content(workspace)
        outcome = None if degraded_reason else TrainingOutcome.last(workspace.store)
        if outcome is not None:
            content["worker"] = outcome.readiness(self._clock())
        return content

    def _watch_models(self) -> None:
        """Take in what is promoted, also while nobody asks."""
        while not self._stop_event.wait(PROMOTION_POLL_SECONDS):
            try:
                self._load_promoted()
            except ForetasteError:
                continue  # said by /readyz and by the next answer; the next look tries again
            except Exception:  # a thread that dies would take in nothing any more
                log.exception("while looking for another model version")

    def _load_promoted(self) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        workspace.models.follow()
        if (
            not self._is_ready
            and self._failure is None
            and workspace.models.live_name() is not None
        ):
            self.start()  # the first model there is
        elif self._is_ready and pending_promotion(workspace) is not None:
            workspace.manager.newest(Budget(LOADING_MS))  # has it loaded beside the other

    def _warm_up(self) -> None:
        """Answer one question, so that the first person need not wait for what it loads."""
        start_time = time.perf_counter()
        try:
            self.workspace.recounter.resume()  # an erasure may have been cut short
            if not self.workspace.models.serving_order():
                return
            self.workspace.manager.waits_for_items = False
            self.workspace.outage.limits.follow()
            snapshot = self.workspace.catch_up()
            context = self.workspace.slates.user_context(Request(query=REHEARSAL_QUERY), snapshot)
            # words count until the encoder is there; also those that nobody writes so
            snapshot.product.fast_product().rehearse(context, 1, len(snapshot.catalogue))
            warm_up_lists(self.workspace)
            self._can_answer = True
            if self.rehearse is not None:
                self.rehearse(self.workspace)
            self.workspace.outage.limits.wait_until_known(LIMITS_SECONDS)
        except ForetasteError as error:
            self._fail(str(error), error.public_text())
        except Exception as error:  # told by /readyz; a thread that dies would tell nobody
            log.exception("while loading")
            self._fail(f"{type(error).__name__} while loading; see the service's log")
        else:
            self._is_ready, self._failure, self._public_failure = True, None, NOT_LOADED
            log.info("ready after %.1f s", time.perf_counter() - start_time)
            try_to_warm_up_language(self.workspace, self._stop_event)

    def _fail(self, reason: str, public_reason: str = ForetasteError.PUBLIC_TEXT) -> None:
        if self._stop_event.is_set():
            return
        if reason != self._failure:  # else it has been told, and is tried again every few seconds
            log.error("not ready: %s", reason)
        self._failure, self._failed_at = reason, time.monotonic()
        self._public_failure = public_reason
