"""Request scorers: an expert and one user context in; its log-probability of any item out."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Floats, Ints, Term, UserContext
from foretaste.domain.ports import Expert, RequestScorer

NO_ITEMS = np.empty(0, np.int32)


class CatalogueScorer:
    """The scorer of an expert that only scores the whole catalogue at once."""

    def __init__(self, expert: Expert, user_context: UserContext) -> None:
        self._expert, self._user_context = expert, user_context
        self._row: Floats | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        if self._row is None:
            self._row = self._expert.log_prob([self._user_context])[0]
        return self._row if items is None else self._row[items]

    def candidates(self, k: int) -> Ints:
        """No items: those of the other experts will do."""
        return NO_ITEMS

    def terms(self, items: Ints, *, deep: bool = True) -> Sequence[Sequence[Term]]:
        """The expert's."""
        return self._expert.terms(self._user_context, items, deep=deep)


def scorer_of(expert: Expert, user_context: UserContext, *, deep: bool = False) -> RequestScorer:
    """The expert's own scorer, or else one over the whole catalogue. deep: the expert's own for
    whom deep terms will be asked, if it has one.
    """
    make_scorer: Any = getattr(expert, "deep_scorer", None) if deep else None
    make_scorer = make_scorer or getattr(expert, "scorer", None)
    return (
        CatalogueScorer(expert, user_context) if make_scorer is None else make_scorer(user_context)
    )


def opinions_of(
    experts: Iterable[Expert],
    behaviour: UserContext,
    exponents: Iterable[float],
    *,
    deep: bool = False,
) -> list[tuple[RequestScorer, float]]:
    """The scorers of the experts whose exponent is above 0, with that exponent."""
    return [
        (scorer_of(expert, behaviour, deep=deep), exponent)
        for expert, exponent in zip(experts, exponents, strict=True)
        if exponent > 0
    ]


def top_positions(scores: Floats, k: int) -> Ints:
    """Places of the k highest, in any order."""
    if k >= len(scores):
        return np.arange(len(scores), dtype=np.int32)
    return np.argpartition(scores, len(scores) - k)[len(scores) - k :].astype(np.int32)


def matching_positions(items: Ints, columns: Ints) -> tuple[Ints, Ints]:
    """(places in `items`, places in `columns`) of what is in both; `columns` ascending."""
    if not len(columns):
        return NO_ITEMS, NO_ITEMS
    column_positions = np.minimum(np.searchsorted(columns, items), len(columns) - 1)
    match_positions = np.flatnonzero(columns[column_positions] == items)
    return match_positions.astype(np.int32), column_positions[match_positions].astype(np.int32)


class SparseScorer:
    """log P that is a row all share, but for a few items."""

    def __init__(
        self,
        prior: Callable[[Ints | None], Floats],
        default_shift: float,
        columns: Ints,
        values: Floats,
    ) -> None:
        """prior: items → [items]. default_shift: added to it where not in `columns` [few],
        ascending.
        """
        self._prior, self._default_shift = prior, np.float32(default_shift)
        self._columns, self._values = columns, values

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        row = self._prior(items) + self._default_shift
        if items is None:
            row[self._columns] = self._values
        else:
            item_positions, column_positions = matching_positions(items, self._columns)
            row[item_positions] = self._values[column_positions]
        return row

    def candidates(self, k: int) -> Ints:
        """The likeliest of the few, where they are likelier for being among them."""
        is_lifted = self._values > self._prior(self._columns) + self._default_shift
        columns, values = self._columns[is_lifted], self._values[is_lifted]
        return columns if len(columns) <= k else columns[top_positions(values, k)]
