"""The terms of several items side by side: a row an item, a column a term. In: numbers; out: each
item's `Term`s where somebody reads them one by one.

A list is made of hundreds of terms, of which most are only added up and compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

from foretaste.domain.request import Term

TermNats = npt.NDArray[np.float64]
"""[items, columns]; nan where an item does not have the term."""


class TermColumn(NamedTuple):
    """What terms of several items have in common; the fields are those of `Term`."""

    expert: str
    event: str | None = None
    feature: str | None = None


class TermTable(Sequence[list[Term]]):
    """For each item its terms, which sum to its score. Never changed."""

    def __init__(self, columns: Sequence[TermColumn], nats: TermNats) -> None:
        self.columns, self.nats = tuple(columns), nats

    @classmethod
    def of(cls, terms_by_item: "Sequence[Sequence[Term]] | TermTable") -> "TermTable":
        """The same as a table; a term that an item has twice is one."""
        if isinstance(terms_by_item, TermTable):
            return terms_by_item
        positions: dict[TermColumn, int] = {}
        cells: list[tuple[int, int, float]] = []
        for row, terms in enumerate(terms_by_item):
            for expert, nats, event, feature in terms:
                position = positions.setdefault(TermColumn(expert, event, feature), len(positions))
                cells.append((row, position, nats))
        return cls(tuple(positions), summed_cells((len(terms_by_item), len(positions)), cells))

    @classmethod
    def joined(cls, tables: Sequence["TermTable"], item_count: int) -> "TermTable":
        """The columns of all, in their order, of so many items."""
        columns = [column for table in tables for column in table.columns]
        parts = [np.empty((item_count, 0)), *(table.nats for table in tables)]
        return cls(columns, np.concatenate(parts, axis=1))

    def __len__(self) -> int:
        return len(self.nats)

    @overload
    def __getitem__(self, index: int) -> list[Term]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[Term]]: ...
    def __getitem__(self, index: int | slice) -> list[Term] | list[list[Term]]:
        if isinstance(index, slice):
            return [self[row] for row in range(len(self))[index]]
        return self._row_terms(self.nats[index].tolist())

    def __iter__(self) -> Iterator[list[Term]]:
        return map(self._row_terms, self.nats.tolist())

    def _row_terms(self, row_nats: Iterable[float]) -> list[Term]:
        return [
            Term(expert, nats, event, feature)
            for (expert, event, feature), nats in zip(self.columns, row_nats, strict=True)
            if nats == nats  # not nan
        ]

    def scaled(self, factor: float) -> Self:
        """All terms times the factor."""
        return type(self)(self.columns, self.nats * factor)

    def with_columns(self, columns: Sequence[TermColumn], nats: npt.ArrayLike) -> Self:
        """With more terms. nats: [items, columns]"""
        new_nats = np.asarray(nats, np.float64).reshape(len(self), len(columns))
        return type(self)((*self.columns, *columns), np.concatenate([self.nats, new_nats], axis=1))

    def select_rows(self, rows: Sequence[int]) -> Self:
        """The terms of some of the items."""
        return type(self)(self.columns, self.nats[np.array(rows, np.int64)])

    def select_columns(self, is_kept: Sequence[bool]) -> Self:
        """Some of the terms of each item."""
        if all(is_kept):
            return self
        columns = [column for column, kept in zip(self.columns, is_kept, strict=True) if kept]
        return type(self)(columns, self.nats[:, np.array(is_kept, bool)])


def summed_cells(shape: tuple[int, int], cells: Iterable[tuple[int, int, float]]) -> TermNats:
    """[items, columns] of (row, column, nats), summed where two are the same; nan elsewhere."""
    nats = np.full(shape, np.nan)
    for row, column, value in cells:
        known = nats[row, column]
        nats[row, column] = value if known != known else known + value
    return nats
