"""TF-IDF: texts in, rows of weights of their words, of length 1, out.

The weight of a word in a text is (1 + log(times)) · rarity, and its rarity is
log((1 + texts) / (1 + texts with it)) + 1 (Salton and Buckley 1988, smoothed). The same as
`TfidfVectorizer(sublinear_tf=True, min_df=2)` of scikit-learn, which `tests/model/test_tfidf.py`
holds it to; that one takes as long to import as all else a list needs but PyTorch, and 60 MB.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Floats
from foretaste.domain.words import words_of

MIN_TEXTS_PER_WORD = 2
"""Texts that must have a word."""


class TfIdf:
    """Words, and how rare each is."""

    def __init__(self, words: Sequence[str], idf: Floats) -> None:
        """idf: [words], how rare each is"""
        self.words, self.idf = tuple(words), np.asarray(idf, np.float32)
        self._columns = {word: column for column, word in enumerate(self.words)}

    @classmethod
    def fit(cls, texts: Sequence[str], max_words: int | None = None) -> Self | None:
        """The words that two of the texts have, in alphabetical order; None if there are none.

        max_words: those of most texts at most.
        """
        counts = Counter(word for text in texts for word in set(words_of(text)))
        words = sorted(word for word, count in counts.items() if count >= MIN_TEXTS_PER_WORD)
        if not words:
            return None
        if max_words is not None and len(words) > max_words:
            words = sorted(sorted(words, key=lambda word: -counts[word])[:max_words])
        text_counts = np.array([counts[word] for word in words], np.float32)
        return cls(words, np.log((1 + len(texts)) / (1 + text_counts)) + 1)

    def transform(self, texts: Sequence[str]) -> sp.csr_matrix:
        """[texts, words], each row of length 1; of a text without known words it is empty."""
        columns: list[int] = []
        term_counts: list[int] = []
        ends = [0]
        for text in texts:
            known_columns = (
                self._columns[word] for word in words_of(text) if word in self._columns
            )
            counts = Counter(known_columns)
            for column in sorted(counts):
                columns.append(column)
                term_counts.append(counts[column])
            ends.append(len(columns))
        weights = (1 + np.log(np.array(term_counts, np.float32))) * self.idf[columns]
        text_positions = np.repeat(np.arange(len(texts)), np.diff(ends))
        lengths = np.sqrt(np.bincount(text_positions, np.square(weights), minlength=len(texts)))
        weights = np.asarray(weights / lengths[text_positions], np.float32)
        parts = weights, np.array(columns, np.int32), np.array(ends, np.int32)
        return sp.csr_matrix(parts, shape=(len(texts), len(self.words)))
