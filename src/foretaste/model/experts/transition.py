"""Transition: what followed the last item. P(item | last) from counts, smoothed by popularity."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.counts import Counts, pairs, taken
from foretaste.model.terms import against_average
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts


class Transition:
    """A first-order Markov chain with a Dirichlet prior (MacKay and Peto 1995, section 3)."""

    name = "transition"
    counting = True

    def __init__(
        self, counts: Counts, popular: Floats, smoothing: float, catalogue: Catalogue
    ) -> None:
        self.after = counts
        self._popular = popular
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

    def _row(self, behaviour: Behaviour, log_prior: Floats) -> Floats:
        """[items], log P given one person's last item."""
        last = int(behaviour.taken[-1])
        columns, counts = self.after.row(last)
        total = self.after.totals[last] + self._smoothing
        row = log_prior + np.float32(np.log(self._smoothing / total))
        row[columns] = np.log((counts + self._smoothing * np.exp(log_prior[columns])) / total)
        return row

    def _log_prior(self) -> Floats:
        return np.log(self._popular / self._popular.sum(dtype=np.float64)).astype(np.float32)

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        prior = self._log_prior()
        rows = (self._row(one, prior) if self.active(one) else prior for one in behaviours)
        return np.stack(list(rows))

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item."""
        return len(behaviour.taken) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Count the step from the last item to this one."""
        self._popular[item] = max(self._popular[item] + weight, 1.0)
        if len(before.taken):
            self.after.add(int(before.taken[-1]), item, weight)

    def grow(self, catalogue: Catalogue) -> None:
        """New items have followed nothing yet."""
        extra = len(catalogue) - len(self._popular)
        self._popular = np.concatenate([self._popular, np.ones(extra, np.float32)])
        self.after.grow(len(catalogue))
        self._ids = catalogue.ids

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """Popularity, and what the last item adds to it or takes from it."""
        prior = self._log_prior()
        row = self._row(behaviour, prior)
        last = self._ids[int(behaviour.taken[-1])]
        return [
            [
                *against_average(self.name, float(prior[item]), len(prior), "popularity"),
                Term(self.name, float(row[item] - prior[item]), event=last),
            ]
            for item in items
        ]

    def state(self) -> tuple[Arrays, Facts]:
        """Counts."""
        return {"popular": self._popular, **self.after.arrays("after")}, {
            "smoothing": self._smoothing
        }

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        counts = Counts.from_arrays("after", arrays)
        return cls(counts, arrays["popular"], facts["smoothing"], catalogue)
