"""What is live, kept fresh: a model version in, the same with all that happened since out.

One question at a time catches up and scores. A question with a time budget waits for nothing that
cannot be done within it: a long catching up (an import of many events or new items) goes on in a
thread of its own, while a still picture answers (`standby`); another model version is loaded beside
the one that answers, and takes its place when it is ready. A run that a question left behind goes
on reading the model, which is changed only when it has ended (`live.Readers`): a question that
has something to catch up with meanwhile has the still picture too.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from foretaste.domain.data import Item
from foretaste.domain.store import Store
from foretaste.errors import ForetasteError, ModelError, StoreError
from foretaste.model.artefacts import Models
from foretaste.online.fallback import Budget, Costs
from foretaste.online.model import Live
from foretaste.online.snapshot import Standby

log = logging.getLogger(__name__)

EVENT, ITEM = 0.0003, 0.01
"""Seconds that learning an event and reading a new item usually take; then it is measured."""
SHARE = 0.5
"""Of the time left what catching up may take."""
RENEW = 1.0
"""Seconds between two still pictures."""
PATIENCE = 5.0
"""Seconds that closing waits for work under way."""
TURN = 0.0002
"""Seconds that a thread may compute before another has its turn, while work goes on beside."""
AGAIN = 60.0
"""Seconds after which a version that could not be loaded is tried again."""
PAUSE = 1.0
"""Seconds after which a question with a time budget tries again to catch up, where that failed."""


NONE = "there is no model yet; run 'foretaste train'"


class Behind(Exception):
    """There is no time to catch up; says why."""


class _GivingWay:
    """While something goes on beside the answers, these need not wait for it for long.

    Python lets a thread that computes go on for 5 ms before another has its turn, and an answer
    takes many turns. It is one setting for the process, so the last one out sets it back.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = threading.Lock(), 0, 0.0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(TURN, self._before))
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                sys.setswitchinterval(self._before)


_giving_way = _GivingWay()


