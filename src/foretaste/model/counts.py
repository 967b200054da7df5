"""Sparse counts item × item that keep learning: rows from a fitted matrix, changed ones on top.

A fitted row lives in compressed arrays; what is added to it later is kept beside it and put in when
the row is next looked at. So a hundred million pairs stay in arrays and an event costs a few adds.
"""

import math
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Floats, Histories, Ints, Longs
from foretaste.domain.ports import Arrays


def taken(histories: Histories) -> tuple[Longs, Ints, Floats]:
    """(person, item, weight) of the rows in which something was taken, in order."""
    keep = (histories.item >= 0) & (histories.weight > 0)
    person = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    return person[keep], histories.item[keep], histories.weight[keep]


def pairs(histories: Histories, lag: int) -> tuple[Ints, Ints, Floats]:
    """(earlier item, later item, weight of the later event), `lag` taken events apart."""
    person, item, weight = taken(histories)
    same = person[:-lag] == person[lag:]
    return item[:-lag][same], item[lag:][same], weight[lag:][same]


class Prior:
    """Popularity for smoothing: log of each item's share, kept while it is learnt."""

    def __init__(self, popular: Floats) -> None:
        self.popular = popular
        """[items], counts and one event each."""
        self._logs = np.log(popular)
        self._total = float(popular.sum(dtype=np.float64))

    def __len__(self) -> int:
        return len(self.popular)

    def log(self, items: Ints | None = None) -> Floats:
        """[items], log of the share of these, or of all."""
        logs = self._logs if items is None else self._logs[items]
        return logs - np.float32(np.log(self._total))

    def add(self, item: int, weight: float) -> None:
        """One event more; a negative weight takes back what was added."""
        before = float(self.popular[item])
        after = max(before + weight, 1.0)
        self.popular[item] = after
        self._logs[item] = math.log(after)
        self._total += after - before

    def grow(self, size: int) -> None:
        """Make room for items at the end."""
        extra = size - len(self.popular)
        if extra:
            self.popular = np.concatenate([self.popular, np.ones(extra, np.float32)])
            self._logs = np.concatenate([self._logs, np.zeros(extra, np.float32)])
            self._total += extra


class Counts:
    """A square table of counts that takes additions."""

    def __init__(self, matrix: sp.csr_matrix) -> None:
        self._matrix = matrix
        self._added: dict[int, dict[int, float]] = {}  # row → column → what was added
        self._changed: dict[int, tuple[Ints, Floats]] = {}  # rows with what was added put in
        self.size = int(matrix.shape[0])
        self.totals = np.asarray(matrix.sum(axis=1), dtype=np.float32).ravel()
        """[items], the sum of each row."""

    @classmethod
    def of(cls, size: int, parts: list[tuple[Ints, Ints, Floats]]) -> Self:
        """Sums of (row, column, count) triples."""
        rows = np.concatenate([part[0] for part in parts])
        columns = np.concatenate([part[1] for part in parts])
        counts = np.concatenate([part[2] for part in parts]).astype(np.float32)
        matrix = sp.csr_matrix((counts, (rows, columns)), shape=(size, size), dtype=np.float32)
        matrix.sum_duplicates()  # and sorts the columns of each row
        return cls(matrix)

    def row(self, index: int) -> tuple[Ints, Floats]:
        """(columns, counts) of one row, each column once, in ascending order."""
        if index in self._changed:
            return self._changed[index]
        columns, counts = self._fitted(index)
        if index in self._added:
            more = self._added[index]
            columns = np.concatenate([columns, np.fromiter(more, np.int32, len(more))])
            added = np.fromiter(more.values(), np.float32, len(more))
            columns, where = np.unique(columns, return_inverse=True)
            counts = np.bincount(where, np.concatenate([counts, added])).astype(np.float32)
            self._changed[index] = (columns, counts)
        return columns, counts

    def _fitted(self, index: int) -> tuple[Ints, Floats]:
        if index >= self._matrix.shape[0]:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        part = slice(self._matrix.indptr[index], self._matrix.indptr[index + 1])
        return self._matrix.indices[part], self._matrix.data[part]

    def add(self, row: int, column: int, count: float) -> None:
        """Add to one cell; a negative count takes away what was added before."""
        added = self._added.setdefault(row, {})
        added[column] = added.get(column, 0.0) + count
        self._changed.pop(row, None)
        self.totals[row] += count

    def column_sums(self) -> Floats:
        """[items], the sum of each column."""
        sums = np.zeros(self.size, np.float32)
        matrix = self.merged()
        np.add.at(sums, matrix.indices, matrix.data)
        return sums

    def grow(self, size: int) -> None:
        """Make room for items at the end."""
        if size == self.size:
            return
        self.totals = np.concatenate([self.totals, np.zeros(size - self.size, np.float32)])
        self.size = size

    def merged(self) -> sp.csr_matrix:
        """All of it as one matrix."""
        if not self._added and self._matrix.shape[0] == self.size:
            return self._matrix
        rows = [self.row(index) for index in range(self.size)]
        lengths = [len(columns) for columns, _ in rows]
        return sp.csr_matrix(
            (
                np.concatenate([counts for _, counts in rows]),
                np.concatenate([columns for columns, _ in rows]),
                np.concatenate([[0], np.cumsum(lengths)]),
            ),
            shape=(self.size, self.size),
        )

    def arrays(self, name: str) -> Arrays:
        """For safetensors."""
        matrix = self.merged()
        return {
            f"{name}.offsets": matrix.indptr.astype(np.int64),
            f"{name}.columns": matrix.indices.astype(np.int32),
            f"{name}.counts": matrix.data.astype(np.float32),
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Arrays) -> Self:
        """The inverse of `arrays`."""
        offsets = arrays[f"{name}.offsets"]
        size = len(offsets) - 1
        if offsets[-1] < np.iinfo(np.int32).max:  # else SciPy takes twice the memory for columns
            offsets = offsets.astype(np.int32)
        matrix = sp.csr_matrix(
            (arrays[f"{name}.counts"], arrays[f"{name}.columns"], offsets), shape=(size, size)
        )
        matrix.sort_indices()
        return cls(matrix)
