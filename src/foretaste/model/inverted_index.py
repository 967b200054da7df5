"""Words of the items: weights item × word in, sums over shared words out, also while they grow.

Kept by item and by word. Rows that are new or changed are kept apart until they are many; then all
are put together.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Floats, Ints
from foretaste.domain.sharing import Forking
from foretaste.model.scoring import best_of

Row = tuple[Ints, Floats]
"""(words, their weights)"""
VOLUME = 60_000
"""Items looked at to find those that share the rarest words, about."""


class Words(Forking):
    """A sparse table item × word."""

    def __init__(self, rows: sp.csr_matrix) -> None:
        self._set(rows)

    def _set(self, rows: sp.csr_matrix) -> None:
        self._rows = rows  # [items, words]
        self._postings = rows.T.tocsr()  # [words, items]
        self._late: dict[int, Row] = {}
        self._late_is_shared = False
        self._late_rows: tuple[Ints, sp.csr_matrix] | None = None
        self.size, self._width = rows.shape

    def put(self, item: int, words: Ints, weights: Floats) -> None:
        """The row of a new item, or another for one that is there."""
        if self._late_is_shared:
            self._late, self._late_is_shared = dict(self._late), False
        self._late[item] = words, weights
        self._late_rows = None
        self.size = max(self.size, item + 1)
        self._width = max(self._width, int(words.max(initial=-1)) + 1)
        if len(self._late) > max(256, self._rows.shape[0] // 32):
            self._set(self._merged())

    def fork(self) -> Self:
        """The same table, to put rows in."""
        self._late_is_shared = True
        return super().fork()

    def row(self, item: int) -> Row:
        """(words, weights) of one item."""
        if item in self._late:
            return self._late[item]
        part = slice(self._rows.indptr[item], self._rows.indptr[item + 1])
        return self._rows.indices[part], self._rows.data[part]

    def every(self, words: Ints, weights: Floats) -> Floats:
        """→ [items], Σ over the words of weight × the item's own."""
        parts = self._slices(words)
        total = np.zeros(self.size, np.float32)
        if parts:
            which = np.concatenate([self._postings.indices[part] for _, part in parts])
            worth = np.concatenate(
                [self._postings.data[part] * weights[place] for place, part in parts]
            )
            total += np.bincount(which, worth, minlength=self.size)
        self._correct(total, words, weights)
        return total

    def some(self, words: Ints, weights: Floats, items: Ints) -> Floats:
        """→ [those items], the same."""
        dense = self._dense(words, weights)
        old = np.where(items < self._rows.shape[0], items, 0)
        starts = self._rows.indptr[old]
        lengths = self._rows.indptr[old + 1] - starts
        ends = np.cumsum(lengths)
        flat = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)
        worth = self._rows.data[flat] * dense[self._rows.indices[flat]]
        owner = np.repeat(np.arange(len(items)), lengths)
        total = np.bincount(owner, worth, minlength=len(items)).astype(np.float32)
        if self._late:
            for place, item in enumerate(items.tolist()):
                if item in self._late:
                    its, own = self._late[item]
                    total[place] = float(own @ dense[its])
        return total

    def near(self, words: Ints, weights: Floats, k: int) -> tuple[Ints, Floats]:
        """(items, sums): about k that share the rarest of the words, their sums over these."""
        parts = sorted(self._slices(words), key=lambda pair: pair[1].stop - pair[1].start)
        volumes = np.cumsum([part.stop - part.start for _, part in parts])
        parts = parts[: max(1, int(np.searchsorted(volumes, VOLUME)))]
        total = np.zeros(self.size, np.float32)
        for place, part in parts:
            total[self._postings.indices[part]] += self._postings.data[part] * weights[place]
        self._correct(total, words, weights)
        items = np.flatnonzero(total > 0).astype(np.int32)
        items = items[best_of(total[items], k)]
        return items, total[items]

    def mean(self) -> Floats:
        """[words], of the rows; without those that came later, which are few."""
        return np.asarray(self._rows.mean(axis=0), np.float32).ravel()

    def counts(self) -> Ints:
        """[words], the items that have each; without those that came later."""
        return np.diff(self._postings.indptr)

    def _slices(self, words: Ints) -> list[tuple[int, slice]]:
        """(place in `words`, its part of the postings)"""
        bounds = self._postings.indptr
        known = [
            (place, word) for place, word in enumerate(words.tolist()) if word < len(bounds) - 1
        ]
        return [(place, slice(int(bounds[word]), int(bounds[word + 1]))) for place, word in known]

    def _dense(self, words: Ints, weights: Floats) -> Floats:
        dense = np.zeros(self._width, np.float32)
        dense[words] = weights
        return dense

    def _correct(self, total: Floats, words: Ints, weights: Floats) -> None:
        """Put in the sums of the rows that came later."""
        if not self._late:
            return
        late_rows = self._late_rows
        if late_rows is None:
            items = np.fromiter(self._late, np.int32, len(self._late))
            self._late_rows = late_rows = items, stacked(list(self._late.values()), self._width)
        items, rows = late_rows
        total[items] = rows @ self._dense(words, weights)

    def _merged(self) -> sp.csr_matrix:
        known = self._rows.shape[0]
        rows = [self._late.get(item) for item in range(self.size)] if self._late else []
        last, parts = 0, []
        for item, row in enumerate(rows):  # what did not change in whole stretches
            if row is None:
                continue
            if item > last and last < known:
                parts.append(self._rows[last : min(item, known)])
            parts.append(stacked([row], self._width))
            last = item + 1
        if last < known:
            parts.append(self._rows[last:])
        for part in parts:
            part.resize(part.shape[0], self._width)
        return sp.vstack(parts, format="csr", dtype=np.float32)


def stacked(rows: Sequence[Row], width: int) -> sp.csr_matrix:
    """Rows as one matrix."""
    lengths = [len(words) for words, _ in rows]
    return sp.csr_matrix(
        (
            np.concatenate([np.empty(0, np.float32), *(weights for _, weights in rows)]),
            np.concatenate([np.empty(0, np.int32), *(words for words, _ in rows)]),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        ),
        shape=(len(rows), width),
    )
