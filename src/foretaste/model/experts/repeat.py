"""Repeat: how likely the next item is one of those already taken. P(seen or new | U).

In groceries and music people come back to what they had; in a review log they never do. The share
of repeats is counted, smoothed towards everyone's, and spread: over the seen items by recency, over
the others evenly. So an unmasked ranking learns from the data what masking assumes.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.model.counts import taken
from foretaste.model.scoring import NOBODY, Sparse
from foretaste.model.terms import against_average
from foretaste.model.training import Training

OWN = 10.0
"""Events of everyone's share that a person's own share is smoothed with."""
DECAY = 0.9
"""What each earlier event is worth of the one after, among the seen items."""
FORGOTTEN = 200
"""Events ago from which one is worth the same as any earlier: never nothing."""


class Repeat:
    """A Bernoulli of seen or new, then recency or evenness."""

    name = "repeat"
    counting = True

    def __init__(self, repeats: float, events: float, catalogue: Catalogue) -> None:
        self._repeats = repeats
        self._events = events
        self._size = len(catalogue)
        self._ids = catalogue.ids

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Count the events, after a person's first, whose item the person had taken before."""
        person, item, _ = taken(training.histories)
        _, first = np.unique(person * np.int64(len(training.catalogue)) + item, return_index=True)
        later = len(person) - len(np.unique(person))
        return [cls(float(len(person) - len(first)), float(later), training.catalogue)]

    def _share(self, seen: Ints) -> float:
        """P(the next is a repeat | U)."""
        everyone = (self._repeats + 0.5) / (self._events + 1)
        own = len(seen) - len(np.unique(seen))
        share = (own + OWN * everyone) / (max(len(seen) - 1, 0) + OWN)
        return min(max(share, 1e-9), 1 - 1e-9)

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        return np.stack([self.opinion(one).log_prob() for one in behaviours])

    def opinion(self, behaviour: Behaviour) -> "RepeatOpinion":
        """All that is new is as likely; what was seen by how lately."""
        return RepeatOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item."""
        return len(behaviour.taken) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Count one more event, and whether it is a repeat."""
        if len(before.taken):
            sign = 1.0 if weight > 0 else -1.0
            self._events += sign
            self._repeats += sign * float(item in before.taken)

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items have been taken by nobody."""
        self._size = len(catalogue)
        self._ids = catalogue.ids

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """One term: seen before, or new."""
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """Two counts."""
        return {}, {"repeats": self._repeats, "events": self._events}

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(facts["repeats"], facts["events"], catalogue)


class RepeatOpinion(Sparse):
    """Even, but for what was seen."""

    def __init__(self, expert: Repeat, behaviour: Behaviour) -> None:
        self._expert = expert
        seen, size = behaviour.taken, expert._size
        share = expert._share(seen)
        columns, where = np.unique(seen, return_inverse=True)
        self._seen = columns
        if len(columns) in (0, size):
            super().__init__(self._even, -np.log(size), NOBODY, np.empty(0, np.float32))
            return
        age = np.minimum(np.arange(len(seen) - 1, -1, -1), FORGOTTEN)
        worth = np.bincount(where, DECAY**age)
        values = np.log(share * worth / worth.sum()).astype(np.float32)
        rest = np.log((1 - share) / (size - len(columns)))
        super().__init__(self._even, rest, columns.astype(np.int32), values)

    def _even(self, items: Ints | None) -> Floats:
        return np.zeros(self._expert._size if items is None else len(items), np.float32)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """One term: seen before, or new."""
        name, size = self._expert.name, self._expert._size
        seen = set(self._seen.tolist())
        words = ["taken before" if int(item) in seen else "new" for item in items]
        return against_average(name, self.log_prob(items), size, words)
