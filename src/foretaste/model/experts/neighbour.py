"""Neighbour: what is taken close to the last few items. P(item | last few) from weighted counts.

Sequence-weighted item neighbours (SKNN family, Ludewig and Jannach 2018, section 2.2): two items
count as neighbours when one person takes them within a window, the less the further apart.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.counts import Counts, pairs, taken
from foretaste.model.settings import NeighbourSettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts


class Neighbour:
    """Neighbours of the last few items, added up."""

    name = "neighbour"
    counting = True

    def __init__(
        self, near: Counts, popular: Floats, settings: NeighbourSettings, catalogue: Catalogue
    ) -> None:
        self.near = near
        self._popular = popular
        self._settings = settings
        self._sums = near.column_sums()
        self._ids = catalogue.ids

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Count the pairs within the window, both ways."""
        settings = training.settings.neighbour
        size = len(training.catalogue)
        parts = []
        for lag in range(1, settings.window + 1):
            earlier, later, weight = pairs(training.histories, lag)
            worth = weight * np.float32(settings.decay ** (lag - 1))
            parts += [(earlier, later, worth), (later, earlier, worth * settings.backward)]
        _, item, weight = taken(training.histories)
        popular = np.bincount(item, weight, minlength=size).astype(np.float32) + 1
        return [cls(Counts.of(size, parts), popular, settings, training.catalogue)]

    def _sources(self, behaviour: Behaviour) -> list[tuple[int, float]]:
        """(item, worth) of the last few items, newest first."""
        settings = self._settings
        last = behaviour.taken[: -settings.last - 1 : -1]
        return [(int(item), settings.decay**age) for age, item in enumerate(last)]

    def _neighbours(self, item: int, worth: float) -> tuple[Ints, Floats]:
        columns, counts = self.near.row(item)
        toned = (self._sums[columns] + 1) ** np.float32(-self._settings.popular)
        return columns, counts * toned * np.float32(worth)

    def _row(self, behaviour: Behaviour, prior: Floats) -> Floats:
        """[items], log P given one person's last few items."""
        mass = np.zeros_like(prior)
        for item, worth in self._sources(behaviour):
            columns, counts = self._neighbours(item, worth)
            mass[columns] += counts
        mass += self._smoothing * prior
        return np.log(mass / mass.sum(dtype=np.float64)).astype(np.float32)

    @property
    def _smoothing(self) -> np.float32:
        return np.float32(self._settings.smoothing)

    def _prior(self) -> Floats:
        return (self._popular / self._popular.sum(dtype=np.float64)).astype(np.float32)

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        prior = self._prior()
        return np.stack([self._row(one, prior) for one in behaviours])

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item."""
        return len(behaviour.taken) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Count the new item as a neighbour of the last few."""
        settings = self._settings
        self._popular[item] = max(self._popular[item] + weight, 1.0)
        for lag, earlier in enumerate(before.taken[: -settings.window - 1 : -1]):
            worth = weight * settings.decay**lag
            self._add(int(earlier), item, worth)
            self._add(item, int(earlier), worth * settings.backward)

    def _add(self, row: int, column: int, count: float) -> None:
        self.near.add(row, column, count)
        self._sums[column] += count

    def grow(self, catalogue: Catalogue) -> None:
        """New items have no neighbours yet."""
        extra = len(catalogue) - len(self._popular)
        self._popular = np.concatenate([self._popular, np.ones(extra, np.float32)])
        self._sums = np.concatenate([self._sums, np.zeros(extra, np.float32)])
        self.near.grow(len(catalogue))
        self._ids = catalogue.ids

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """Popularity, and what each of the last items adds, by its share of the counts."""
        prior = self._prior()
        row = self._row(behaviour, prior)
        sources = self._sources(behaviour)
        shares = np.zeros((len(items), len(sources)), np.float64)
        for place, (source, worth) in enumerate(sources):
            dense = np.zeros_like(prior)
            columns, counts = self._neighbours(source, worth)
            dense[columns] = counts
            shares[:, place] = dense[items]
        found = shares.sum(axis=1, keepdims=True)
        shares = np.where(found > 0, shares / np.where(found > 0, found, 1), 1 / len(sources))
        lift = row[items] - np.log(prior[items])
        return [
            [
                *against_average(self.name, float(np.log(prior[item])), len(prior), "popularity"),
                *(
                    Term(self.name, float(lift[place] * share), event=self._ids[source])
                    for (source, _), share in zip(sources, shares[place], strict=True)
                ),
            ]
            for place, item in enumerate(items)
        ]

    def state(self) -> tuple[Arrays, Facts]:
        """Counts and how they were counted."""
        return {
            "popular": self._popular,
            **self.near.arrays("near"),
        }, self._settings.model_dump()

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        near = Counts.from_arrays("near", arrays)
        return cls(near, arrays["popular"], NeighbourSettings(**facts), catalogue)
