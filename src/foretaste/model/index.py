"""Item vectors ready to be compared: a vector in, its likeness to items, or the nearest out.

A catalogue of at most `EXHAUSTIVE` items is compared whole, exactly. A larger one is searched by an
inverted file (Jégou et al. 2011, section III-B): the items are sorted into lists around centroids,
and only the lists nearest to the vector are looked through, in fewer dimensions; what is found is
then compared exactly.

A space is never changed: `grown` gives another, which shares what it can.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Floats, Ints, Longs
from foretaste.model.scoring import best_of

EXHAUSTIVE = 50_000
"""Items up to which all are compared."""
REDUCED = 64
"""Dimensions in which lists are looked through."""
PROBED = 32
"""Lists looked through."""
NEAREST = 512
"""Items that are compared exactly for the sum that normalises a softmax over a large catalogue."""
DRAWN = 2048
"""Items drawn for the rest of that sum."""
CHUNK = 16_384
"""Rows made at a time."""

Rows = Callable[[Ints], Floats]
"""Internal ids → [ids, dim] float32."""


def whole(size: int) -> bool:
    """Whether a catalogue of this size is compared whole."""
    return size <= EXHAUSTIVE


class Space(ABC):
    """What both kinds share. See `Flat` and `Inverted`."""

    size: int

    @abstractmethod
    def every(self, queries: Floats) -> Floats:
        """[queries, dim] → [queries, items], inner products."""

    @abstractmethod
    def some(self, queries: Floats, items: Ints) -> Floats:
        """[queries, dim] → [queries, those items]"""

    @abstractmethod
    def near(self, query: Floats, k: int) -> Ints:
        """[dim] → about k items with the greatest inner products, in any order."""

    @abstractmethod
    def log_total(self, queries: Floats) -> Floats:
        """[queries, dim] → [queries], log Σ exp over the catalogue; estimated in a large one."""

    @abstractmethod
    def log_total_of(self, query: Floats, near: Ints, scores: Floats) -> float:
        """The same for one query [dim], of which the nearest items and their scores are known."""

    @abstractmethod
    def grown(self, rows: Rows, size: int, changed: Sequence[int] | None = None) -> "Space":
        """With new items at the end, and with those `changed` read again; None means all."""


class _Buffer:
    """Columns with room at the end, for spaces that share a beginning."""

    def __init__(self, columns: Floats, used: int) -> None:
        self.columns, self.used = columns, used


class Flat(Space):
    """All vectors, side by side as columns: one pass over them is one matrix product."""

    def __init__(self, buffer: _Buffer, size: int) -> None:
        self._buffer, self.size = buffer, size
        self._columns = buffer.columns[:, :size]  # [dim, items]

    @classmethod
    def of(cls, rows: Rows, size: int) -> "Flat":
        """Every item's vector."""
        vectors = rows(np.arange(size, dtype=np.int32))
        columns = np.zeros((vectors.shape[1], size + max(size // 16, 64)), np.float32)
        columns[:, :size] = vectors.T
        return cls(_Buffer(columns, size), size)

    def every(self, queries: Floats) -> Floats:
        """[queries, items]"""
        return queries @ self._columns

    def some(self, queries: Floats, items: Ints) -> Floats:
        """[queries, those items]"""
        if len(items) > self.size // 8:  # one pass over all costs less than picking them out
            return self.every(queries)[:, items]
        return queries @ self._columns[:, items]

    def near(self, query: Floats, k: int) -> Ints:
        """Exactly the k nearest."""
        scores = query @ self._columns
        k = min(k, self.size)
        return np.argpartition(scores, self.size - k)[self.size - k :].astype(np.int32)

    def log_total(self, queries: Floats) -> Floats:
        """[queries], exact."""
        return log_sum(self.every(queries))

    def log_total_of(self, query: Floats, near: Ints, scores: Floats) -> float:
        """Exact."""
        return float(self.log_total(query[None])[0])

    def grown(self, rows: Rows, size: int, changed: Sequence[int] | None = None) -> Space:
        """What is new is written behind; what changed needs columns of its own."""
        if changed is None or not whole(size):
            return space(rows, size)
        buffer, fits = self._buffer, size <= self._buffer.columns.shape[1]
        new = np.arange(self.size, size, dtype=np.int32)
        if len(changed) or not fits or (buffer.used != self.size and len(new)):
            columns = np.zeros((len(self._columns), size + max(size // 16, 64)), np.float32)
            columns[:, : self.size] = self._columns
            buffer = _Buffer(columns, self.size)
            again = np.array(changed, np.int32)
            if len(again):
                columns[:, again] = rows(again).T
        if len(new):
            buffer.columns[:, self.size : size] = rows(new).T
            buffer.used = size
        return Flat(buffer, size)


class Inverted(Space):
    """Lists around centroids, in few dimensions; exact vectors are asked for when needed."""

    def __init__(
        self, rows: Rows, size: int, lists: "_Lists", late: Ints, late_packed: Floats, drawn: Ints
    ) -> None:
        self._rows, self.size, self._lists = rows, size, lists
        self._late, self._late_packed = late, late_packed  # [late], [late, REDUCED]
        self._drawn = drawn
        self._drawn_rows = rows(drawn)  # [DRAWN, dim]

    @classmethod
    def of(cls, rows: Rows, size: int) -> "Inverted":
        """Sort every item into a list."""
        lists = _Lists.of(rows, size)
        drawn = np.random.default_rng(size).choice(size, min(DRAWN, size), replace=False)
        nothing = np.empty((0, lists.rotation.shape[1]), np.float32)
        return cls(rows, size, lists, np.empty(0, np.int32), nothing, drawn.astype(np.int32))

    def every(self, queries: Floats) -> Floats:
        """[queries, items], in chunks; slow."""
        answer = np.empty((len(queries), self.size), np.float32)
        for start in range(0, self.size, CHUNK):
            places = np.arange(start, min(start + CHUNK, self.size), dtype=np.int32)
            answer[:, start : start + CHUNK] = queries @ self._rows(places).T
        return answer

    def some(self, queries: Floats, items: Ints) -> Floats:
        """[queries, those items], exact."""
        parts = [items[start : start + CHUNK] for start in range(0, max(len(items), 1), CHUNK)]
        return np.concatenate([queries @ self._rows(part).T for part in parts], axis=1)

    def near(self, query: Floats, k: int) -> Ints:
        """Those of the nearest lists that are near in few dimensions."""
        reduced = query @ self._lists.rotation
        ids, scores = self._lists.look(reduced)
        if len(self._late):
            ids = np.concatenate([ids, self._late])
            scores = np.concatenate([scores, self._late_packed @ reduced])
        if k < len(ids):
            ids = ids[np.argpartition(scores, len(ids) - k)[len(ids) - k :]]
        return np.unique(ids) if len(self._late) else ids  # a changed item is there twice

    def log_total(self, queries: Floats) -> Floats:
        """[queries]; the nearest exactly, a uniform draw for the rest."""
        totals = []
        for query in queries:
            near = self.near(query, NEAREST)
            totals.append(self.log_total_of(query, near, self.some(query[None], near)[0]))
        return np.array(totals, np.float32)

    def log_total_of(self, query: Floats, near: Ints, scores: Floats) -> float:
        """[near] exactly; a uniform draw for the rest."""
        exact = log_sum(scores[None])[0]
        inside = np.zeros(self.size, bool)
        inside[near] = True
        rest = (self._drawn_rows @ query)[~inside[self._drawn]]
        if not len(rest):
            return float(exact)
        each = np.log((self.size - len(near)) / len(rest))
        return float(np.logaddexp(exact, log_sum(rest[None])[0] + each))

    def grown(self, rows: Rows, size: int, changed: Sequence[int] | None = None) -> Space:
        """What is new or changed is kept apart from the lists, and looked through whole."""
        if changed is None:
            return space(rows, size)
        late = np.concatenate([np.array(changed, np.int32), np.arange(self.size, size)])
        late = late.astype(np.int32)
        if len(self._late) + len(late) > max(4096, self.size // 64):
            return Inverted.of(rows, size)
        packed = rows(late) @ self._lists.rotation if len(late) else self._late_packed[:0]
        return Inverted(
            rows,
            size,
            self._lists,
            np.concatenate([self._late, late]),
            np.concatenate([self._late_packed, packed]),
            self._drawn,
        )


class _Lists:
    """The items sorted by the centroid they are nearest to."""

    def __init__(
        self,
        rotation: Floats,
        centroids: Floats,
        order: Ints,
        starts: Longs,
        packed: npt.NDArray[np.int8],
        steps: Floats,
    ) -> None:
        self.rotation = rotation
        """[dim, REDUCED]"""
        self._centroids = centroids  # [lists, REDUCED]
        self._order, self._starts = order, starts  # [items], [lists + 1]
        self._packed = packed  # [items, REDUCED], in the order of the lists, in steps
        self._steps = steps  # [REDUCED], what 1 is worth: 8 bits find what 16 do

    @classmethod
    def of(cls, rows: Rows, size: int) -> "_Lists":
        """k-means on a draw of the items, then every item to its nearest centroid."""
        rng = np.random.default_rng(size)
        count = int(max(16, min(2 * np.sqrt(size), 4096)))
        drawn = np.sort(rng.choice(size, min(size, 40 * count), replace=False)).astype(np.int32)
        sample = rows(drawn)
        _, directions = np.linalg.eigh(sample.T @ sample)
        rotation = np.ascontiguousarray(directions[:, ::-1][:, :REDUCED], np.float32)
        sample = sample @ rotation
        steps = np.maximum(np.abs(sample).max(axis=0) / 127, 1e-9)
        centroids = _centroids(sample, count, rng)
        packed = np.empty((size, rotation.shape[1]), np.int8)
        owner = np.empty(size, np.int32)
        for start in range(0, size, CHUNK):
            places = np.arange(start, min(start + CHUNK, size), dtype=np.int32)
            reduced = rows(places) @ rotation
            packed[places] = np.rint(np.clip(reduced / steps, -127, 127))
            owner[places] = _nearest(reduced, centroids)
        order = np.argsort(owner, kind="stable").astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=count))])
        return cls(rotation, centroids, order, starts.astype(np.int64), packed[order], steps)

    def look(self, reduced: Floats) -> tuple[Ints, Floats]:
        """(items, inner products in few dimensions) of the lists nearest to [REDUCED]."""
        near = self._centroids @ reduced
        probed = min(PROBED, len(near))
        chosen = np.argpartition(near, len(near) - probed)[len(near) - probed :]
        parts = [slice(self._starts[one], self._starts[one + 1]) for one in np.sort(chosen)]
        packed = wide(np.concatenate([self._packed[part] for part in parts]))
        return np.concatenate([self._order[part] for part in parts]), packed @ (
            reduced * self._steps
        )


def _nearest(vectors: Floats, centroids: Floats) -> Ints:
    """[vectors], the centroid each is nearest to."""
    distance = np.square(centroids).sum(axis=1) / 2 - vectors @ centroids.T
    return distance.argmin(axis=1).astype(np.int32)


def _centroids(vectors: Floats, count: int, rng: np.random.Generator) -> Floats:
    """[count, dim], by Lloyd's algorithm."""
    centroids = vectors[rng.choice(len(vectors), count, replace=False)].copy()
    for _ in range(8):
        owner = np.concatenate(
            [
                _nearest(some, centroids)
                for some in np.array_split(vectors, len(vectors) // 8192 + 1)
            ]
        )
        order = np.argsort(owner, kind="stable")
        counts = np.bincount(owner, minlength=count)
        full = np.flatnonzero(counts)
        starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
        centroids[full] = np.add.reduceat(vectors[order], starts[full], axis=0) / counts[full, None]
        empty = np.flatnonzero(counts == 0)
        centroids[empty] = vectors[rng.choice(len(vectors), len(empty))]
    return centroids


def log_sum(scores: Floats) -> Floats:
    """[rows, items] → [rows], log Σ exp."""
    top = scores.max(axis=1)
    return np.asarray(top + np.log(np.exp(scores - top[:, None]).sum(axis=1)), np.float32)


def space(rows: Rows, size: int) -> Space:
    """The kind that suits the size."""
    return Flat.of(rows, size) if whole(size) else Inverted.of(rows, size)


class Comparison:
    """One vector against every item: log of the softmax of the inner products."""

    def __init__(self, space: Space, query: Floats) -> None:
        self._space, self._query = space, query[None]  # over the temperature
        self._row: Floats | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], log P"""
        if items is not None and isinstance(self._space, Inverted):
            return self._space.some(self._query, items)[0] - self._log_total
        if self._row is None:
            scores = self._space.every(self._query)[0]
            exact = not isinstance(self._space, Inverted)
            self._row = scores - (log_sum(scores[None])[0] if exact else self._log_total)
        return self._row if items is None else self._row[items]

    @cached_property
    def _near(self) -> tuple[Ints, Floats]:
        """The nearest items and how near they are."""
        near = self._space.near(self._query[0], NEAREST)
        return near, self._space.some(self._query, near)[0]

    @cached_property
    def _log_total(self) -> np.float32:
        return np.float32(self._space.log_total_of(self._query[0], *self._near))

    def candidates(self, k: int) -> Ints:
        """About the k likeliest, `NEAREST` at most."""
        near, scores = self._near
        return near[best_of(scores, k)]


_SHARED: "WeakValueDictionary[int, _Read]" = WeakValueDictionary()


class _Read:
    """The space of a catalogue's vectors, which several experts compare with."""

    def __init__(self, vectors: Vectors, made: Space) -> None:
        self.vectors, self.space = vectors, made  # the vectors stay, so their id stays theirs
        self.after: WeakValueDictionary[int, _Read] = WeakValueDictionary()


def rows_of(vectors: Vectors) -> Rows:
    """The rows of [items, dim], of any precision."""
    return lambda items: picked(vectors, items)


def picked(table: Vectors, items: Ints) -> Floats:
    """[those items, dim] float32. PyTorch widens 16 bits ten times as fast as NumPy."""
    rows = table[items]
    return rows if rows.dtype == np.float32 else wide(rows)


def wide(rows: npt.NDArray[Any]) -> Floats:
    """8 or 16 bits as 32."""
    import torch  # seconds, which only a large catalogue needs here

    return np.asarray(torch.from_numpy(rows).float().numpy())


def read_space(vectors: Vectors) -> _Read:
    """The space of what was read of the items; made once, whoever asks."""
    known = _SHARED.get(id(vectors))
    if known is None:
        known = _Read(vectors, space(rows_of(vectors), len(vectors)))
        _SHARED[id(vectors)] = known
    return known


def grown_space(before: _Read, vectors: Vectors, changed: Sequence[int] | None) -> _Read:
    """The same after growing; made once, whoever asks. Without `changed` all is read again."""
    if changed is None:
        return read_space(vectors)
    if vectors is before.vectors and not len(changed):
        return before
    known = before.after.get(id(vectors))
    if known is None:
        known = _Read(vectors, before.space.grown(rows_of(vectors), len(vectors), changed))
        before.after[id(vectors)] = known
    return known
