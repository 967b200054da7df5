"""A new model and the live one in, on events neither was trained on; which is better out.

Both go through the newest events in the order they were accepted, as they would in the service:
each scores the whole catalogue for the person as they were known just before the event, then learns
the event. So the counting experts of both have seen what came before it and nothing after.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np

from foretaste.domain.data import Behaviour, Event
from foretaste.domain.store import Store
from foretaste.errors import ModelError
from foretaste.evaluate.list_checks import SERIOUS, ListWarning
from foretaste.evaluate.metrics import Interval, ndcg, paired_interval, ranks
from foretaste.feedback.online import Lesson, Person
from foretaste.online.snapshot import Snapshot

METRIC = "ndcg@10"
BATCH = 64
"""Events that are scored before they are learnt, by both models alike."""

Asked = Callable[[Lesson, Snapshot], Behaviour]
"""What a model is told when it is asked at the moment of an event."""


@dataclass(frozen=True)
class Trial:
    """How the two did on the same events."""

    events: int
    people: int
    live: float
    """NDCG@10 over all items, mean over the events."""
    candidate: float
    difference: Interval
    """Of the candidate above the live one, 95 %, drawn by people."""
    candidate_warnings: tuple[ListWarning, ...] = ()
    """What is wrong with the lists of the candidate, and below with those of the live one."""
    live_warnings: tuple[ListWarning, ...] = ()

    def told(self) -> str:
        """The figures in a line."""
        mean, low, high = self.difference
        return (
            f"{METRIC} {self.candidate:.4f} against {self.live:.4f} of the live model, difference "
            f"{mean:+.4f} [{low:+.4f}, {high:+.4f}] on {self.events:,} events of "
            f"{self.people:,} people"
        )

    def refusal(self) -> str | None:
        """Why the candidate may not be promoted; None if it may.

        A mean inside the noise decides nothing: refused is what is worse for certain, or has lists
        with a serious fault that those of the live model do not have.
        """
        if self.difference.high < 0:
            return f"it is worse for certain: {self.told()}"
        live_codes = {warning.code for warning in self.live_warnings}
        faults = [
            warning.message
            for warning in self.candidate_warnings
            if warning.code in SERIOUS and warning.code not in live_codes
        ]
        if faults:
            fault = "its lists have a fault that those of the live model do not have"
            return f"{fault}: {' '.join(faults)} {self.told()}"
        return None

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            **asdict(self),
            "difference": list(self.difference),
            "candidate_warnings": [warning.summary() for warning in self.candidate_warnings],
            "live_warnings": [warning.summary() for warning in self.live_warnings],
        }


def compare(
    candidate: Snapshot,
    live: Snapshot,
    store: Store,
    *,
    after: int,
    until: int,
    asked: Asked,
    masked: bool,
) -> Trial:
    """Both on the events past `after`, up to `until`. Each is at its snapshot, not past `after`.

    masked: what the person took before is left out of the ranking, as in the lists of a service
    that hides it. Raises ModelError where there is nothing to compare on, or a model has seen it.
    """
    for one in (candidate, live):
        if one.event > after:
            raise ModelError(f"model {one.version} was trained on events past {after:,}")
    candidate, live = candidate.learned(store, until=after), live.learned(store, until=after)
    people: dict[Person, int] = {}
    found: list[tuple[int, float, float]] = []  # (person, candidate, live)
    tail = store.events(after=after, until=until)
    while batch := list(islice(tail, BATCH)):
        candidate, mine = _scored(candidate, store, batch, asked, masked=masked)
        live, theirs = _scored(live, store, batch, asked, masked=masked)
        for number in mine.keys() & theirs.keys():
            person, value = mine[number]
            found.append((people.setdefault(person, len(people)), value, theirs[number][1]))
    if not found:
        raise ModelError("there is no event to compare the models on")
    table = np.array(found)
    difference = paired_interval(
        table[:, 1], table[:, 2], table[:, 0].astype(np.int64), np.random.default_rng(0)
    )
    return Trial(
        events=len(table),
        people=len(people),
        live=float(table[:, 2].mean()),
        candidate=float(table[:, 1].mean()),
        difference=difference,
    )


def _scored(
    one: Snapshot, store: Store, batch: Sequence[tuple[int, Event]], asked: Asked, *, masked: bool
) -> tuple[Snapshot, dict[int, tuple[Person, float]]]:
    """→ (with the batch learnt after it was scored, {number in the log: (whose event it is, NDCG@10
    of its item)})
    """
    taught = list(one.lessons(store, batch))
    everything = np.ones(len(one.catalogue), bool)
    found = {}
    for lesson in taught:
        behaviour = asked(lesson, one)
        row = one.product.scorer(behaviour).row(everything, 10, items=(lesson.item,))
        seen = [behaviour.taken] if masked else None
        rank = ranks(row[None, :], np.array([lesson.item], np.int32), seen)
        found[lesson.number] = lesson.person, float(ndcg(rank.masked, 10)[0])
    return one.with_lessons(taught, batch[-1][0]), found