class Keeper:
    """The live model of one workspace. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        models: Models,
        load: Callable[[str], Live],
        ask: Callable[[Live], object] = lambda _: None,
    ) -> None:
        self._store, self._models, self._load, self._ask = store, models, load, ask
        self._live: Live | None = None
        self._turn = threading.RLock()
        self._costs = Costs()
        for _ in range(3):  # so that one slow moment at the start does not decide
            self._costs.note("catching up", 1.0)
        self._under_way: dict[str, threading.Thread] = {}
        self._drawn = 0.0
        self._broken: dict[str, float] = {}  # version → when it was tried
        self._failure: tuple[float, str] | None = None  # when catching up failed, and with what
        self.instead: str | None = None
        """Why another version answers than the one that was promoted; None if it is that one."""
        self.standby: Standby | None = None
        """What answers when nothing else can in time; None before the first answer."""

    def caught_up(self) -> Live:
        """What answers now, having learnt every event and met every item up to this moment."""
        with self._turn:
            if self._live is None or self._wanted(self._live):
                self._live = self._loaded()
            self._catch_up(self._live, self._ahead(self._live))
            return self._live

    @property
    def answering(self) -> tuple[str, float] | None:
        """The version that answers, and when it was trained; None while none does."""
        live = self._live
        return None if live is None else (live.version, live.created)

    @property
    def items(self) -> Mapping[str, Item]:
        """The items of what answers, as last seen."""
        live = self._live
        return {} if live is None else live.items

    @property
    def encoder(self) -> str | None:
        """The tuned encoder of what answers; None is the published one."""
        live = self._live
        return None if live is None else live.encoder

    @property
    def learnt(self) -> int:
        """The number of the newest event that what answers has learnt; 0 while nothing does."""
        live = self._live
        return 0 if live is None else live.event

    @contextmanager
    def fresh(self, budget: Budget) -> Iterator[Live]:
        """What answers now, for as long as it is needed. Raises Behind where the time is short."""
        if not budget.limited or self._live is None:
            with self._turn:
                yield self.caught_up()
            return
        if self._busy("learn"):
            raise Behind("the model is taking in what happened")
        if not self._turn.acquire(timeout=max(budget.left(), 0) * SHARE):
            raise Behind("the model is busy with other questions")
        try:
            yield self._within(budget, self._live)
        finally:
            self._turn.release()

    @contextmanager
    def as_it_is(self, budget: Budget) -> Iterator[Live]:
        """What answers, as far as it has come: the store is not asked. Raises Behind where the time
        is short.
        """
        live = self._live
        if live is None:
            raise ModelError(NONE)
        if not self._turn.acquire(timeout=max(budget.left(), 0) * SHARE if budget.limited else -1):
            raise Behind("the model is busy with other questions")
        try:
            yield live
        finally:
            self._turn.release()

    def renew(self) -> None:
        """The version that is to answer now does, when this returns; until then the one before."""
        if self._live is not None:
            self._swap()
            with self._turn:
                self._draw(self._live)

    def close(self) -> None:
        """Wait a little for what is under way."""
        for thread in self._under_way.values():
            thread.join(PATIENCE)

    def _within(self, budget: Budget, live: Live) -> Live:
        """Caught up, if there is time for it."""
        if self._wanted(live):
            self._begin("load", self._swap)  # the one before answers until it is there
        ahead = self._ahead(live)
        if ahead and self._failure is not None and time.monotonic() < self._failure[0] + PAUSE:
            raise Behind(self._why_not_caught_up())
        expected = ahead * self._costs.expected("catching up")
        if expected > budget.left() * SHARE:
            self._begin("learn", self.caught_up)
            raise Behind(f"the model is taking in what happened, about {expected:.1f} s of work")
        if ahead and not live.readers.wait(max(budget.left(), 0) * SHARE):
            raise Behind("the model is still read for an earlier question")
        try:
            self._catch_up(live, ahead)
        except StoreError:
            raise
        except Exception as error:
            log.exception("what happened could not be taken in")
            raise Behind(self._why_not_caught_up()) from error
        return live

    def _catch_up(self, live: Live, ahead: float) -> None:
        """Learn and meet what is new, note what it cost, and draw the still picture."""
        began = time.perf_counter()
        try:
            live.catch_up(self._store)
        except Exception as error:
            self._failure = time.monotonic(), type(error).__name__
            raise
        self._failure = None
        if ahead:
            self._costs.note("catching up", (time.perf_counter() - began) / ahead)
        self._draw(live)

    def _why_not_caught_up(self) -> str:
        """What is said while catching up fails."""
        name = self._failure[1] if self._failure else "unknown"
        return f"what happened could not be taken in ({name}); see the log"

    def _wanted(self, live: Live) -> bool:
        """Whether another version is to answer, and may be there."""
        try:
            version = self._models.live()
        except ModelError as error:
            self._instead(error, live.version)
            return False
        if version is None:
            raise ModelError(NONE)
        if version == live.version:
            self.instead = None
            return False
        return time.monotonic() > self._broken.get(version, -AGAIN) + AGAIN

    def _loaded(self) -> Live:
        """The version that is to answer; where it cannot be loaded, the last before it that can."""
        failed: ModelError | None = None
        for version in self._models.order():
            try:
                live = self._live
                if live is None or live.version != version:
                    live = self._load(version)
            except ModelError as error:
                self._broken[version] = time.monotonic()
                log.error("%s", error)
                failed = failed or error
            else:
                self.instead = None
                if failed is not None:
                    self._instead(failed, version)
                return live
        raise failed or ModelError(NONE)

    def _instead(self, why: ModelError, version: str) -> None:
        told = f"model {version} answers instead: {why}"
        if told != self.instead:
            log.error("%s", told)
        self.instead = told

    def _ahead(self, live: Live) -> float:
        """Seconds that catching up usually takes."""
        event, revision = self._store.position()
        return EVENT * (event - live.event) + ITEM * (revision - live.revision)

    def _draw(self, live: Live) -> None:
        """A new still picture, now and then: it may be a moment old."""
        still, now = self.standby, time.monotonic()
        changed = still is None or still.at != (live.event, live.revision)
        swapped = still is None or still.version != live.version
        if swapped or (changed and now > self._drawn + RENEW):
            self.standby, self._drawn = Standby.of(live), now

    def _swap(self) -> None:
        """The new version, read and caught up with beside the one that answers."""
        live = self._loaded()
        if live is self._live:
            return
        live.catch_up(self._store)
        self._ask(live)
        with self._turn:
            self._live = live

    def _busy(self, what: str) -> bool:
        thread = self._under_way.get(what)
        return thread is not None and thread.is_alive()

    def _begin(self, what: str, work: Callable[[], object]) -> None:
        """In a thread of its own, unless it is under way."""
        if self._busy(what):
            return

        def told() -> None:
            try:
                with _giving_way:
                    work()
            except ForetasteError as error:  # the next question tries again
                log.error("%s: %s", what, error)
            except Exception:
                log.exception("%s", what)

        self._under_way[what] = threading.Thread(target=told, name=what, daemon=True)
        self._under_way[what].start()
