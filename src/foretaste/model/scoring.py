"""Opinions: an expert and one person's behaviour in, what it thinks of any item out."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from foretaste.domain.data import Behaviour, Floats, Ints, Term
from foretaste.domain.ports import Expert, Opinion

NOBODY = np.empty(0, np.int32)


class Whole:
    """The opinion of an expert that only tells of the whole catalogue at once."""

    def __init__(self, expert: Expert, behaviour: Behaviour) -> None:
        self._expert, self._behaviour = expert, behaviour
        self._row: Floats | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        if self._row is None:
            self._row = self._expert.log_prob([self._behaviour])[0]
        return self._row if items is None else self._row[items]

    def candidates(self, k: int) -> Ints:
        """None: those of the others will do."""
        return NOBODY

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """The expert's."""
        return self._expert.terms(self._behaviour, items, deep=deep)


def opinion_of(expert: Expert, behaviour: Behaviour) -> Opinion:
    """As the expert itself gives it, or else of the whole."""
    own: Any = getattr(expert, "opinion", None)
    return Whole(expert, behaviour) if own is None else own(behaviour)


def opinions_of(
    experts: Iterable[Expert], behaviour: Behaviour, exponents: Iterable[float]
) -> list[tuple[Opinion, float]]:
    """Those of the experts that are raised to more than 0, with that."""
    return [
        (opinion_of(expert, behaviour), exponent)
        for expert, exponent in zip(experts, exponents, strict=True)
        if exponent > 0
    ]


def best_of(scores: Floats, k: int) -> Ints:
    """Places of the k highest, in any order."""
    if k >= len(scores):
        return np.arange(len(scores), dtype=np.int32)
    return np.argpartition(scores, len(scores) - k)[len(scores) - k :].astype(np.int32)


def found_in(items: Ints, columns: Ints) -> tuple[Ints, Ints]:
    """(places in `items`, places in `columns`) of what is in both; `columns` ascending."""
    if not len(columns):
        return NOBODY, NOBODY
    place = np.minimum(np.searchsorted(columns, items), len(columns) - 1)
    hit = np.flatnonzero(columns[place] == items)
    return hit.astype(np.int32), place[hit].astype(np.int32)


class Sparse:
    """log P that is a row all share, but for a few items."""

    def __init__(
        self, prior: Callable[[Ints | None], Floats], rest: float, columns: Ints, values: Floats
    ) -> None:
        """prior: items → [items]. rest: added to it where not in `columns` [few], ascending."""
        self._prior, self._rest = prior, np.float32(rest)
        self._columns, self._values = columns, values

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        row = self._prior(items) + self._rest
        if items is None:
            row[self._columns] = self._values
        else:
            places, which = found_in(items, self._columns)
            row[places] = self._values[which]
        return row

    def candidates(self, k: int) -> Ints:
        """The likeliest of the few, where they are likelier for being among them."""
        lifted = self._values > self._prior(self._columns) + self._rest
        columns, values = self._columns[lifted], self._values[lifted]
        return columns if len(columns) <= k else columns[best_of(values, k)]
