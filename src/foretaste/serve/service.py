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

from foretaste.behaviour.batch import Taken
from foretaste.behaviour.ingest import Intake
from foretaste.behaviour.keys import DEFAULT
from foretaste.converse.chat import Chat, open_chat
from foretaste.domain.data import Recommendation, Request
from foretaste.errors import ForetasteError, ModelError, StoreError
from foretaste.feedback.attribution import attributed
from foretaste.language.open import forgetful
from foretaste.loop import Foretaste
from foretaste.online.fallback import Budget
from foretaste.online.generation import Generation
from foretaste.online.list_health import checks_of
from foretaste.online.manager import NO_MODEL
from foretaste.online.why_not import WhyNot
from foretaste.serve.http import logs
from foretaste.serve.http.metrics import Watch
from foretaste.serve.http.problems import Refused
from foretaste.training.recount import Receipt
from foretaste.worker import WHAT, Outcome
from foretaste.workspace.tenants import claim

log = logging.getLogger("foretaste.serve")

STARTING = "the model and the language model are being loaded; ask again in a second"
LOOK = 1.0
"""Seconds between two looks whether another model version was promoted."""
PATIENCE_MS = 1000
"""For a question that has the promoted version loaded, beside the one that answers."""
AGAIN = 5.0
"""Seconds after which a model that could not be loaded is tried again."""
BEHIND = 10_000
"""Events that a process may be behind and still answer."""


