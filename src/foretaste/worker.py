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
from foretaste.domain.data import Behaviour, Item
from foretaste.domain.store import FactStore
from foretaste.errors import Busy, ForetasteError, ModelError
from foretaste.feedback.online import Lesson
from foretaste.loop import Foretaste
from foretaste.model.artefacts import Version
from foretaste.online.list_health import look_at_lists
from foretaste.online.snapshot import Snapshot
from foretaste.training.gate import Trial, compare

log = logging.getLogger("foretaste.worker")

FACT = "worker"
"""Under this name the store says what the last training came to."""
PLAN = "worker:plan"
"""Under this name the store says what the training under way learns from."""
SHARE = 0.2
"""Of what was taken since the last time, how much is set aside to compare on."""
CHUNK = 5000
"""Items read between two looks at whether to stop."""

What = Literal["promoted", "refused", "failed"]
WHAT: tuple[What, ...] = get_args(What)


@dataclass(frozen=True)
class Outcome:
    """What a training came to."""

    at: float
    """When it ended, seconds since 1970."""
    what: What
    why: str
    event: int
    """The number of the newest event that was looked at; the next comparison is past it."""
    candidate: str | None = None
    live: str | None = None
    """The version that answered before."""
    figures: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def last(cls, store: FactStore) -> "Outcome | None":
        """The newest one of a workspace; None also where another version of Foretaste wrote it."""
        told = store.fact(FACT)
        try:
            return None if told is None else cls(**json.loads(told))
        except (TypeError, ValueError):
            return None


class Worker:
    """Keeps one workspace's model fresh."""

    def __init__(self, loop: Foretaste) -> None:
        self._loop, self._settings = loop, loop.config.worker
        self._read = 0  # the newest revision of an item that has been read
        self._kinds = [kind for kind, weight in loop.weights.items() if weight > 0]

    @property
    def pause(self) -> float:
        """Seconds between two looks."""
        return self._settings.look_seconds

    def close(self) -> None:
        """Let go of the workspace."""
        self._loop.close()

    def lock(self, *, wait: bool = True) -> Lock:
        """Held by the one worker of the workspace."""
        return Lock(self._loop.store, "worker", lease=self._settings.lease_seconds, wait=wait)

    def read(self) -> int:
        """Have the language model read what is new: no question waits. → items looked at."""
        _, newest = self._loop.store.position()
        if newest <= self._read:
            return 0
        encoder = self._encoder()
        some: list[Item] = []
        count = 0
        for revision, item in self._loop.store.items(after=self._read):
            some.append(item)
            if len(some) == CHUNK:
                self._loop.vectors(some, encoder)
                count, some = count + len(some), []
                self._read = revision
        if some:
            self._loop.vectors(some, encoder)
            count += len(some)
        self._read = newest
        return count

    def due(self) -> str | None:
        """Why a model is to be trained now; None if none is."""
        store, settings = self._loop.store, self._settings
        now, last = self._loop.clock(), Outcome.last(store)
        if last is not None and 0 <= now - last.at < settings.rest_minutes * 60:
            return None
        live = self._live()
        if live is None:
            taken = store.takings(self._kinds, 0)
            return f"there is no model, and {taken:,} events" if taken else None
        new = store.takings(self._kinds, self._fresh(live, last))
        if new < settings.compare_least:
            return None
        if settings.after_events and new >= settings.after_events:
            return f"{new:,} events are new"
        since = live.created if last is None else max(last.at, live.created)
        if settings.every_hours and not 0 <= now - since < settings.every_hours * 3600:
            return f"the model is {(now - live.created) / 3600:.1f} hours old"
        return None

    def train(self, lock: Lock) -> Outcome:
        """A new model, promoted if it is not worse; kept, and said in the store, in any case."""
        loop, store = self._loop, self._loop.store
        live, last = self._live(), Outcome.last(store)
        name = live.name if live else None
        used = last.event if last else 0  # a training that fails uses no events up
        outcome = Outcome(loop.clock(), "failed", "", used, live=name)
        try:
            cut, newest = self._plan(live, last)
            outcome = replace(outcome, event=newest)
            candidate = loop.candidate(cut)
            if live is None:
                outcome = replace(outcome, what="promoted", why="it is the first")
            else:
                trial = self._trial(candidate, cut, newest)
                outcome = _judged(outcome, trial)
            outcome = replace(outcome, candidate=candidate.name)
            if outcome.what == "promoted":
                self._promote(candidate, lock)
        except Busy:
            raise
        except ForetasteError as error:
            outcome = replace(outcome, what="failed", event=used, why=str(error))
        except Exception as error:  # such as a full disk: the model that is there goes on answering
            log.exception("while training")
            why = f"{type(error).__name__}: {error}"
            outcome = replace(outcome, what="failed", event=used, why=why)
        outcome = replace(outcome, at=loop.clock())
        store.put_fact(FACT, json.dumps(asdict(outcome)))
        store.swap_fact(PLAN, store.fact(PLAN), None)
        level = logging.INFO if outcome.what == "promoted" else logging.WARNING
        log.log(level, "%s: %s", outcome.what, outcome.why)
        return outcome

    def _live(self) -> Version | None:
        """The version that answers; None where there is none, or it cannot be read any more."""
        models = self._loop.models
        try:
            name = models.live()
            return None if name is None else models.version(name)
        except ModelError as error:
            log.error("%s", error)
            return None

    def _fresh(self, live: Version, last: Outcome | None) -> int:
        """The number past which no event was trained or compared on."""
        return max(int(live.data["event"]), last.event if last else 0)

    def _plan(self, live: Version | None, last: Outcome | None) -> tuple[int, int]:
        """(train up to this number, compare up to that one).

        Kept while it is carried out: who comes after one that was killed goes on where it was.
        """
        store, name = self._loop.store, live.name if live else None
        begun = json.loads(store.fact(PLAN) or "{}")
        if begun and begun["live"] == name:
            return int(begun["cut"]), int(begun["newest"])
        newest = store.last_event()
        cut = newest if live is None else self._cut(live, last)
        store.put_fact(PLAN, json.dumps({"live": name, "cut": cut, "newest": newest}))
        return cut, newest

    def _cut(self, live: Version, last: Outcome | None) -> int:
        """The number past which the events are set aside."""
        fresh, settings = self._fresh(live, last), self._settings
        new = self._loop.store.takings(self._kinds, fresh)
        if new < settings.compare_least:
            raise ModelError(
                f"{new:,} events are new, and a comparison takes {settings.compare_least:,} "
                "(worker.compare_least)"
            )
        aside = min(max(int(SHARE * new), settings.compare_least), settings.compare_most)
        return self._loop.store.before_newest(self._kinds, aside, fresh)

    def _trial(self, candidate: Version, cut: int, newest: int) -> Trial | None:
        """Against the live version; None where neither it nor one before it can be loaded."""
        loop = self._loop
        for name in loop.models.order():
            try:
                live = loop.at_snapshot(name)
            except ModelError as error:  # as in the service, where the one before answers
                log.error("%s", error)
                continue
            challenger = loop.at_snapshot(loop.models.now(candidate.name))
            trial = compare(
                challenger,
                live,
                loop.store,
                after=cut,
                until=newest,
                asked=self._asked,
                masked=loop.config.rank.hide_seen,
            )
            return replace(
                trial,
                candidate_warnings=look_at_lists(loop, challenger).warnings,
                live_warnings=look_at_lists(loop, live).warnings,
            )
        return None

    def _encoder(self) -> str | None:
        """Who reads for what answers."""
        try:
            live = self._loop.models.live()
            return self._loop.models.version(live).data.get("encoder") if live else None
        except ModelError:  # whoever answers says so
            return None

    def _asked(self, lesson: Lesson, one: Snapshot) -> Behaviour:
        """As the person would have been known to the service at that moment."""
        user = self._loop.store.user(lesson.person[0]) if lesson.person[0] else None
        taste = user.attributes if user else {}
        return self._loop.listen(replace(lesson.before, now=lesson.at, taste=taste), one.encoder)

    def _promote(self, candidate: Version, lock: Lock) -> None:
        if not lock.held:
            raise Busy("another worker took over while this one trained; nothing is promoted")
        # an erasure may have written it anew meanwhile, under another name
        self._loop.models.promote(self._loop.models.now(candidate.name))
        self._loop.models.prune(self._loop.config.model.keep)


