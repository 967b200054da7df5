"""Arrays that grow, rows in 8 bits, and how many rows fit. In: rows; out: all of them, with room
for more.
"""

from collections.abc import Iterable, Iterator, Sequence
from mmap import mmap
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


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

    def __init__(self, codes: "npt.NDArray[np.int8] | LayeredRows", steps: Floats) -> None:
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
            codes[start:stop], steps[start:stop] = quantize(block)
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

    def blocks(self) -> Iterator[Floats]:
        """All rows, some at a time."""
        for start in range(0, len(self), ROWS_PER_CHUNK):
            yield self[start : start + ROWS_PER_CHUNK]

    def any(self) -> bool:
        """Whether there is a number other than 0."""
        return bool(self.steps.any())


def quantize(rows: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """[rows, dim] → (the same in 8 bits, in steps of [rows])"""
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


def is_mapped(array: object) -> bool:
    """Whether it lies in a mapped file."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap)


def _unwritten(rows: Array) -> Array:
    """A view that cannot be written to."""
    view = rows.view()
    view.flags.writeable = False
    return view


class LayeredRows:
    """[rows, …] over rows that are too many to be copied: some have others in their place, and more
    follow. Of an index a copy is made, as of any array that is asked for rows.
    """

    def __init__(self, base: Array, positions: Longs, replaced: Array, added: Array) -> None:
        """positions: [replaced], ascending, in the base."""
        self._base, self._positions, self._replaced, self._added = base, positions, replaced, added
        self.shape = (len(base) + len(added), *base.shape[1:])
        self.dtype, self.ndim = base.dtype, base.ndim

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Array:
        if isinstance(index, slice):
            return self._rows_at(np.arange(*index.indices(len(self))))
        if isinstance(index, int | np.integer):
            return np.asarray(self._rows_at(np.array([range(len(self))[index]]))[0])
        items = np.asarray(index)
        return self._rows_at(np.flatnonzero(items) if items.dtype == bool else items)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        """All rows."""
        return self[:].astype(dtype or self.dtype, copy=False)

    def _rows_at(self, items: Array) -> Array:
        """[items, …]"""
        is_added = items >= len(self._base)
        if not is_added.any():
            rows = self._base[items]
        else:
            rows = np.empty((len(items), *self.shape[1:]), self.dtype)
            rows[~is_added] = self._base[items[~is_added]]
            rows[is_added] = self._added[items[is_added] - len(self._base)]
        if len(self._positions):
            places = np.minimum(np.searchsorted(self._positions, items), len(self._positions) - 1)
            is_replaced = self._positions[places] == items
            rows[is_replaced] = self._replaced[places[is_replaced]]
        return np.asarray(rows)


class GrowingMappedArray:
    """Rows of a mapped file that more can be put behind, and others in their place: the file is not
    copied. Never changed, as a `GrowingArray`.
    """

    def __init__(self, base: Array) -> None:
        self._base, self._positions = base, np.empty(0, np.int64)
        self._replaced, self._added = base[:0], GrowingArray(base[:0])
        self.rows: Array | LayeredRows = base
        """[rows, …]"""

    def __len__(self) -> int:
        return len(self._base) + len(self._added)

    def appended(self, new_rows: Array) -> Self:
        """With more rows at the end."""
        added = self._added.appended(new_rows) if len(new_rows) else self._added
        return self._with(self._positions, self._replaced, added)

    def replaced(self, positions: Sequence[int], rows: Array) -> Self:
        """With other rows in these places."""
        if not len(positions):
            return self
        items, size = np.array(positions, np.int64), len(self._base)
        is_base = items < size
        added = self._added.replaced((items[~is_base] - size).tolist(), rows[~is_base])
        merged = np.concatenate([items[is_base], self._positions])
        merged_positions, first = np.unique(merged, return_index=True)  # the newest come first
        merged_rows = np.concatenate([rows[is_base], self._replaced])[first]
        return self._with(merged_positions, merged_rows.astype(self._base.dtype), added)

    def _with(self, positions: Longs, replaced: Array, added: GrowingArray) -> Self:
        changed = type(self).__new__(type(self))
        changed._base, changed._positions = self._base, positions
        changed._replaced, changed._added = replaced, added
        changed.rows = LayeredRows(self._base, positions, replaced, added.rows)
        return changed


def growing_rows(rows: Array | LayeredRows) -> GrowingArray | GrowingMappedArray:
    """Rows that more can be put behind; those of a file stay in it."""
    array = np.asarray(rows)
    return GrowingMappedArray(array) if is_mapped(array) else GrowingArray(array)


class GrowingVectors:
    """The same of vectors, which stay in 8 bits if they were."""

    def __init__(self, vectors: Vectors) -> None:
        parts = (
            (vectors.codes, vectors.steps) if isinstance(vectors, QuantizedVectors) else (vectors,)
        )
        self._parts = tuple(growing_rows(part) for part in parts)
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

    def _of(self, parts: Iterable[GrowingArray | GrowingMappedArray]) -> Self:
        extended = type(self).__new__(type(self))
        extended._parts = tuple(parts)
        rows: list[Any] = [part.rows for part in extended._parts]
        extended.rows = (
            QuantizedVectors(*rows) if isinstance(self.rows, QuantizedVectors) else rows[0]
        )
        return extended

    def _split(self, rows: Floats) -> tuple[Array, ...]:
        return quantize(rows) if isinstance(self.rows, QuantizedVectors) else (rows,)
