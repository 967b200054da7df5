"""The interface of vector search: item vectors in; inner products with queries, and the nearest
items to a query, out.

An index is never changed once it is made. `extended` gives another, which shares memory with the
first, so whoever answers with the first sees the same as before.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Floats, Ints

EXHAUSTIVE_LIMIT = 50_000
"""Items up to which a catalogue is scored whole."""
COMPARED_NEIGHBOURS = 512
"""Items of a larger catalogue that are compared exactly: candidates, and the part of a softmax's
sum that is exact."""
MAX_USUAL_SIZE = 2_000_000
"""Items of a catalogue beyond which twice as many lists are looked through, and twice as many items
compared: so .98 of the 100 nearest of ten million are found, else .93 (docs/decisions/0063)."""
BATCH_ROWS = 16_384
"""Vectors made at a time."""

Rows = Callable[[Ints], Floats]
"""Internal ids → [ids, dim] float32. It reads arrays that belong to the index's own snapshot: an
index asks it while it answers."""


def compared_neighbours(size: int) -> int:
    """Items of a catalogue of this size that are compared exactly."""
    return COMPARED_NEIGHBOURS * search_effort(size)


def search_effort(size: int) -> int:
    """How many times the usual a catalogue of this size takes."""
    return 1 if size <= MAX_USUAL_SIZE else 2


def is_exhaustive(size: int) -> bool:
    """Whether a catalogue of this size is scored whole."""
    return size <= EXHAUSTIVE_LIMIT


class VectorIndex(ABC):
    """What an exact and an approximate index share."""

    size: int
    """Items."""
    is_exact: ClassVar[bool]
    """Whether all items are compared, so that nothing is estimated."""

    @abstractmethod
    def scores(self, queries: Floats) -> Floats:
        """[queries, dim] → [queries, items], inner products."""

    @abstractmethod
    def scores_of(self, queries: Floats, items: Ints) -> Floats:
        """[queries, dim] → [queries, those items], exact."""

    @abstractmethod
    def nearest(self, query: Floats, k: int) -> Ints:
        """[dim] → about k items with the greatest inner products, in any order."""

    @abstractmethod
    def log_partition(self, queries: Floats) -> Floats:
        """[queries, dim] → [queries], log Σ exp over the catalogue; estimated in a large one."""

    @abstractmethod
    def log_partition_given(self, query: Floats, nearest: Ints, scores: Floats) -> float:
        """The same of one query [dim] whose nearest items and their scores are known already."""

    @abstractmethod
    def extended(self, rows: Rows, size: int, changed: Sequence[int]) -> "VectorIndex":
        """Another index with new items at the end and with those `changed` read again.

        Items keep their numbers: one that is gone stays, and filters hide it.
        """


def log_sum_exp(scores: Floats) -> Floats:
    """[rows, items] → [rows], log Σ exp."""
    top = scores.max(axis=1)
    shifted = scores - top[:, None]
    return np.asarray(top + np.log(np.exp(shifted, out=shifted).sum(axis=1)), np.float32)


def rows_dtype(items: int) -> type[np.float32 | np.float16]:
    """Of what is kept of so many items: half the memory where there are many."""
    return np.float32 if is_exhaustive(items) else np.float16


def rows_of(vectors: Vectors) -> Rows:
    """The rows of [items, dim], of any precision."""
    return lambda items: float_rows(vectors, items)


def float_rows(table: Vectors, items: Ints) -> Floats:
    """[those items, dim] in 32 bits. PyTorch widens 16 bits ten times as fast as NumPy."""
    rows = table[items]
    return rows if rows.dtype == np.float32 else widened(rows)


def widened(rows: npt.NDArray[Any]) -> Floats:
    """8 or 16 bits as 32."""
    import torch  # seconds, which only a large catalogue needs here

    return np.asarray(torch.from_numpy(rows).float().numpy())