class Service:
    """One workspace and whether it can answer. Used by all requests at once."""

    def __init__(
        self,
        folder: Path,
        *,
        tenant: str = DEFAULT,
        watch: Watch | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._tenant, self._watch, self._clock = folder, tenant, watch, clock
        self._opening = threading.Lock()
        self._workspace: Foretaste | None = None
        self._intake: Intake | None = None
        self._chat: Chat | None = None
        self._ready = self._closed = False
        self._failure: str | None = None  # what the last attempt to warm up ran into
        self._failed = 0.0  # when, on the monotonic clock
        self._counted: tuple[int, int] | None = None  # at which revision, and how many items
        self._warming: threading.Thread | None = None
        self._watching: threading.Thread | None = None
        self._ending = threading.Event()

    def start(self) -> None:
        """Begin to warm up, unless that is under way, and to watch for promotions."""
        with self._opening:
            if self._watching is None:
                self._watching = threading.Thread(
                    target=self._watch_models, name="watch-models", daemon=True
                )
                self._watching.start()
            if self._warming is None or not self._warming.is_alive():
                self._warming = threading.Thread(target=self._warm, name="warm-up", daemon=True)
                self._warming.start()

    def close(self) -> None:
        """Let go of the workspace, for good."""
        self._ending.set()
        for thread in (self._watching, self._warming):
            if thread is not None:
                thread.join()
        with self._opening:
            self._closed = True
            if self._chat is not None:
                self._chat.close()
            if self._workspace is not None:
                self._workspace.close()
                self._workspace.reading.close()
            self._workspace = self._intake = self._chat = None

    def now(self) -> float:
        """The present, in seconds since 1970."""
        return self._clock()

    @property
    def workspace(self) -> Foretaste:
        """The workspace, opened when first needed: a database that is away may come back."""
        with self._opening:
            if self._closed:
                raise StoreError("the service is being closed; ask again in a moment")
            if self._workspace is None:
                opened = Foretaste.open(self._folder)
                try:
                    claim(opened.store, self._tenant)
                except BaseException:
                    opened.close()
                    raise
                self._workspace = opened
            return self._workspace

    @property
    def chat(self) -> Chat:
        """The conversations. Raises `Refused` while the model is being loaded."""
        self._check_ready()
        if self._chat is None:
            self._chat = open_chat(self.workspace)
        return self._chat

    @property
    def intake(self) -> Intake:
        """The way in for events and items."""
        workspace = self.workspace
        if self._intake is None:
            self._intake = Intake(
                workspace.store,
                workspace.config.behaviour,
                partial(attributed, served=workspace.recommendation_log.get),
            )
        return self._intake

    def record(self, rows: Sequence[Any]) -> Taken:
        """Take in events, durable when this returns, and count them."""
        taken = self.intake.events(rows, self.now())
        if self._watch is not None:
            self._watch.took(
                accepted=taken.accepted,
                known=taken.known,
                rejected=len(taken.rejected),
                last=self._newest() if taken.accepted else 0,
            )
        return taken

    def erase(self, user: str) -> Receipt:
        """Forget a person, as the workspace does; the versions that do not answer count anew beside
        the answers, and the receipt says so.
        """
        self.workspace.recommendation_log.flush()
        return self.workspace.settler.erase(user, others_soon=True)

    def _newest(self) -> int:
        """The number of the newest event. What was taken is taken, also if this cannot be told."""
        try:
            return self.workspace.store.last_event()
        except StoreError:
            return 0

    def recommend(self, request: Request) -> Recommendation:
        """The list. Raises `Refused` while the model is being loaded."""
        self._check_ready()
        answer = self.workspace.recommend(request)
        self._answered(answer)
        return answer

    def generate(self, request: Request) -> Generation:
        """What is imagined, the list, and words that are still being written; as `recommend`."""
        self._check_ready()
        found = self.workspace.generate(request)
        self._answered(found.recommendation)
        return found

    def absent(self, item: str, request: Request) -> WhyNot:
        """Why the item is not in that list."""
        self._check_ready()
        return self.workspace.why_not(item, request)

    def _answered(self, answer: Recommendation) -> None:
        logs.note(model_version=answer.model_version, rung=answer.rung)
        if self._watch is not None:
            self._watch.answered(answer.rung, self.workspace.learnt)
        self._ready = True

    def _check_ready(self) -> None:
        if not self._ready and self._warming is not None and self._warming.is_alive():
            raise Refused("not-ready", self._failure or STARTING, headers={"Retry-After": "1"})

    def why_not(self) -> str | None:
        """Why it cannot answer, in words; None if it can."""
        try:
            workspace = self.workspace
            if self._ready and workspace.outage.reason is not None:
                return None  # it answers, if only from memory
            workspace.store.check()
            if not workspace.models.order():
                return NO_MODEL
            if self._ready:
                return self._behind(workspace)
        except ForetasteError as error:
            return None if self.away() else str(error)
        if self._failure is None or time.monotonic() > self._failed + AGAIN:
            self.start()
        return self._failure or STARTING

    def away(self) -> str | None:
        """Why lists come from memory now; None where they come as they should, or not at all."""
        if not self._ready or self._workspace is None:
            return None
        outage = self._workspace.outage
        if outage.reason is None:
            try:
                self._workspace.store.position()
            except StoreError as error:
                outage.begin(error)
        return outage.reason and f"{outage.reason}. Lists come from memory; no event can be taken"

    def _behind(self, workspace: Foretaste) -> str | None:
        lag = workspace.store.last_event() - workspace.learnt
        if lag <= BEHIND:
            return None
        self.start()  # nobody asks a process that is not ready: it must catch up by itself
        return f"catching up: about {lag:,} events are to be learnt; ask again in a second"

    def state(self) -> Mapping[str, float]:
        """What is looked up for the metrics."""
        workspace = self.workspace
        found = {
            "foretaste_ready": float(self._ready),
            "foretaste_items": float(self._items(workspace)),
        }
        answering = workspace.manager.answering
        if answering is not None:
            lag = workspace.store.last_event() - workspace.learnt
            found |= {
                "foretaste_model_age_seconds": self._clock() - answering[1],
                "foretaste_model_instead": float(workspace.manager.instead is not None),
                "foretaste_event_lag": float(lag),
            }
        outcome = Outcome.last(workspace.store)
        if outcome is not None:
            found["foretaste_worker_seconds"] = self._clock() - outcome.at
            for what in WHAT:
                found[f"foretaste_worker_outcome:{what}"] = float(outcome.what == what)
        return found

    def _items(self, workspace: Foretaste) -> int:
        """How many items there are, counted where one has changed since."""
        _, revision = workspace.store.position()
        if self._counted is None or self._counted[0] != revision:
            self._counted = revision, workspace.store.item_count()
        return self._counted[1]

    def condition(self) -> dict[str, Any]:
        """How it answers, with which model, how old it is, what is wrong with its lists, and what
        the worker last came to.
        """
        workspace, away = self.workspace, self.away()
        told: dict[str, Any] = {"status": "ready"}
        if away is not None:
            told = {"status": "degraded", "why": away}
        answering, instead = workspace.manager.answering, self._instead(workspace)
        if answering is not None:
            age = round(self._clock() - answering[1], 1)
            told["model"] = {"version": answering[0], "age_seconds": age}
            if instead is not None:
                told["model"]["instead"] = instead
            warnings = checks_of(workspace.models, answering[0])
            if warnings is not None:
                told["model"]["warnings"] = warnings
        outcome = None if away else Outcome.last(workspace.store)
        if outcome is not None:
            told["worker"] = {
                "outcome": outcome.what,
                "why": outcome.why,
                "age_seconds": round(self._clock() - outcome.at, 1),
            }
        return told

    def _watch_models(self) -> None:
        """Take in what is promoted, also while nobody asks."""
        while not self._ending.wait(LOOK):
            try:
                self._take_in_promoted()
            except ForetasteError:
                continue  # said by /readyz and by the next answer; the next look tries again
            except Exception:  # a thread that dies would take in nothing any more
                log.exception("while looking for another model version")

    def _take_in_promoted(self) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        if not self._ready and self._failure is None and workspace.models.live() is not None:
            self.start()  # the first model there is
        elif self._ready and self._promoted(workspace) is not None:
            workspace.manager.newest(Budget(PATIENCE_MS))  # has it loaded beside the other

    def _promoted(self, workspace: Foretaste) -> str | None:
        """The version that was promoted and does not answer yet; None where it does."""
        answering, live = workspace.manager.answering, workspace.models.live()
        return live if answering is not None and answering[0] != live else None

    def _instead(self, workspace: Foretaste) -> str | None:
        """Why another version answers than the one that was promoted; None where it is that one."""
        try:
            promoted = self._promoted(workspace)
        except ModelError as error:
            return str(error)
        if workspace.manager.instead is None and promoted is not None:
            return f"model {promoted} was promoted and is being loaded"
        return workspace.manager.instead

    def _warm(self) -> None:
        """Answer one question, so that the first person need not wait for what it loads."""
        began = time.perf_counter()
        try:
            if not self.workspace.models.order():
                return
            self.workspace.settler.settle()  # an erasure may have been cut short
            snapshot = self.workspace.catch_up()
            context = self.workspace.slates.user_context(Request(query="warm up"), snapshot)
            # words count until the encoder is there
            snapshot.product.quick().rehearse(context, 1, len(snapshot.catalogue))
            self.workspace.recommend(Request(n=1, explain=True, incognito=True))
        except ForetasteError as error:
            self._fail(str(error))
        except Exception as error:  # told by /readyz; a thread that dies would tell nobody
            log.exception("while loading")
            self._fail(f"{type(error).__name__} while loading; see the service's log")
        else:
            self._ready, self._failure = True, None
            log.info("ready after %.1f s", time.perf_counter() - began)
            self._warm_words()

    def _warm_words(self) -> None:
        """What words need: to load a language model takes longer than all the rest, and a list
        that nobody asked for in words need not wait for it. Until then one that was is answered by
        what counts, and says so.
        """
        try:
            workspace = self.workspace
            # loaded before a question is asked with it: meanwhile others have their turn
            encoder = workspace.catch_up().encoder
            forgetful(workspace.reading.by(encoder)).encode(["warm up"])
            workspace.recommend(Request(query="warm up", n=1, explain=True, incognito=True))
            workspace.generator.warm()
        except ForetasteError as error:
            log.error("words cannot be read: %s", error)
        except Exception:
            log.exception("while loading the language model")

    def _fail(self, why: str) -> None:
        if why != self._failure:  # else it has been told, and is tried again every few seconds
            log.error("not ready: %s", why)
        self._failure, self._failed = why, time.monotonic()
