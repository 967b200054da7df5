"""What answers, kept fresh: model versions and the store in, one snapshot after another out.

Snapshots are never changed. One owner at a time, who holds `_applying`, makes the next one from the
newest, with the events or items that were accepted since, and publishes it by one assignment.
Whoever asks reads the newest and needs no lock. What takes long is done before: items are read by
the language model in batches, and another model version is loaded and caught up with, beside the
snapshot that answers.

A request waits until all that was accepted before it came is in, if its time allows; if not, it has
the newest snapshot there is.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from math import inf
from typing import Literal, NamedTuple

from foretaste.domain.patience import BESIDE, patience
from foretaste.domain.store import Store
from foretaste.domain.switching import short_turns
from foretaste.errors import ForetasteError, ModelError, StoreError
from foretaste.model.artefacts import ModelRegistry
from foretaste.online.fallback import Budget
from foretaste.online.picture_batches import NO_LOOK, Look, unread_batches, with_looked_at
from foretaste.online.snapshot import ItemBatch, Snapshot, item_changes

log = logging.getLogger(__name__)

WAITING_SHARE = 0.5
"""Of the time left what waiting for a newer snapshot may take."""
EVENTS_PER_SNAPSHOT = 100
"""Events between two snapshots at most: some 30 ms of work."""
DEFERRED_PER_SNAPSHOT = 50
"""Of what was put off, likewise: nobody waits for it, and it must not hold up who does."""
DEFERRED_PAUSE = 3.0
"""After that a pause, so many times as long."""
ITEMS_PER_SNAPSHOT = 32
"""Items likewise: a third of a second of reading. For more no request waits that is in a hurry."""
ITEMS_RETRY_SECONDS = 0.05
"""Seconds after which a request that waits looks whether somebody still reads."""
CLOSE_TIMEOUT = 5.0
"""Seconds that closing waits for work under way."""
LOAD_RETRY_SECONDS = 60.0
"""After so long a version that could not be loaded is tried again."""
FAILURE_PAUSE = 1.0
"""Seconds after which a request in a hurry tries again to take in what could not be taken in."""
NO_MODEL = "there is no model yet; run 'foretaste train'"

Position = tuple[int, int]
"""(number of the newest event, newest revision of an item)"""


class Newest(NamedTuple):
    """The newest snapshot that a request could have in its time."""

    snapshot: Snapshot
    lag: str | None = None
    """Why something that was accepted before the request came is not in it; None where all is."""


class ModelManager:
    """The snapshots of one workspace. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        models: ModelRegistry,
        load: Callable[[str], Snapshot],
        rehearse: Callable[[Snapshot], object] = lambda _: None,
        look: Look = NO_LOOK,
    ) -> None:
        """look: has pictures and clips read, so that nobody waits for them."""
        self._store, self._models, self._look = store, models, look
        self._load, self._rehearse = load, rehearse
        self._applying = threading.Lock()  # held by whoever makes and publishes the next snapshot
        self._reading = threading.Lock()  # held by whoever has items read
        self._loading = threading.RLock()  # held by whoever loads another version
        self._published = threading.Condition()
        self._background: dict[str, threading.Thread] = {}
        self._closed = False
        self._ended = threading.Event()  # that it is closed, for whoever pauses
        self._broken: dict[str, float] = {}  # version → when loading it failed
        self._failures: dict[str, tuple[float, str]] = {}  # of items or events: when, and with what
        self.instead: str | None = None
        """Why another version answers than the one that was promoted; None if it is that one."""
        self.snapshot: Snapshot | None = None
        """The newest; None before the first request."""
        self._item_target = 0
        """The revision up to which requests want items to be read."""
        self.waits_for_items = True
        """Whether a request in a hurry waits for new items to be read; not while what reads them is
        being loaded, which takes longer than any such request has."""

    def newest(self, budget: Budget) -> Newest:
        """The snapshot to answer by. Raises ModelError where there is no model, StoreError where
        the store is away; without a limit of time also what an item cannot be read for.
        """
        snapshot = self.snapshot
        if snapshot is None or not budget.limited:
            return Newest(self.caught_up())
        if self._promoted_other(snapshot):
            self._begin("load", short_turns(inf)(partial(self._swap, rehearsed=True)))
        position = self._store.log_position()
        if not snapshot.has(position):
            self._hurry(position, budget.part(WAITING_SHARE))
            snapshot = self.current
        if snapshot.deferred:
            self._begin("deferred", self._learn_deferred)
        if snapshot.unread:
            self._begin("pictures", partial(self._look_at_unread, "new"))
        is_whole = snapshot.has(position) and not snapshot.deferred
        return Newest(snapshot, None if is_whole else self._lag())

    def caught_up(self) -> Snapshot:
        """The snapshot with everything up to this moment, however long that takes."""
        with self._loading:
            if self.snapshot is None or self._promoted_other(self.snapshot):
                self._swap()
        position = self._store.log_position()
        self._take_in_items(position)
        self._look_at_unread("files")
        self._take_in_events(position, Budget(None), in_turns=False)
        if self.current.deferred and not self._is_under_way("deferred"):
            self._learn_deferred(pauses=False)
        return self.current

    @property
    def answering(self) -> tuple[str, float] | None:
        """The version that answers, and when it was trained; None while none does."""
        snapshot = self.snapshot
        return None if snapshot is None else (snapshot.version, snapshot.created)

    def renew(self) -> None:
        """The version that is to answer now does, when this returns; until then the one before."""
        if self.snapshot is not None:
            self._swap(rehearsed=True)

    def close(self) -> None:
        """Wait a little for what is under way."""
        self._closed = True
        self._ended.set()
        for thread in self._background.values():
            thread.join(CLOSE_TIMEOUT)

    # What happened ---------------------------------------------------------------------------

    def _hurry(self, position: Position, budget: Budget) -> None:
        """Take in what there is time for, and have the rest taken in beside."""
        event, revision = position
        missing = revision - self._revision
        if missing > 0 and not self._paused("items"):
            self._item_target = max(self._item_target, revision)
            start = time.monotonic()  # before it begins: it may have failed when this one waits
            self._begin("items", self._take_in_wanted_items)
            if missing <= ITEMS_PER_SNAPSHOT and self.waits_for_items:
                self._wait_for_items(revision, start, budget)
        if self.current.event < event and not self._paused("events"):
            try:
                self._take_in_some_events(position, budget)
            except StoreError:
                raise
            except Exception:
                log.exception("events could not be taken in")
            is_late = self.current.event < event and not self._paused("events")
            if is_late and self._revision >= revision:
                self._begin("events", partial(self._take_in_events, position, Budget(None)))

    def _wait_for_items(self, revision: int, start: float, budget: Budget) -> None:
        """Until the items up to the revision are read, they cannot be, which showed at `start` or
        later, or there is no time left.
        """
        end = start + (inf if budget.timeout is None else budget.timeout)

        def is_over() -> bool:
            failed_at, _ = self._failures.get("items", (-inf, ""))
            return self._revision >= revision or failed_at >= start

        with self._published:
            while not self._published.wait_for(
                is_over,
                min(max(end - time.monotonic(), 0), ITEMS_RETRY_SECONDS),
            ):
                if self._closed or time.monotonic() >= end:
                    return
                # who read the items before may have ended just before it could see this target
                self._begin("items", self._take_in_wanted_items)

    def _take_in_wanted_items(self) -> None:
        """Have items read as far as any request has asked for, also one that asks meanwhile."""
        while self._revision < self._item_target and not self._closed:
            self._take_in_items((0, self._item_target))

    def _take_in_some_events(self, position: Position, budget: Budget) -> None:
        """Learn the few that happened since the last request; of many some, unless that goes on
        beside: who asks for a list does not wait for what others did.
        """
        if position[0] - self.current.event <= EVENTS_PER_SNAPSHOT:
            self._take_in_events(position, budget)
        elif not self._is_under_way("events"):
            self._take_in_events(position, Budget(0))

    @property
    def current(self) -> Snapshot:
        """The newest snapshot. Raises ModelError before the first request."""
        if self.snapshot is None:
            raise ModelError(NO_MODEL)
        return self.snapshot

    @property
    def _revision(self) -> int:
        return self.current.revision

    def _take_in_items(self, position: Position) -> None:
        """Have the items up to the position read, a batch a snapshot."""
        until, reached = position[1], None
        with self._noting("items"):
            while self._revision < until and not self._closed:
                with self._reading:
                    snapshot = self.current
                    if snapshot.revision != reached:  # at first, or others went on
                        changes = item_changes(self._store, snapshot.revision, until)
                    part = list(islice(changes, ITEMS_PER_SNAPSHOT))
                    reached = part[-1][0] if len(part) == ITEMS_PER_SNAPSHOT else until
                    if snapshot.revision < reached:
                        batch = snapshot.read_batch([item for _, item in part], reached)
                        self._put(batch, snapshot.version)

    def _put(self, batch: ItemBatch, version: str) -> None:
        """The batch into the newest snapshot, to which events may have come since it was read."""
        with self._applying:
            if self.current.version == version:
                self._publish(self.current.with_items(batch))

    def _take_in_events(self, position: Position, budget: Budget, *, in_turns: bool = True) -> None:
        """Learn the events up to the position, as far as there is time, some a snapshot.

        in_turns: what somebody did who did very much is put off.
        """
        with self._noting("events"):
            while not self._closed and self._applying.acquire(timeout=budget.lock_timeout):
                start = time.perf_counter()
                try:
                    snapshot = self.current
                    if snapshot.event >= position[0]:
                        return
                    newer = snapshot.next_events(
                        self._store, position, EVENTS_PER_SNAPSHOT, in_turns=in_turns
                    )
                    if newer.event == snapshot.event:
                        return
                    self._publish(newer)
                finally:
                    self._applying.release()
                if budget.seconds_left() <= 0:
                    return
                if in_turns and not budget.limited:  # nobody waits: requests come first
                    self._ended.wait(time.perf_counter() - start)

    def _learn_deferred(self, *, pauses: bool = True) -> None:
        """Learn what was put off, a little at a time."""
        with self._noting("events"):
            while not self._closed:
                start, snapshot = time.perf_counter(), self.current
                if not snapshot.deferred:
                    return
                numbers, lessons = snapshot.deferred_lessons(self._store, DEFERRED_PER_SNAPSHOT)
                with self._applying:
                    if self.current.version == snapshot.version:
                        self._publish(self.current.with_deferred_lessons(numbers, lessons))
                if pauses:
                    self._ended.wait(DEFERRED_PAUSE * (time.perf_counter() - start))

    def _look_at_unread(self, reach: Literal["files", "new"]) -> None:
        """Have pictures and clips of new items read, some a snapshot."""
        version = self.current.version
        for items in unread_batches(self.current):
            media = self._look(items, reach)
            with self._applying:
                if self._closed or self.current.version != version:
                    return
                self._publish(with_looked_at(self.current, items, media))

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        with self._published:
            self._published.notify_all()

    @contextmanager
    def _noting(self, work: str) -> Iterator[None]:
        """Remember when it failed, and with what, until it does not."""
        try:
            yield
        except Exception as error:
            self._failures[work] = time.monotonic(), type(error).__name__
            with self._published:
                self._published.notify_all()
            raise
        self._failures.pop(work, None)

    def _paused(self, work: str) -> bool:
        """Whether it failed a moment ago."""
        failure = self._failures.get(work)
        return failure is not None and time.monotonic() < failure[0] + FAILURE_PAUSE

    def _lag(self) -> str:
        """Why something is not taken in yet."""
        failure = next(iter(self._failures.values()), None)
        if failure is None:
            return "what happened last is still being taken in"
        return f"what happened could not be taken in ({failure[1]}); see the log"

    # Which version answers --------------------------------------------------------------------

    def _promoted_other(self, snapshot: Snapshot) -> bool:
        """Whether another version is to answer, and may be there."""
        try:
            version = self._models.live_name()
        except ModelError as error:
            self._say_instead(error, snapshot.version)
            return False
        if version is None:
            raise ModelError(NO_MODEL)
        if version == snapshot.version:
            self.instead = None
            return False
        return (
            time.monotonic() > self._broken.get(version, -LOAD_RETRY_SECONDS) + LOAD_RETRY_SECONDS
        )

    def _swap(self, *, rehearsed: bool = False) -> None:
        """The version that is to answer, loaded and caught up with beside the one that does."""
        with self._loading, short_turns():
            snapshot = self._loaded()
            if snapshot is self.snapshot:
                return
            snapshot = snapshot.caught_up(self._store)
            if rehearsed:
                self._rehearse(snapshot)
            while True:  # items that came meanwhile are read before anybody has to wait
                snapshot = snapshot.caught_up(self._store)
                with self._applying, short_turns(0.0):
                    newest = self.snapshot
                    if newest is None or snapshot.revision >= newest.revision:
                        event = snapshot.event if newest is None else newest.event
                        self._publish(snapshot.learned(self._store, event))
                        return

    def _loaded(self) -> Snapshot:
        """The version that is to answer; where it cannot be loaded, the last before it that can."""
        failure: ModelError | None = None
        for version in self._models.serving_order():
            try:
                snapshot = self.snapshot
                if snapshot is None or snapshot.version != version:
                    snapshot = self._load(version)
            except ModelError as error:
                if self._models.current_name(version) != version:  # counted anew meanwhile
                    return self._loaded()
                self._broken[version] = time.monotonic()
                log.error("%s", error)
                failure = failure or error
            else:
                self.instead = None
                if failure is not None:
                    self._say_instead(failure, version)
                return snapshot
        raise failure or ModelError(NO_MODEL)

    def _say_instead(self, error: ModelError, version: str) -> None:
        instead = f"model {version} answers instead: {error}"
        if instead != self.instead:
            log.error("%s", instead)
        self.instead = instead

    def _is_under_way(self, name: str) -> bool:
        thread = self._background.get(name)
        return thread is not None and thread.is_alive()

    def _begin(self, name: str, work: Callable[[], object]) -> None:
        """In a thread of its own, unless it is under way."""
        if self._closed or self._is_under_way(name):
            return

        def logged() -> None:
            try:
                with patience(BESIDE):
                    work()
            except ForetasteError as error:  # the next request tries again
                log.error("%s: %s", name, error)
            except Exception:
                log.exception("%s could not be taken in", name)

        self._background[name] = threading.Thread(target=logged, name=name, daemon=True)
        self._background[name].start()
