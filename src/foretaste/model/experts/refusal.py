"""Refusal: what is like the items a person hid or disliked is less likely. P(item | refusals).

log P falls by `strength` nats for a twin of the last refused item and by less the less alike the
two are: by how much more their texts have in common than with the average item (the language
model's cosine), and by the share of the refused item's attribute values that an item has, the rarer
counting more. Each refusal further back counts `decay` of the one after. Alive from the first
refusal; the refused item itself is kept out of the lists by a filter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.arrays import mean
from foretaste.domain.data import Behaviour, Catalogue, Feature, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.domain.sharing import Once
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.settings import RefusalSettings
from foretaste.model.terms import AVERAGE
from foretaste.model.training import Training

EXACT = 50_000
"""Items up to which the normaliser is a sum over all of them; past it over a sample."""


class Refusal(StatelessExpert[RefusalSettings]):
    """Likeness to what was refused."""

    name = "refusal"

    def __init__(self, settings: RefusalSettings, catalogue: Catalogue) -> None:
        super().__init__(settings)
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Nothing to learn; left out where items have nothing to be alike in."""
        catalogue = training.catalogue
        if not catalogue.vectors.any() and not catalogue.features:
            return []
        return [cls(training.settings.refusal, catalogue)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are read like the others; what is needed of the whole is made when needed."""
        self._vectors, self._ids = catalogue.vectors, catalogue.ids
        features = catalogue.told
        self._tables = Once(lambda: [_Table.of(feature) for feature in features])
        if changed is None or len(catalogue) > self._measured * 1.01:
            self._measure(len(catalogue))

    def _measure(self, size: int) -> None:
        """The average item, and the sample that stands for the whole: a new item moves neither."""
        self._measured = size
        self._mean = mean(self._vectors)  # [dim]
        every = np.arange(size, dtype=np.int32)
        self._sample = every
        if len(every) > EXACT:
            self._sample = np.random.default_rng(0).choice(every, EXACT, replace=False)

    def refused(self, behaviour: Behaviour) -> list[tuple[int, float]]:
        """(item, worth) of the last refusals, newest first; not of what was taken again since."""
        found: dict[int, float] = {}
        met: set[int] = set()
        for row in range(len(behaviour) - 1, -1, -1):
            item, weight = int(behaviour.item[row]), float(behaviour.weight[row])
            if item < 0 or item in met:
                continue
            met.add(item)
            if weight < 0:
                found[item] = -weight * self._settings.decay ** len(found)
                if len(found) == self._settings.last:
                    break
        return list(found.items())

    def likeness(self, refused: int, items: Ints | None = None) -> Floats:
        """[items], 0 for one that has nothing of the refused item, 1 for its twin."""
        vector = self._vectors[refused]
        usual = float(vector @ self._mean)
        cosine = (self._vectors if items is None else self._vectors[items]) @ vector
        alike = np.maximum((cosine - usual) / max(1 - usual, 1e-6), 0)
        found = [one.share(refused, items) for one in self._tables.get()]
        shares = [share for share in found if share is not None]
        shared = sum(shares) / len(shares) if shares else np.zeros_like(alike)
        return np.asarray(1 - (1 - alike**2) * (1 - shared**2), np.float32)

    def _pushes(self, behaviour: Behaviour, items: Ints | None = None) -> Floats:
        """[refusals, items], in nats, none above 0."""
        size = len(self._ids) if items is None else len(items)
        rows = [
            -self._settings.strength * worth * self.likeness(item, items)
            for item, worth in self.refused(behaviour)
        ]
        return np.array(rows, np.float32).reshape(len(rows), size)

    def _normaliser(self, behaviour: Behaviour) -> float:
        """Log Σ exp over the catalogue; past `EXACT` items estimated."""
        push = self._pushes(behaviour, self._sample).sum(axis=0)
        stands_for = len(self._ids) / len(self._sample)
        return float(np.logaddexp.reduce(push.astype(np.float64)) + np.log(stands_for))

    def opinion(self, behaviour: Behaviour) -> "RefusalOpinion":
        """The refusals read once."""
        return RefusalOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first refusal."""
        return bool((behaviour.weight < 0).any()) and bool(self.refused(behaviour))

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(RefusalSettings(**facts), catalogue)


class RefusalOpinion:
    """One person's refusals against the items."""

    def __init__(self, expert: Refusal, behaviour: Behaviour) -> None:
        self._expert, self._behaviour = expert, behaviour
        self._refused = [expert._ids[item] for item, _ in expert.refused(behaviour)]
        self._rest = -expert._normaliser(behaviour)

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], of these or of the whole catalogue."""
        push = self._expert._pushes(self._behaviour, items).sum(axis=0)
        return np.asarray(push + np.float32(self._rest), np.float32)

    def candidates(self, k: int) -> Ints:
        """None: it speaks against items, not for any."""
        return np.empty(0, np.int32)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each refused item takes away, and the normalisation."""
        name = self._expert.name
        pushes = self._expert._pushes(self._behaviour, items)
        return [
            [
                Term(name, self._rest, feature=AVERAGE),
                *(
                    Term(name, float(push), event=event)
                    for event, push in zip(self._refused, pushes[:, place], strict=True)
                ),
            ]
            for place in range(len(items))
        ]


@dataclass(frozen=True)
class _Table:
    """One column: which item has which value, and how rare each is."""

    has: sp.csr_matrix
    """[items, values]"""
    rarity: Floats
    """[values], log of how many items there are for each that has the value."""

    @classmethod
    def of(cls, feature: Feature) -> Self:
        """The column as a sparse table."""
        items = len(feature.offsets) - 1
        ones = np.ones(len(feature.codes), np.float32)
        size = (items, len(feature.values))
        counts = np.bincount(feature.codes, minlength=len(feature.values))
        rarity = np.log((items + 1) / np.maximum(counts, 1)).astype(np.float32)
        return cls(sp.csr_matrix((ones, feature.codes, feature.offsets), shape=size), rarity)

    def share(self, item: int, items: Ints | None = None) -> Floats | None:
        """[items], of the item's values the share that each has too; None if it has none."""
        part = slice(self.has.indptr[item], self.has.indptr[item + 1])
        codes = np.unique(self.has.indices[part])
        if not len(codes):
            return None
        worth = np.zeros(len(self.rarity), np.float32)
        worth[codes] = self.rarity[codes] / self.rarity[codes].sum()
        table = self.has if items is None else self.has[items]
        return np.minimum(np.asarray(table @ worth, np.float32), 1)
