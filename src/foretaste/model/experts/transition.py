"""Transition: what followed the last item. P(item | last) from counts, smoothed by popularity."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.model.counts import Counts, Prior, pairs, taken
from foretaste.model.scoring import NOBODY, Sparse
from foretaste.model.terms import against_average
from foretaste.model.training import Training


class Transition:
    """A first-order Markov chain with a Dirichlet prior (MacKay and Peto 1995, section 3)."""

    name = "transition"
    counting = True

    def __init__(
        self, counts: Counts, popular: Floats, smoothing: float, catalogue: Catalogue
    ) -> None:
        self.after = counts
        self._prior = Prior(popular)
        self._smoothing = smoothing
        self._ids = catalogue.ids

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Count the pairs that follow one another."""
        size = len(training.catalogue)
        _, item, weight = taken(training.histories)
        popular = np.bincount(item, weight, minlength=size).astype(np.float32) + 1
        counts = Counts.of(size, [pairs(training.histories, 1)])
        smoothing = training.settings.transition.smoothing
        return [cls(counts, popular, smoothing, training.catalogue)]

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        return np.stack([self.opinion(one).log_prob() for one in behaviours])

    def opinion(self, behaviour: Behaviour) -> "TransitionOpinion":
        """The row of the last item."""
        return TransitionOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item."""
        return len(behaviour.taken) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Count the step from the last item to this one."""
        self._prior.add(item, weight)
        if len(before.taken):
            self.after.add(int(before.taken[-1]), item, weight)

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items have followed nothing yet."""
        self._prior.grow(len(catalogue))
        self.after.grow(len(catalogue))
        self._ids = catalogue.ids

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """Popularity, and what the last item adds to it or takes from it."""
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """Counts."""
        return {"popular": self._prior.popular, **self.after.arrays("after")}, {
            "smoothing": self._smoothing
        }

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        counts = Counts.from_arrays("after", arrays)
        return cls(counts, arrays["popular"], facts["smoothing"], catalogue)


class TransitionOpinion(Sparse):
    """Popularity, but for what has followed the last item."""

    def __init__(self, expert: Transition, behaviour: Behaviour) -> None:
        self._expert, self._log_prior = expert, expert._prior.log
        last = int(behaviour.taken[-1]) if len(behaviour.taken) else None
        self._last = None if last is None else expert._ids[last]
        columns, counts = expert.after.row(last) if last is not None else (NOBODY, np.empty(0))
        smoothing = expert._smoothing
        total = (0.0 if last is None else expert.after.total(last)) + smoothing
        mass = counts + smoothing * np.exp(self._log_prior(columns))
        values = np.log(mass / total).astype(np.float32)
        super().__init__(self._log_prior, np.log(smoothing / total), columns, values)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """Popularity, and what the last item adds to it or takes from it."""
        name, size = self._expert.name, len(self._expert._ids)
        prior = self._log_prior(items)
        added = self.log_prob(items) - prior
        popularity = against_average(name, prior, size, "popularity")
        return [
            [*terms, Term(name, float(more), event=self._last)]
            for terms, more in zip(popularity, added, strict=True)
        ]
