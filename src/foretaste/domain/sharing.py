"""Rows of which a copy costs nothing until it is written to. In: an array; out: forks of it.

What answers requests is never changed: whoever learns writes to a fork of it. A fork shares every
chunk with what it came from, and copies the ones that it writes to, each once.

`forked` and `frozen` do the same for a whole object, such as an expert, by its attributes.
"""

import threading
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Generic, Self, TypeVar

import numpy as np

from foretaste.domain.arrays import Array

T = TypeVar("T")
ROWS_PER_CHUNK = 1024
"""A chunk is a few kilobytes, and a hundred thousand rows are a hundred pointers."""


class Forking:
    """What shares with its forks what neither of them changes."""

    def fork(self) -> Self:
        """The same, to be changed; what it came from stays as it is."""
        return forked(self)

    def freeze(self) -> None:
        """From now on it is read by many, and whoever changes something does so to a fork."""
        frozen(self)


def forked(parent: T) -> T:
    """An object with the attributes of another: those that fork as forks, all others the same."""
    fork: T = object.__new__(type(parent))
    attributes = vars(fork)
    attributes.update(vars(parent))
    for name, value in attributes.items():
        if isinstance(value, Forking):
            attributes[name] = value.fork()
    return fork


def frozen(own: object) -> None:
    """From now on whoever writes into what it holds, instead of replacing it, gets an error.

    Attributes that fork are frozen, arrays become views that cannot be written to, and
    dictionaries, lists and sets become read-only ones: a mistake in an expert shows where it is
    made, and not as a race.
    """
    for name, value in vars(own).items():
        if isinstance(value, Forking):
            value.freeze()
        elif isinstance(value, np.ndarray) and value.flags.writeable:
            view = value.view()  # the array itself may be somebody else's too
            view.flags.writeable = False
            setattr(own, name, view)
        elif type(value) in _READ_ONLY:
            setattr(own, name, _READ_ONLY[type(value)](value))


_READ_ONLY: dict[type, Callable[[Any], Any]] = {
    dict: MappingProxyType,
    list: tuple,
    set: frozenset,
}


class Lazy(Generic[T]):
    """What is made when it is first asked for, by one thread; forks share it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Callable[[], T] | None = make
        self._made: tuple[T] | None = None
        self._lock = threading.Lock()

    @classmethod
    def of(cls, value: T) -> Self:
        """What was made before."""
        lazy = cls(lambda: value)
        lazy.get()
        return lazy

    @property
    def value_or_none(self) -> T | None:
        """What was made; None while nobody has asked."""
        return None if self._made is None else self._made[0]

    def get(self) -> T:
        """Made now, unless it was."""
        if self._made is None:
            with self._lock:
                if self._make is not None:
                    self._made, self._make = (self._make(),), None
        assert self._made is not None
        return self._made[0]


class Chunked(Forking):
    """[rows], in chunks. After `freeze` it is never changed, and safe to share between threads."""

    def __init__(self, rows: Array) -> None:
        self._chunks = _split(rows)
        self._size, self._nothing = len(rows), rows[:0]
        self._owned: set[int] | None = set()  # chunks that nobody else has; None once frozen
        self._joined: Array | None = None

    @classmethod
    def filled(cls, size: int, value: Any, dtype: Any) -> Self:
        """So many rows that are all alike, in one chunk until they are written to."""
        rows = cls(np.empty(0, dtype))
        rows._size = size
        rows._chunks = [np.full(ROWS_PER_CHUNK, value, dtype)] * -(-size // ROWS_PER_CHUNK)
        if size % ROWS_PER_CHUNK:
            rows._chunks[-1] = rows._chunks[-1][: size % ROWS_PER_CHUNK]
        return rows

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, row: int) -> Any:
        return self._chunks[row // ROWS_PER_CHUNK][row % ROWS_PER_CHUNK]

    def __setitem__(self, row: int, value: Any) -> None:
        """Raises ValueError once it is frozen."""
        chunk = row // ROWS_PER_CHUNK
        if self._owned is None:
            raise ValueError("others read this: write to a fork of it")
        if chunk not in self._owned:
            self._chunks[chunk] = self._chunks[chunk].copy()
            self._owned.add(chunk)
        self._chunks[chunk][row % ROWS_PER_CHUNK] = value
        self._joined = None

    def take(self, rows: Sequence[int]) -> list[Any]:
        """Some of them."""
        size = ROWS_PER_CHUNK
        return [self._chunks[row // size][row % size] for row in rows]

    @property
    def rows(self) -> Array:
        """[rows] side by side, joined when first asked for; not to be written to."""
        joined = self._joined
        if joined is None:
            joined = np.concatenate([self._nothing, *self._chunks])
            joined.flags.writeable = False
            self._joined = joined
        return joined

    def extend(self, rows: Array) -> None:
        """More rows at the end. Raises ValueError once it is frozen."""
        if self._owned is None:
            raise ValueError("others read this: write to a fork of it")
        if self._size % ROWS_PER_CHUNK:
            last = self._chunks.pop()
            self._owned.discard(len(self._chunks))
            rows = np.concatenate([last, rows])
            self._size -= len(last)
        self._chunks += _split(rows)
        self._size += len(rows)
        self._joined = None

    def fork(self) -> Self:
        """The same rows, to be written to; what it came from stays as it is."""
        fork = type(self).__new__(type(self))
        fork._chunks, fork._size = list(self._chunks), self._size
        fork._nothing, fork._joined = self._nothing, self._joined
        fork._owned = set()
        if self._owned is not None:
            self._owned = set()  # what was this one's alone is shared now
        return fork

    def freeze(self) -> None:
        """Whoever writes from now on does so to a fork."""
        self._owned = None


def _split(rows: Array) -> list[Array]:
    return [rows[start : start + ROWS_PER_CHUNK] for start in range(0, len(rows), ROWS_PER_CHUNK)]
