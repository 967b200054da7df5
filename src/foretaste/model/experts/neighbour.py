"""Neighbour: what is taken close to the last few items. P(item | last few) from weighted counts.

Sequence-weighted item neighbours (SKNN family, Ludewig and Jannach 2018, section 2.2): two items
count as neighbours when one person takes them within a window, the less the further apart. How far
the window reaches is chosen on validation events: where the order of events says much, a few steps
are best, where little, as in baskets and long lists of films, many are.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from foretaste.domain.data import Behaviour, Cases, Catalogue, Doubles, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.domain.sharing import Chunked
from foretaste.model.counts import Counts, Prior, pairs, taken
from foretaste.model.index.base import is_exhaustive
from foretaste.model.scoring import NOBODY, Sparse, found_in
from foretaste.model.settings import NeighbourSettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training, showable


@dataclass(frozen=True)
class Reach:
    """How far apart two items may be, and what distance costs."""

    window: int
    last: int
    decay: float
    popular: float


REACHES = (Reach(3, 3, 0.6, 0.3), Reach(10, 10, 0.6, 0.3), Reach(20, 20, 0.9, 0.5))
"""What is chosen from; the first where nothing speaks for another."""
LIST_LENGTH = 10
MIN_CASES, MAX_CASES = 50, 1000
"""Validation events that choose."""
MAX_EVENTS = 2_000_000
"""Events past which the first is taken: pairs grow with the window, and so do memory and time."""


class Neighbour:
    """Neighbours of the last few items, added up."""

    name = "neighbour"
    counting = True

    def __init__(
        self, near: Counts, popular: Floats, settings: NeighbourSettings, catalogue: Catalogue
    ) -> None:
        self.near = near
        self._prior = Prior(popular)
        self._settings = settings
        self._reach = _reach(settings)
        self._sums = Chunked(near.column_sums())
        self._ids = catalogue.ids

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Count the pairs within the window, both ways; with the reach that ranks best."""
        settings = training.settings.neighbour
        named = {name: getattr(settings, name) for name in Reach.__dataclass_fields__}
        reaches = REACHES[:1] if any(value is not None for value in named.values()) else REACHES
        if not is_exhaustive(len(training.catalogue)) or training.histories.events > MAX_EVENTS:
            reaches = reaches[:1]
        cases = showable(training.valid, training.hide_seen)
        cases = cases.sample(MAX_CASES, np.random.default_rng(training.settings.seed))
        if len(cases) < MIN_CASES:
            reaches = reaches[:1]
        experts = [cls._counted(training, _with(settings, reach)) for reach in reaches]
        if len(experts) == 1:
            return experts
        gains = [_gains(expert, cases, training.hide_seen) for expert in experts]
        best = max(range(len(experts)), key=lambda place: float(gains[place].mean()))
        lead = gains[best] - gains[0]
        sure = lead.mean() > lead.std() / len(lead) ** 0.5
        return [experts[best if sure else 0]]

    def recounted(self, training: Training) -> Self:
        """The same reach, counted on other behaviour."""
        return self._counted(training, self._settings)

    @classmethod
    def _counted(cls, training: Training, settings: NeighbourSettings) -> Self:
        assert settings.window is not None
        assert settings.decay is not None
        size = len(training.catalogue)
        parts = []
        for lag in range(1, settings.window + 1):
            earlier, later, weight = pairs(training.histories, lag)
            worth = weight * np.float32(settings.decay ** (lag - 1))
            parts += [(earlier, later, worth), (later, earlier, worth * settings.backward)]
        _, item, weight = taken(training.histories)
        popular = np.bincount(item, weight, minlength=size).astype(np.float32) + 1
        return cls(Counts.of(size, parts), popular, settings, training.catalogue)

    def _sources(self, behaviour: Behaviour) -> list[tuple[int, float]]:
        """(item, worth) of the last few items, newest first."""
        reach = self._reach
        last = behaviour.taken[: -reach.last - 1 : -1]
        return [(int(item), reach.decay**age) for age, item in enumerate(last)]

    def _neighbours(self, item: int, worth: float) -> tuple[Ints, Floats]:
        columns, counts = self.near.row(item)
        toned = (self._sums.rows[columns] + 1) ** np.float32(-self._reach.popular)
        return columns, counts * toned * np.float32(worth)

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        return np.stack([self.opinion(one).log_prob() for one in behaviours])

    def opinion(self, behaviour: Behaviour) -> "NeighbourOpinion":
        """The neighbours of the last few items, added up."""
        return NeighbourOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item."""
        return len(behaviour.taken) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Count the new item as a neighbour of the last few."""
        reach = self._reach
        self._prior.add(item, weight)
        for lag, earlier in enumerate(before.taken[: -reach.window - 1 : -1]):
            worth = weight * reach.decay**lag
            self._add(int(earlier), item, worth)
            self._add(item, int(earlier), worth * self._settings.backward)

    def _add(self, row: int, column: int, count: float) -> None:
        self.near.add(row, column, count)
        self._sums[column] += count

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items have no neighbours yet."""
        extra = len(catalogue) - len(self._sums)
        if extra:
            self._sums.extend(np.zeros(extra, np.float32))
        self._prior.grow(len(catalogue))
        self.near.grow(len(catalogue))
        self._ids = catalogue.ids

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """Popularity, and what each of the last items adds, by its share of the counts."""
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """Counts and how they were counted."""
        return {
            "popular": self._prior.popular,
            **self.near.arrays("near"),
        }, self._settings.model_dump()

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        near = Counts.from_arrays("near", arrays)
        return cls(near, arrays["popular"], NeighbourSettings(**facts), catalogue)


def _with(settings: NeighbourSettings, reach: Reach) -> NeighbourSettings:
    """The settings with what they leave open."""
    named = {name: value for name, value in settings.model_dump().items() if value is not None}
    return NeighbourSettings(**{**asdict(reach), **named})


def _reach(settings: NeighbourSettings) -> Reach:
    """Of settings that leave nothing open."""
    named = _with(settings, REACHES[0]).model_dump()
    return Reach(**{name: named[name] for name in Reach.__dataclass_fields__})


def _gains(expert: Neighbour, cases: Cases, hide_seen: bool) -> Doubles:
    """[cases], NDCG@10 of each, as lists are shown."""
    gains = np.zeros(len(cases))
    for case, behaviour in enumerate(cases.behaviours(0, len(cases))):
        scores, target = expert.opinion(behaviour).log_prob(), cases.targets[case]
        if hide_seen:
            own = scores[target]
            scores[behaviour.taken] = -np.inf
            scores[target] = own
        rank = int((scores > scores[target]).sum()) + ((scores == scores[target]).sum() - 1) / 2
        gains[case] = 1 / np.log2(rank + 2) if rank < LIST_LENGTH else 0.0
    return gains


class NeighbourOpinion(Sparse):
    """Popularity, but for the neighbours of the last few items."""

    def __init__(self, expert: Neighbour, behaviour: Behaviour) -> None:
        self._expert, self._log_prior = expert, expert._prior.log
        self._sources = expert._sources(behaviour)
        self._parts = [expert._neighbours(item, worth) for item, worth in self._sources]
        smoothing = expert._settings.smoothing
        found = [columns for columns, _ in self._parts]
        columns, where = np.unique(np.concatenate([NOBODY, *found]), return_inverse=True)
        counts = np.concatenate([np.empty(0, np.float32), *(count for _, count in self._parts)])
        found_mass = np.asarray(np.bincount(where, counts, minlength=len(columns)), np.float64)
        total = float(found_mass.sum()) + smoothing
        mass = found_mass + smoothing * np.exp(self._log_prior(columns))
        values = np.log(mass / total).astype(np.float32)
        super().__init__(self._log_prior, np.log(smoothing / total), columns, values)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """Popularity, and what each of the last items adds, by its share of the counts."""
        name, ids = self._expert.name, self._expert._ids
        shares = np.zeros((len(items), len(self._sources)), np.float64)
        for place, (columns, counts) in enumerate(self._parts):
            places, which = found_in(items, columns)
            shares[places, place] = counts[which]
        found = shares.sum(axis=1, keepdims=True)
        even = 1 / max(len(self._sources), 1)
        shares = np.where(found > 0, shares / np.where(found > 0, found, 1), even)
        prior = self._log_prior(items)
        lift = self.log_prob(items) - prior
        popularity = against_average(name, prior, len(ids), "popularity")
        return [
            [
                *popularity[place],
                *(
                    Term(name, float(lift[place] * share), event=ids[source])
                    for (source, _), share in zip(self._sources, shares[place], strict=True)
                ),
            ]
            for place in range(len(items))
        ]
