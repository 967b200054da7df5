"""Sparse counts item × item that keep learning: rows from a fitted matrix, changed ones on top.

A fitted row lives in compressed arrays; what is added to it later is kept beside it and put in when
the row is next looked at. So a hundred million pairs stay in arrays and an event costs a few adds,
also where others go on reading the counts before it.
"""

import math
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Floats, Interactions, Ints, Longs
from foretaste.domain.ports import StateArrays
from foretaste.domain.sharing import Chunked, Forking

MAX_ADDED = 64
"""Additions to a row that are copied when a fork adds one more; of more the row is put together."""


def positive_interactions(interactions: Interactions) -> tuple[Longs, Ints, Floats]:
    """(person, item, weight) of the rows with a positive interaction, in order."""
    is_positive = (interactions.item >= 0) & (interactions.weight > 0)
    users = np.repeat(np.arange(len(interactions)), np.diff(interactions.offsets))
    return users[is_positive], interactions.item[is_positive], interactions.weight[is_positive]


def item_pairs(interactions: Interactions, lag: int) -> tuple[Ints, Ints, Floats]:
    """(earlier item, later item, weight of the later event), `lag` positive events apart."""
    users, item, weight = positive_interactions(interactions)
    is_same_user = users[:-lag] == users[lag:]
    return item[:-lag][is_same_user], item[lag:][is_same_user], weight[lag:][is_same_user]


def item_pair_owners(interactions: Interactions, lag: int) -> Longs:
    """[pairs], whose each of `item_pairs` is."""
    users, _, _ = positive_interactions(interactions)
    return users[lag:][users[:-lag] == users[lag:]]


class PopularityPrior(Forking):
    """Popularity for smoothing: log of each item's share, kept while it is learnt."""

    def __init__(self, counts: Floats) -> None:
        """counts: [items], with one event each as prior."""
        self._popular, self._log_counts = Chunked(counts), Chunked(np.log(counts))
        self._total = float(counts.sum(dtype=np.float64))

    def __len__(self) -> int:
        return len(self._popular)

    @property
    def popular(self) -> Floats:
        """[items], counts and one event each."""
        return self._popular.rows

    def log_share(self, items: Ints | None = None) -> Floats:
        """[items], log of the share of these, or of all."""
        log_counts = self._log_counts.rows if items is None else self._log_counts.rows[items]
        return log_counts - np.float32(np.log(self._total))

    def add(self, item: int, weight: float) -> None:
        """One event more; a negative weight takes back what was added."""
        old_count = float(self._popular[item])
        new_count = max(old_count + weight, 1.0)
        self._popular[item] = new_count
        self._log_counts[item] = math.log(new_count)
        self._total += new_count - old_count

    def grow(self, size: int) -> None:
        """Make room for items at the end."""
        new_item_count = size - len(self)
        if new_item_count:
            self._popular.extend(np.ones(new_item_count, np.float32))
            self._log_counts.extend(np.zeros(new_item_count, np.float32))
            self._total += new_item_count


class _Row:
    """The counts of one row: those put in, and what was added since."""

    __slots__ = ("_merged", "added", "columns", "counts", "owner")

    def __init__(self, columns: Ints, counts: Floats, added: dict[int, float], owner: object):
        self.columns, self.counts, self.added, self.owner = columns, counts, added, owner
        self._merged: tuple[Ints, Floats] | None = None

    def add(self, column: int, count: float) -> None:
        self.added[column] = self.added.get(column, 0.0) + count
        self._merged = None

    def merged(self) -> tuple[Ints, Floats]:
        """(columns, counts), each column once, in ascending order."""
        merged = self._merged
        if merged is None:
            added_counts = self.added
            columns = np.concatenate(
                [self.columns, np.fromiter(added_counts, np.int32, len(added_counts))]
            )
            added = np.fromiter(added_counts.values(), np.float32, len(added_counts))
            columns, inverse = np.unique(columns, return_inverse=True)
            counts = np.bincount(inverse, np.concatenate([self.counts, added])).astype(np.float32)
            self._merged = merged = columns, counts
        return merged


