"""BM25 that takes more texts: texts in, how well each answers some words out.

The index is made by bm25s. Texts that come later are weighed by the rarity of words and the mean
length of those before; all are weighed again when the index is next built.
"""

from collections.abc import Sequence
from typing import Self

import bm25s
import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Floats, Ints
from foretaste.domain.sharing import Forking
from foretaste.domain.words import WORD_PATTERN
from foretaste.model.inverted_index import WordIndex

K1, B = 1.5, 0.75
"""BM25's k1, how soon a repeated word stops counting, and b, how much long texts are penalised."""


class Bm25(Forking):
    """An index of texts, by their places."""

    def __init__(self, texts: Sequence[str]) -> None:
        words = tokenize(texts)
        self.word_codes: dict[str, int] = {}
        """Word → its number."""
        rows = sp.csr_matrix((len(texts), 0), dtype=np.float32)
        self._text_count = max(len(texts), 1)
        self._mean_length = max(sum(map(len, words)) / self._text_count, 1e-9)
        if any(words):  # where there is none bm25s cannot make an index
            index = bm25s.BM25(method="lucene", k1=K1, b=B)
            index.index(words, show_progress=False)
            index_scores = index.scores
            self.word_codes = {word: code for word, code in index.vocab_dict.items() if word}
            parts = (index_scores["data"], index_scores["indices"], index_scores["indptr"])
            shape = (len(texts), len(index_scores["indptr"]) - 1)
            rows = sp.csc_matrix(parts, shape=shape).tocsr()
        self._word_index = WordIndex(rows)
        self._idf = _inverse_document_frequency(self._word_index.item_counts(), self._text_count)

    def with_texts(self, texts: Sequence[tuple[int, str]]) -> Self:
        """One with the texts of new or changed items, [(item, text)]; this one stays as it is."""
        bm25 = self.fork()
        for item, text in texts:
            bm25.put(item, text)
        return bm25

    def put(self, item: int, text: str) -> None:
        """The text of a new item, or a new text for an item that is there."""
        words = tokenize([text])[0]
        codes, counts = self._word_counts(words, new=True)
        idf = np.full(
            len(codes), _inverse_document_frequency(np.ones(1, np.float32), self._text_count)[0]
        )
        is_indexed = codes < len(self._idf)
        idf[is_indexed] = self._idf[codes[is_indexed]]
        length_norm = K1 * (1 - B + B * len(words) / self._mean_length)
        self._word_index.put(
            item, codes, (idf * counts / (counts + length_norm)).astype(np.float32)
        )

    def scores(self, words: Sequence[str]) -> Floats:
        """→ [items] for known words; one named twice counts twice."""
        return self._word_index.scores(*self._word_counts(words))

    def _word_counts(self, words: Sequence[str], *, new: bool = False) -> tuple[Ints, Floats]:
        """(numbers, times) of the words; new ones get the next number."""
        counts: dict[int, int] = {}
        if new and not self.word_codes.keys() >= set(words):
            new_words = [word for word in dict.fromkeys(words) if word not in self.word_codes]
            numbers = range(len(self.word_codes), len(self.word_codes) + len(new_words))
            self.word_codes = {**self.word_codes, **dict(zip(new_words, numbers, strict=True))}
        for word in words:
            code = self.word_codes[word]
            counts[code] = counts.get(code, 0) + 1
        codes = np.fromiter(counts, np.int32, len(counts))
        return codes, np.fromiter(counts.values(), np.float32, len(counts))


def _inverse_document_frequency(counts: Floats | Ints, texts: int) -> Floats:
    """[words], inverse document frequency as Lucene has it."""
    return np.log(1 + (texts - counts + 0.5) / (counts + 0.5)).astype(np.float32)


def tokenize(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, those of one letter too: a film may be called “M”."""
    words: list[list[str]] = bm25s.tokenize(
        list(texts),
        token_pattern=WORD_PATTERN.pattern,
        stopwords="en",
        show_progress=False,
        return_ids=False,
    )
    return words
