"""Words in, and for a word that is none of them those with most of the same letters in a row out.

A word is a row of weights of its groups of two to four letters, TF-IDF of length 1 as in `tfidf`.
The same as `TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)` of
scikit-learn, which `tests/model/test_letter_index.py` holds it to; that one takes a second to
import, for which the first person who mistypes a word, or everybody at a start, would have to wait.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

LETTERS_PER_GROUP = (2, 3, 4)
MAX_SIMILAR_WORDS = 5
"""Known words that an unknown one may stand for, at most."""


class LetterIndex:
    """The known words by the letters they have in a row."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words: tuple[str, ...] = ()
        self._codes: dict[str, int] = {}
        self._counts = sp.csr_matrix((0, 0), dtype=np.float32)  # [groups, words], 1 + log(times)
        self._add(words)

    @property
    def size(self) -> int:
        """The words."""
        return len(self._words)

    def extended(self, words: Sequence[str]) -> "LetterIndex":
        """An index of these words too; this one stays as it is."""
        index = object.__new__(LetterIndex)
        index._words, index._codes, index._counts = self._words, dict(self._codes), self._counts
        index._add(sorted(set(words).difference(self._words)))
        return index

    def _add(self, words: Sequence[str]) -> None:
        """More words, and how rare each group of letters is among all of them."""
        groups = [letter_groups(word) for word in words]
        for group in dict.fromkeys(group for word_groups in groups for group in word_groups):
            self._codes.setdefault(group, len(self._codes))
        counts = self._counts.copy()
        counts.resize(len(self._codes), self.size)
        self._counts = sp.hstack([counts, self._count(groups).T], format="csr", dtype=np.float32)
        self._words += tuple(words)
        words_with_group = np.diff(self._counts.indptr)
        self._idf = np.asarray(
            np.log((1 + self.size) / (1 + words_with_group.astype(np.float32))) + 1, np.float32
        )
        weights = self._counts.data * np.repeat(self._idf, words_with_group)
        self._lengths = np.sqrt(
            np.bincount(self._counts.indices, np.square(weights), minlength=self.size)
        )

    def similar_words(
        self, unknown_words: Sequence[str], min_cosine: float
    ) -> list[list[tuple[str, float]]]:
        """For each the most similar known words, with their cosine of at least `min_cosine`."""
        unknown_rows = self._count([letter_groups(word) for word in unknown_words])
        unknown_rows = unknown_rows.multiply(self._idf).tocsr()
        unknown_lengths = np.sqrt(np.asarray(unknown_rows.multiply(unknown_rows).sum(axis=1)))
        products = unknown_rows.multiply(self._idf).tocsr() @ self._counts
        words_by_unknown = []
        for row in range(len(unknown_words)):
            part = slice(products.indptr[row], products.indptr[row + 1])
            columns = products.indices[part]
            values = products.data[part] / (unknown_lengths[row] * self._lengths[columns])
            best_positions = np.lexsort((columns, -values))[:MAX_SIMILAR_WORDS]
            pairs = [
                (self._words[columns[position]], float(values[position]))
                for position in best_positions
            ]
            words_by_unknown.append(
                [(word, cosine) for word, cosine in pairs if cosine >= min_cosine]
            )
        return words_by_unknown

    def _count(self, groups: Sequence[Sequence[str]]) -> sp.csr_matrix:
        """[words, known groups], 1 + log(times) that each word has each."""
        columns: list[int] = []
        times: list[int] = []
        ends = [0]
        for word_groups in groups:
            counts = Counter(self._codes[group] for group in word_groups if group in self._codes)
            columns += counts.keys()
            times += counts.values()
            ends.append(len(columns))
        logs = np.asarray(1 + np.log(np.array(times, np.float32)), np.float32)
        parts = logs, np.array(columns, np.int32), np.array(ends, np.int32)
        return sp.csr_matrix(parts, shape=(len(groups), len(self._codes)))


def letter_groups(word: str) -> list[str]:
    """The letters in a row, with the word's beginning and end; a short word once as a whole."""
    padded = f" {word.lower()} "
    groups: list[str] = []
    for length in LETTERS_PER_GROUP:
        groups += [padded[start : start + length] for start in range(len(padded) - length + 1)]
        if length >= len(padded):
            break
    return groups
