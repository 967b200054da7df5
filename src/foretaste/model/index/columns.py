"""Vectors side by side as columns, in blocks that copies share: copy on write.

A product with all of them is one matrix product a block, which costs no more than one over the
whole. A column that changes copies its block alone, and new columns are written into the room that
the last block has left.
"""

from collections.abc import Iterator
from typing import Self

import numpy as np

from foretaste.domain.data import Floats, Ints
from foretaste.model.index.base import Rows

BLOCK_NUMBERS = 2048 * 384
"""Of a block, 3 MB: what a changed vector copies. A product takes a call a block."""
MAX_FEW_QUERIES = 16
"""Up to so many are multiplied by PyTorch, whose library takes for five hardly longer than for one,
and NumPy's three times as long."""


class _Block:
    """Columns [dim, columns] of which the first `used` are set, and stay as they are."""

    def __init__(self, columns: Floats, used: int) -> None:
        self.columns, self.used = columns, used


class ColumnBlocks:
    """[dim, size]; never changed."""

    def __init__(self, blocks: tuple[_Block, ...], size: int, dim: int) -> None:
        self._blocks, self.size, self.dim = blocks, size, dim
        self._block_columns = max(BLOCK_NUMBERS // max(dim, 1), 1)

    @classmethod
    def empty(cls, dim: int) -> Self:
        """Without columns."""
        return cls((), 0, dim)

    @classmethod
    def of(cls, rows: Rows, size: int) -> "ColumnBlocks":
        """The vectors of the items from 0 to `size`; there is one at least, or none at all."""
        dim = rows(np.zeros(min(size, 1), np.int32)).shape[1]
        vectors = rows(np.arange(size, dtype=np.int32))
        return cls.empty(dim).extended(vectors, np.empty(0, np.int32), vectors[:0])

    def _parts(self) -> Iterator[tuple[int, Floats]]:
        """(number of the first column, [dim, columns]) of each block."""
        for number, block in enumerate(self._blocks):
            start = number * self._block_columns
            yield start, block.columns[:, : self.size - start]

    def products(self, queries: Floats) -> Floats:
        """[queries, dim] → [queries, size]"""
        products = np.empty((len(queries), self.size), np.float32)
        multiply = _few_products if 1 < len(queries) <= MAX_FEW_QUERIES else np.matmul
        for start, columns in self._parts():
            products[:, start : start + columns.shape[1]] = multiply(queries, columns)
        return products

    def products_with(self, queries: Floats, items: Ints) -> Floats:
        """[queries, dim] → [queries, those items]"""
        if len(items) > self.size // 8:  # one pass over all costs less than picking them out
            return self.products(queries)[:, items]
        products = np.empty((len(queries), len(items)), np.float32)
        numbers = items // self._block_columns
        for number in np.unique(numbers):
            members = np.flatnonzero(numbers == number)
            columns = self._blocks[number].columns[:, items[members] - number * self._block_columns]
            products[:, members] = queries @ columns
        return products

    def extended(self, new: Floats, changed: Ints, vectors: Floats) -> "ColumnBlocks":
        """Another with `new` [new, dim] at the end and `vectors` [changed, dim] for the changed."""
        blocks, block_columns = list(self._blocks), self._block_columns
        numbers = changed // block_columns
        for number in np.unique(numbers):
            members = numbers == number
            start = int(number) * block_columns
            block = _Block(blocks[number].columns.copy(), min(self.size - start, block_columns))
            block.columns[:, changed[members] - start] = vectors[members].T
            blocks[number] = block
        size = self.size + len(new)
        for start in range(self.size - self.size % block_columns, size, block_columns):
            first, stop = max(start, self.size), min(start + block_columns, size)
            if first < stop:
                block = self._writable(blocks, start // block_columns, first - start)
                block.columns[:, first - start : stop - start] = new[
                    first - self.size : stop - self.size
                ].T
                block.used = stop - start
        return ColumnBlocks(tuple(blocks), size, self.dim)

    def _writable(self, blocks: list[_Block], number: int, used: int) -> _Block:
        """The block of this number, in which the columns from `used` on are nobody's."""
        if number == len(blocks):
            blocks.append(_Block(np.empty((self.dim, self._block_columns), np.float32), 0))
        elif blocks[number].used != used:  # another extension of the same has written there
            blocks[number] = _Block(blocks[number].columns.copy(), used)
        return blocks[number]


def _few_products(queries: Floats, columns: Floats) -> Floats:
    """[queries, dim] and [dim, columns] → [queries, columns]"""
    import torch

    return np.asarray(torch.mm(torch.from_numpy(queries), torch.from_numpy(columns)).numpy())
