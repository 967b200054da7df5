"""Item vectors ready to be compared: a vector in, its likeness to items, or the nearest out.

A catalogue of at most `EXHAUSTIVE` items is compared whole, exactly. A larger one is searched by an
inverted file (Jégou et al. 2011, section III-B): the items are sorted into lists around centroids,
and only the lists nearest to the vector are looked through, in fewer dimensions; what is found is
then compared exactly.

A space is never changed: `grown` gives another, which shares what it can.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from foretaste.domain import Floats, Ints, Longs

EXHAUSTIVE = 50_000
"""Items up to which all are compared."""
REDUCED = 64
"""Dimensions in which lists are looked through."""
PROBED = 32
"""Lists looked through."""
DRAWN = 2048
"""Items drawn for the sum that normalises a softmax over a large catalogue."""
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
        return self.every(queries)[:, items]

    def near(self, query: Floats, k: int) -> Ints:
        """Exactly the k nearest."""
        scores = query @ self._columns
        k = min(k, self.size)
        return np.argpartition(scores, self.size - k)[self.size - k :].astype(np.int32)

    def log_total(self, queries: Floats) -> Floats:
        """[queries], exact."""
        return log_sum(self.every(queries))

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
        return np.unique(ids)

    def log_total(self, queries: Floats) -> Floats:
        """[queries]; the nearest exactly, a uniform draw for the rest."""
        drawn = queries @ self._drawn_rows.T  # [queries, DRAWN]
        totals = np.empty(len(queries), np.float32)
        for row, query in enumerate(queries):
            near = self.near(query, DRAWN)
            exact = self.some(query[None], near)[0]
            rest = drawn[row, ~np.isin(self._drawn, near)]
            if not len(rest):
                totals[row] = log_sum(exact[None])[0]
                continue
            each = np.log((self.size - len(near)) / len(rest))
            totals[row] = np.logaddexp(log_sum(exact[None])[0], log_sum(rest[None])[0] + each)
        return totals

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
        packed: npt.NDArray[np.float16],
    ) -> None:
        self.rotation = rotation
        """[dim, REDUCED]"""
        self._centroids = centroids  # [lists, REDUCED]
        self._order, self._starts = order, starts  # [items], [lists + 1]
        self._packed = packed  # [items, REDUCED] float16, in the order of the lists

    @classmethod
    def of(cls, rows: Rows, size: int) -> "_Lists":
        """k-means on a draw of the items, then every item to its nearest centroid."""
        rng = np.random.default_rng(size)
        count = int(max(16, min(2 * np.sqrt(size), 4096)))
        drawn = np.sort(rng.choice(size, min(size, 40 * count), replace=False)).astype(np.int32)
        sample = rows(drawn)
        _, directions = np.linalg.eigh(sample.T @ sample)
        rotation = np.ascontiguousarray(directions[:, ::-1][:, :REDUCED], np.float32)
        centroids = _centroids(sample @ rotation, count, rng)
        packed = np.empty((size, rotation.shape[1]), np.float16)
        owner = np.empty(size, np.int32)
        for start in range(0, size, CHUNK):
            places = np.arange(start, min(start + CHUNK, size), dtype=np.int32)
            reduced = rows(places) @ rotation
            packed[places] = reduced
            owner[places] = _nearest(reduced, centroids)
        order = np.argsort(owner, kind="stable").astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=count))])
        return cls(rotation, centroids, order, starts.astype(np.int64), packed[order])

    def look(self, reduced: Floats) -> tuple[Ints, Floats]:
        """(items, inner products in few dimensions) of the lists nearest to [REDUCED]."""
        near = self._centroids @ reduced
        probed = min(PROBED, len(near))
        chosen = np.argpartition(near, len(near) - probed)[len(near) - probed :]
        parts = [slice(self._starts[one], self._starts[one + 1]) for one in np.sort(chosen)]
        packed = np.concatenate([self._packed[part] for part in parts]).astype(np.float32)
        return np.concatenate([self._order[part] for part in parts]), packed @ reduced


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
        self._total: float | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], log P"""
        if isinstance(self._space, Flat) or items is None:
            if self._row is None:
                scores = self._space.every(self._query)
                self._row = (scores - self._log_total(scores))[0]
            return self._row if items is None else self._row[items]
        return self._space.some(self._query, items)[0] - self._log_total()

    def _log_total(self, scores: Floats | None = None) -> np.float32:
        if self._total is None:
            exact = isinstance(self._space, Flat) and scores is not None
            total = log_sum(scores) if exact and scores is not None else None
            self._total = float((self._space.log_total(self._query) if total is None else total)[0])
        return np.float32(self._total)

    def candidates(self, k: int) -> Ints:
        """About the k likeliest."""
        return self._space.near(self._query[0], k)


_SHARED: "WeakValueDictionary[int, _Read]" = WeakValueDictionary()


class _Read:
    """The space of a catalogue's vectors, which several experts compare with."""

    def __init__(self, vectors: Floats, made: Space) -> None:
        self.vectors, self.space = vectors, made  # the vectors stay, so their id stays theirs
        self.after: WeakValueDictionary[int, _Read] = WeakValueDictionary()


def rows_of(vectors: Floats) -> Rows:
    """The rows of [items, dim], of any precision."""
    return lambda items: np.asarray(vectors[items], np.float32)


def read_space(vectors: Floats) -> _Read:
    """The space of what was read of the items; made once, whoever asks."""
    known = _SHARED.get(id(vectors))
    if known is None:
        known = _Read(vectors, space(rows_of(vectors), len(vectors)))
        _SHARED[id(vectors)] = known
    return known


def grown_space(before: _Read, vectors: Floats, changed: Sequence[int] | None) -> _Read:
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
