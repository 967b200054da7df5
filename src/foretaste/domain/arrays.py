"""Arrays that grow, rows in 8 bits, and how many rows fit. In: rows; out: all of them, with room
for more.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


MAX_NUMBERS_IN_MEMORY = 1 << 28
"""Numbers that are held at once where as many rows as items would be too many: 1 GB of 32 bits."""
ROWS_PER_CHUNK = 16_384
"""Rows widened at a time."""


def rows_that_fit(max_rows: int, numbers_per_row: int) -> int:
    """How many rows of so many numbers are made at once: `max_rows`, or what there is room for."""
    return max(min(max_rows, MAX_NUMBERS_IN_MEMORY // max(numbers_per_row, 1)), 1)


class QuantizedVectors:
    """[rows, dim] of 32 bits in 8: each row in steps of its own, 1/127 of its greatest number.

    What is taken of it, a row, a slice or rows by their places, is an array of 32 bits.
    """

    def __init__(self, codes: npt.NDArray[np.int8], steps: Floats) -> None:
        """codes: [rows, dim]; steps: [rows], 0 for a row of zeros."""
        self.codes, self.steps = codes, steps

    @classmethod
    def from_blocks(cls, blocks: Iterable[Floats], row_count: int) -> Self:
        """Of so many rows, some at a time; of none there must be one part, which tells the dim."""
        codes: npt.NDArray[np.int8] | None = None
        steps, start = np.empty(row_count, np.float32), 0
        for block in blocks:
            if codes is None:
                codes = np.empty((row_count, block.shape[1]), np.int8)
            stop = start + len(block)
            codes[start:stop], steps[start:stop] = _quantize(block)
            start = stop
        assert codes is not None
        assert start == row_count
        return cls(codes, steps)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, dim)"""
        return len(self.codes), self.codes.shape[1]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: Any) -> Floats:
        steps = self.steps[index]
        rows = self.codes[index].astype(np.float32)
        rows *= steps if rows.ndim == 1 else steps[:, None]
        return np.asarray(rows)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        """[rows, dim], all of them widened."""
        return self[:].astype(dtype or np.float32, copy=False)

    def __matmul__(self, column: Floats) -> Floats:
        """[dim] → [rows], inner products."""
        parts = [
            self.codes[start : start + ROWS_PER_CHUNK]
            for start in range(0, len(self), ROWS_PER_CHUNK)
        ]
        products = [part.astype(np.float32) @ column for part in parts]
        return np.asarray(np.concatenate([np.empty(0, np.float32), *products]) * self.steps)

    def any(self) -> bool:
        """Whether there is a number other than 0."""
        return bool(self.steps.any())


def _quantize(rows: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    steps = np.abs(rows).max(axis=1, initial=0) / np.float32(127)
    return np.rint(rows / np.where(steps > 0, steps, 1)[:, None]).astype(np.int8), steps


Vectors = Floats | QuantizedVectors
"""[rows, dim], of 32 bits, or of 8 where they are many."""


def mean_row(vectors: Vectors) -> Floats:
    """[dim], of the rows; zeros where there are none."""
    return np.asarray(sum_rows(vectors) / max(len(vectors), 1), np.float32)


def sum_rows(vectors: Vectors, start: int = 0) -> Floats:
    """[dim], of the rows from `start` on; some at a time, in 64 bits."""
    running_sum = np.zeros(vectors.shape[1], np.float64)
    for first_row in range(start, len(vectors), ROWS_PER_CHUNK):
        running_sum += vectors[first_row : first_row + ROWS_PER_CHUNK].sum(axis=0, dtype=np.float64)
    return running_sum.astype(np.float32)


def nonzero_rows(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """[rows], which have a number other than 0."""
    nonzero = vectors.steps > 0 if isinstance(vectors, QuantizedVectors) else vectors.any(axis=1)
    return np.asarray(nonzero)


class _Room:
    """Rows with room behind them, and how many of them are used by whoever has the most."""

    def __init__(self, array: Array, used: int) -> None:
        self.array, self.used = array, used


class GrowingArray:
    """Rows that more can be put behind without copying them, but for now and then.

    It is never changed: the longer one is another, and shares its beginning with this one.
    """

    def __init__(self, rows: Array) -> None:
        self._buffer, self.rows = _Room(rows, len(rows)), _unwritten(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def appended(self, new_rows: Array) -> Self:
        """With more rows at the end."""
        size, room = len(self.rows) + len(new_rows), self._buffer
        if size > len(room.array) or room.used != len(self.rows):
            array = np.empty((size + max(size // 16, 64), *self.rows.shape[1:]), self.rows.dtype)
            array[: len(self.rows)] = self.rows
            room = _Room(array, len(self.rows))
        room.array[len(self.rows) : size] = new_rows
        room.used = size
        return self._on(room, size)

    def replaced(self, positions: Sequence[int], rows: Array) -> Self:
        """With other rows in these places; all are copied, if there are any."""
        if not len(positions):
            return self
        array = np.empty_like(self._buffer.array)
        array[: len(self.rows)] = self.rows
        array[positions] = rows
        return self._on(_Room(array, len(self.rows)), len(self.rows))

    def _on(self, room: _Room, size: int) -> Self:
        extended = type(self).__new__(type(self))
        extended._buffer, extended.rows = room, _unwritten(room.array[:size])
        return extended


def _unwritten(rows: Array) -> Array:
    """A view that cannot be written to."""
    view = rows.view()
    view.flags.writeable = False
    return view


class GrowingVectors:
    """The same of vectors, which stay in 8 bits if they were."""

    def __init__(self, vectors: Vectors) -> None:
        parts = (
            (vectors.codes, vectors.steps) if isinstance(vectors, QuantizedVectors) else (vectors,)
        )
        self._parts = tuple(GrowingArray(part) for part in parts)
        self.rows: Vectors = vectors
        """[rows, dim]"""

    def appended(self, new_rows: Floats) -> Self:
        """With more rows, of 32 bits, at the end."""
        return self._of(
            part.appended(rows)
            for part, rows in zip(self._parts, self._split(new_rows), strict=True)
        )

    def replaced(self, positions: Sequence[int], new: Floats) -> Self:
        """With other rows in these places."""
        if not len(positions):
            return self
        return self._of(
            part.replaced(positions, rows)
            for part, rows in zip(self._parts, self._split(new), strict=True)
        )

    def _of(self, parts: Iterable[GrowingArray]) -> Self:
        extended = type(self).__new__(type(self))
        extended._parts = tuple(parts)
        rows = [part.rows for part in extended._parts]
        extended.rows = (
            QuantizedVectors(*rows) if isinstance(self.rows, QuantizedVectors) else rows[0]
        )
        return extended

    def _split(self, rows: Floats) -> tuple[Array, ...]:
        return _quantize(rows) if isinstance(self.rows, QuantizedVectors) else (rows,)