class CountMatrix(Forking):
    """A square table of counts that takes additions. A fork shares all rows it adds nothing to."""

    def __init__(self, matrix: sp.csr_matrix, *, is_closed: bool = False) -> None:
        """is_closed: nothing is added: what one person adds would show (`privacy.min_people`)."""
        self._matrix = matrix
        self.is_closed = is_closed
        self.size = int(matrix.shape[0])
        self._merged_rows = Chunked.filled(self.size, None, object)  # [items], a `_Row` or None
        self._owner: object = object()  # of the rows that nobody else has
        self._any_change = False
        self._totals = Chunked(np.asarray(matrix.sum(axis=1), dtype=np.float32).ravel())

    @property
    def totals(self) -> Floats:
        """[items], the sum of each row."""
        return self._totals.rows

    @classmethod
    def from_triples(
        cls, size: int, triples: list[tuple[Ints, Ints, Floats]], *, is_closed: bool = False
    ) -> Self:
        """Sums of (row, column, count) triples."""
        rows = np.concatenate([part[0] for part in triples])
        columns = np.concatenate([part[1] for part in triples])
        counts = np.concatenate([part[2] for part in triples]).astype(np.float32)
        matrix = sp.csr_matrix((counts, (rows, columns)), shape=(size, size), dtype=np.float32)
        matrix.sum_duplicates()  # and sorts the columns of each row
        return cls(matrix, is_closed=is_closed)

    def total(self, row: int) -> float:
        """The sum of one row."""
        return float(self._totals[row])

    def row(self, index: int) -> tuple[Ints, Floats]:
        """(columns, counts) of one row, each column once, in ascending order."""
        changed: _Row | None = self._merged_rows[index]
        return self._fitted_row(index) if changed is None else changed.merged()

    def _fitted_row(self, index: int) -> tuple[Ints, Floats]:
        if index >= self._matrix.shape[0]:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        part = slice(self._matrix.indptr[index], self._matrix.indptr[index + 1])
        return self._matrix.indices[part], self._matrix.data[part]

    def add(self, row: int, column: int, count: float) -> None:
        """Add to one cell; a negative count takes away what was added before."""
        if self.is_closed:
            return
        self._own(row).add(column, count)
        self._totals[row] += count
        self._any_change = True

    def _own(self, index: int) -> _Row:
        """The row as one that nobody else reads."""
        row: _Row | None = self._merged_rows[index]
        if row is None:
            row = _Row(*self._fitted_row(index), {}, self._owner)
        elif row.owner is self._owner:
            return row
        elif len(row.added) > MAX_ADDED:
            row = _Row(*row.merged(), {}, self._owner)
        else:
            row = _Row(row.columns, row.counts, dict(row.added), self._owner)
        self._merged_rows[index] = row
        return row

    def fork(self) -> Self:
        """The same counts, to be added to; what it came from stays as it is."""
        fork = super().fork()
        fork._owner, self._owner = object(), object()
        return fork

    def freeze(self) -> None:
        """Whoever adds from now on does so to a fork."""
        super().freeze()
        self._owner = object()

    def column_sums(self) -> Floats:
        """[items], the sum of each column."""
        sums = np.zeros(self.size, np.float32)
        matrix = self.to_csr()
        np.add.at(sums, matrix.indices, matrix.data)
        return sums

    def grow(self, size: int) -> None:
        """Make room for items at the end."""
        if size == self.size:
            return
        self._totals.extend(np.zeros(size - self.size, np.float32))
        self._merged_rows.extend(np.full(size - self.size, None, object))
        self.size = size

    def to_csr(self) -> sp.csr_matrix:
        """All of it as one matrix."""
        if not self._any_change and self._matrix.shape[0] == self.size:
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

    def arrays(self, prefix: str) -> StateArrays:
        """For safetensors."""
        matrix = self.to_csr()
        return {
            f"{prefix}.offsets": matrix.indptr.astype(np.int64),
            f"{prefix}.columns": matrix.indices.astype(np.int32),
            f"{prefix}.counts": matrix.data.astype(np.float32),
            **({f"{prefix}.closed": np.ones(1, np.int32)} if self.is_closed else {}),
        }

    @classmethod
    def from_arrays(cls, prefix: str, arrays: StateArrays) -> Self:
        """The inverse of `arrays`."""
        offsets = arrays[f"{prefix}.offsets"]
        size = len(offsets) - 1
        if offsets[-1] < np.iinfo(np.int32).max:  # else SciPy takes twice the memory for columns
            offsets = offsets.astype(np.int32)
        matrix = sp.csr_matrix(
            (arrays[f"{prefix}.counts"], arrays[f"{prefix}.columns"], offsets), shape=(size, size)
        )
        matrix.sort_indices()
        return cls(matrix, is_closed=f"{prefix}.closed" in arrays)