def _judged(outcome: Outcome, trial: Trial | None) -> Outcome:
    if trial is None:
        return replace(outcome, what="promoted", why="the model before it is damaged")
    refusal = trial.refusal()
    return replace(
        outcome,
        what="promoted" if refusal is None else "refused",
        why=refusal or trial.told(),
        figures=trial.figures(),
    )


class Rounds:
    """The workers of several workspaces in one process, each with its lock: one works at a time."""

    def __init__(self, names: Callable[[], Sequence[str]], open_: Callable[[str], Worker]) -> None:
        self._names, self._open = names, open_
        self._there: dict[str, tuple[Worker, Lock]] = {}
        self._ended = threading.Event()

    def run(self, rounds: int | None = None) -> None:
        """Look at each again and again, until it is stopped by an exception; or so many times."""
        while rounds is None or rounds > 0:
            pause = 10.0
            for name in self._names():
                try:
                    pause = self._look(name)
                except Busy as error:
                    log.error("%s: %s", name, error)
                    self._let_go(name)
                except ForetasteError as error:  # a store that is away may come back
                    log.error("%s: %s", name, error)
            rounds = None if rounds is None else rounds - 1
            if rounds != 0:
                self._ended.wait(pause)

    def close(self) -> None:
        """Let somebody else have them."""
        for name in list(self._there):
            self._let_go(name)

    def _look(self, name: str) -> float:
        """→ seconds until the next look."""
        if name not in self._there:
            worker = self._open(name)
            lock = worker.lock()
            self._there[name] = worker, lock
            lock.take()
            log.info("%s: at work", name)
        worker, lock = self._there[name]
        if not lock.held:
            raise Busy("the lock is lost; another worker may have it")
        read = worker.read()
        if read:
            log.info("%s: looked at %s new or changed items", name, f"{read:,}")
        why = worker.due()
        if why is not None:
            log.info("%s: training, as %s", name, why)
            worker.train(lock)
        return worker.pause

    def _let_go(self, name: str) -> None:
        worker, lock = self._there.pop(name)
        lock.release()
        worker.close()
