"""Arrays that grow, and how many rows fit. In: rows; out: one array of all, with room for more."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


ROOM = 1 << 28
"""Numbers that are held at once where as many rows as items would be too many: 1 GB of 32 bits."""


def at_once(most: int, numbers: int) -> int:
    """How many rows of so many numbers are made at once: `most`, or what there is room for."""
    return max(min(most, ROOM // max(numbers, 1)), 1)


class Growing:
    """Takes rows at its end without copying those before, but for now and then."""

    def __init__(self, rows: Array) -> None:
        self._room, self._size = rows, len(rows)

    @property
    def rows(self) -> Array:
        """[rows, …], a new view of all so far."""
        return self._room[: self._size]

    def __len__(self) -> int:
        return self._size

    def append(self, more: Array) -> None:
        """More rows."""
        size = self._size + len(more)
        if size > len(self._room):
            room = np.empty((size + max(size // 16, 64), *self._room.shape[1:]), self._room.dtype)
            room[: self._size] = self.rows
            self._room = room
        self._room[self._size : size] = more
        self._size = size
