"""Words of the items: weights item × word in, sums over shared words out, also while they grow.

Kept by item and by word. Rows that are new or changed are kept apart until they are many; then all
are put together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.arrays import Array
from foretaste.domain.data import Floats, Ints
from foretaste.domain.sharing import Forking
from foretaste.model.expert_scorer import NO_ITEMS, top_positions

SparseRow = tuple[Ints, Floats]
"""(words, their weights)"""
Scale = Callable[[Ints, Floats], Floats]
"""(items [n], weights of a word of each [n]) → what each counts [n]"""
MAX_SCANNED_POSTINGS = 60_000
"""Items looked at to find those that share the rarest words, about."""
NO_SUMS = np.empty(0, np.float32)


class WordIndex(Forking):
    """A sparse table item × word."""

    def __init__(self, rows: sp.csr_matrix) -> None:
        self._set_rows(rows)

    def arrays(self) -> dict[str, Array]:
        """What it is made of, without the rows that came later, and its `mean_weights`."""
        arrays: dict[str, Array] = {"mean": self.mean_weights()}
        for name, table in (("rows", self._rows), ("postings", self._postings)):
            parts = {"data": table.data, "indices": table.indices, "indptr": table.indptr}
            arrays |= {f"{name}.{part}": array for part, array in parts.items()}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """The inverse of `arrays`."""
        shape = [len(arrays[f"{name}.indptr"]) - 1 for name in ("rows", "postings")]
        tables = [
            sp.csr_matrix(
                tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr")),
                shape=table_shape,
            )
            for name, table_shape in (("rows", shape), ("postings", shape[::-1]))
        ]
        index = cls.__new__(cls)
        index._set_tables(*tables)
        return index

    def _set_rows(self, rows: sp.csr_matrix) -> None:
        self._set_tables(rows, rows.T.tocsr())

    def _set_tables(self, rows: sp.csr_matrix, postings: sp.csr_matrix) -> None:
        self._rows, self._postings = rows, postings  # [items, words], [words, items]
        self._pending_rows: dict[int, SparseRow] = {}
        self._late_is_shared = False
        self._pending_matrix: tuple[Ints, sp.csr_matrix] | None = None
        self.size, self._word_count = rows.shape

    def put(self, item: int, words: Ints, weights: Floats) -> None:
        """The row of a new item, or another for one that is there."""
        if self._late_is_shared:
            self._pending_rows, self._late_is_shared = dict(self._pending_rows), False
        self._pending_rows[item] = words, weights
        self._pending_matrix = None
        self.size = max(self.size, item + 1)
        self._word_count = max(self._word_count, int(words.max(initial=-1)) + 1)
        if len(self._pending_rows) > max(256, self._rows.shape[0] // 32):
            self._set_rows(self._merged_rows())

    def fork(self) -> Self:
        """The same table, to put rows in."""
        self._late_is_shared = True
        return super().fork()

    def row(self, item: int) -> SparseRow:
        """(words, weights) of one item."""
        if item in self._pending_rows:
            return self._pending_rows[item]
        part = slice(self._rows.indptr[item], self._rows.indptr[item + 1])
        return self._rows.indices[part], self._rows.data[part]

    def scores(self, words: Ints, weights: Floats, scale: Scale | None = None) -> Floats:
        """→ [items], Σ over the words of weight × the item's own, scaled if a scale is given."""
        parts = self._posting_slices(words)
        item_scores = np.zeros(self.size, np.float32)
        if parts:
            posting_items = np.concatenate([self._postings.indices[part] for _, part in parts])
            posting_weights = np.concatenate([self._postings.data[part] for _, part in parts])
            if scale is not None:
                posting_weights = scale(posting_items, posting_weights)
            posting_counts = [part.stop - part.start for _, part in parts]
            word_weights = weights[[position for position, _ in parts]]
            contributions = posting_weights * np.repeat(word_weights, posting_counts)
            item_scores += np.bincount(posting_items, contributions, minlength=self.size)
        late_items, late_sums = self._pending_scores(words, weights, scale)
        item_scores[late_items] = late_sums
        return item_scores

    def scores_of(self, words: Ints, weights: Floats, items: Ints) -> Floats:
        """→ [those items], the same."""
        dense = self._dense(words, weights)
        indexed_items = np.where(items < self._rows.shape[0], items, 0)
        starts = self._rows.indptr[indexed_items]
        lengths = self._rows.indptr[indexed_items + 1] - starts
        ends = np.cumsum(lengths)
        flat_positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(
            starts - ends + lengths, lengths
        )
        contributions = self._rows.data[flat_positions] * dense[self._rows.indices[flat_positions]]
        item_positions = np.repeat(np.arange(len(items)), lengths)
        item_scores = np.bincount(item_positions, contributions, minlength=len(items)).astype(
            np.float32
        )
        if self._pending_rows:
            for position, item in enumerate(items.tolist()):
                if item in self._pending_rows:
                    item_words, item_weights = self._pending_rows[item]
                    item_scores[position] = float(item_weights @ dense[item_words])
        return item_scores

    def nearest(self, words: Ints, weights: Floats, k: int) -> tuple[Ints, Floats]:
        """(items, sums): about k that share the rarest of the words, their sums over these."""
        parts = sorted(self._posting_slices(words), key=lambda pair: pair[1].stop - pair[1].start)
        volumes = np.cumsum([part.stop - part.start for _, part in parts])
        parts = parts[: max(1, int(np.searchsorted(volumes, MAX_SCANNED_POSTINGS)))]
        posting_items = [self._postings.indices[part] for _, part in parts]
        sums = [self._postings.data[part] * weights[position] for position, part in parts]
        items, positions = np.unique(
            np.concatenate([NO_ITEMS, *posting_items]), return_inverse=True
        )
        early_sums = np.bincount(positions, np.concatenate([NO_SUMS, *sums]), len(items))
        late_items, late_sums = self._pending_scores(words, weights)
        outdated = np.isin(items, late_items)
        items = np.concatenate([items[~outdated], late_items])
        item_scores = np.asarray(np.concatenate([early_sums[~outdated], late_sums]), np.float32)
        items, item_scores = items[item_scores > 0], item_scores[item_scores > 0]
        best = top_positions(item_scores, k)
        return np.asarray(items[best], np.int32), item_scores[best]

    def mean_weights(self) -> Floats:
        """[words], of the rows; without those that came later, which are few."""
        return np.asarray(self._rows.mean(axis=0), np.float32).ravel()

    def item_counts(self) -> Ints:
        """[words], the items that have each; without those that came later."""
        return np.diff(self._postings.indptr)

    def _posting_slices(self, words: Ints) -> list[tuple[int, slice]]:
        """(place in `words`, its part of the postings)"""
        bounds = self._postings.indptr
        indexed_words = [
            (position, word)
            for position, word in enumerate(words.tolist())
            if word < len(bounds) - 1
        ]
        return [
            (position, slice(int(bounds[word]), int(bounds[word + 1])))
            for position, word in indexed_words
        ]

    def _dense(self, words: Ints, weights: Floats) -> Floats:
        dense = np.zeros(self._word_count, np.float32)
        dense[words] = weights
        return dense

    def _pending_scores(
        self, words: Ints, weights: Floats, scale: Scale | None = None
    ) -> tuple[Ints, Floats]:
        """(items, sums) of the rows that came later."""
        if not self._pending_rows:
            return NO_ITEMS, NO_SUMS
        late_rows = self._pending_matrix
        if late_rows is None:
            items = np.fromiter(self._pending_rows, np.int32, len(self._pending_rows))
            self._pending_matrix = late_rows = (
                items,
                stack_rows(list(self._pending_rows.values()), self._word_count),
            )
        items, rows = late_rows
        if scale is not None:
            row_weights = scale(np.repeat(items, np.diff(rows.indptr)), rows.data)
            rows = sp.csr_matrix((row_weights, rows.indices, rows.indptr), shape=rows.shape)
        return items, np.asarray(rows @ self._dense(words, weights), np.float32)

    def _merged_rows(self) -> sp.csr_matrix:
        indexed_count = self._rows.shape[0]
        rows = (
            [self._pending_rows.get(item) for item in range(self.size)]
            if self._pending_rows
            else []
        )
        next_item, parts = 0, []
        for item, row in enumerate(rows):  # what did not change in whole stretches
            if row is None:
                continue
            if item > next_item and next_item < indexed_count:
                parts.append(self._rows[next_item : min(item, indexed_count)])
            parts.append(stack_rows([row], self._word_count))
            next_item = item + 1
        if next_item < indexed_count:
            parts.append(self._rows[next_item:])
        for part in parts:
            part.resize(part.shape[0], self._word_count)
        return sp.vstack(parts, format="csr", dtype=np.float32)


def stack_rows(rows: Sequence[SparseRow], width: int) -> sp.csr_matrix:
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
