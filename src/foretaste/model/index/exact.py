"""Exact search: every item's vector is compared with the query. For catalogues that are small."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Floats, Ints
from foretaste.model.expert_scorer import top_positions
from foretaste.model.index.base import Rows, VectorIndex, log_sum_exp
from foretaste.model.index.columns import ColumnBlocks


class ExactIndex(VectorIndex):
    """All vectors in 32 bits; extensions share the blocks that did not change."""

    is_exact = True

    def __init__(self, columns: ColumnBlocks) -> None:
        self._columns, self.size = columns, columns.size

    @classmethod
    def of(cls, rows: Rows, size: int) -> Self:
        """Every item's vector."""
        return cls(ColumnBlocks.of(rows, size))

    def scores(self, queries: Floats) -> Floats:
        """[queries, items]"""
        return self._columns.products(queries)

    def scores_of(self, queries: Floats, items: Ints) -> Floats:
        """[queries, those items]"""
        return self._columns.products_with(queries, items)

    def nearest(self, query: Floats, k: int) -> Ints:
        """Exactly the k nearest."""
        return top_positions(self.scores(query[None])[0], k)

    def log_partition(self, queries: Floats) -> Floats:
        """[queries], exact."""
        return log_sum_exp(self.scores(queries))

    def log_partition_given(self, query: Floats, nearest: Ints, scores: Floats) -> float:
        """Exact."""
        return float(self.log_partition(query[None])[0])

    def extended(self, rows: Rows, size: int, changed: Sequence[int]) -> "ExactIndex":
        """New vectors are written behind; the blocks of changed ones are copied."""
        items = np.array(changed, np.int32)
        new = rows(np.arange(self.size, size, dtype=np.int32))
        return ExactIndex(self._columns.extended(new, items, rows(items)))
