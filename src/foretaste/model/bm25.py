"""BM25 that takes more texts: texts in, how well each answers some words out.

The index is made by bm25s. Texts that come later are weighed by the rarity of words and the mean
length of those before; all are weighed anew when the index is next made.
"""

from collections.abc import Sequence

import bm25s
import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Floats, Ints
from foretaste.domain.sharing import Forking
from foretaste.domain.words import WORD
from foretaste.model.inverted_index import Words

K1, B = 1.5, 0.75
"""How soon a word said again counts no more, and how much long texts are toned down."""


class Bm25(Forking):
    """An index of texts, by their places."""

    def __init__(self, texts: Sequence[str]) -> None:
        words = tokens(texts)
        self.known: dict[str, int] = {}
        """Word → its number."""
        rows = sp.csr_matrix((len(texts), 0), dtype=np.float32)
        self._texts = max(len(texts), 1)
        self._mean_length = max(sum(map(len, words)) / self._texts, 1e-9)
        if any(words):  # where there is none bm25s cannot make an index
            index = bm25s.BM25(method="lucene", k1=K1, b=B)
            index.index(words, show_progress=False)
            made = index.scores
            self.known = {word: code for word, code in index.vocab_dict.items() if word}
            parts = (made["data"], made["indices"], made["indptr"])
            size = (len(texts), len(made["indptr"]) - 1)
            rows = sp.csc_matrix(parts, shape=size).tocsr()
        self._table = Words(rows)
        self._rarity = _rarity(self._table.counts(), self._texts)

    def put(self, item: int, text: str) -> None:
        """The text of a new item, or another one of one that is there."""
        words = tokens([text])[0]
        codes, times = self._counted(words, new=True)
        rarity = np.full(len(codes), _rarity(np.ones(1, np.float32), self._texts)[0])
        old = codes < len(self._rarity)
        rarity[old] = self._rarity[codes[old]]
        norm = K1 * (1 - B + B * len(words) / self._mean_length)
        self._table.put(item, codes, (rarity * times / (times + norm)).astype(np.float32))

    def scores(self, words: Sequence[str]) -> Floats:
        """→ [items] for known words; one named twice counts twice."""
        return self._table.every(*self._counted(words))

    def _counted(self, words: Sequence[str], *, new: bool = False) -> tuple[Ints, Floats]:
        """(numbers, times) of the words; new ones get the next number."""
        counts: dict[int, int] = {}
        if new and not self.known.keys() >= set(words):
            strange = [word for word in dict.fromkeys(words) if word not in self.known]
            numbers = range(len(self.known), len(self.known) + len(strange))
            self.known = {**self.known, **dict(zip(strange, numbers, strict=True))}
        for word in words:
            code = self.known[word]
            counts[code] = counts.get(code, 0) + 1
        codes = np.fromiter(counts, np.int32, len(counts))
        return codes, np.fromiter(counts.values(), np.float32, len(counts))


def _rarity(counts: Floats | Ints, texts: int) -> Floats:
    """[words], inverse document frequency as Lucene has it."""
    return np.log(1 + (texts - counts + 0.5) / (counts + 0.5)).astype(np.float32)


def tokens(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, those of one letter too: a film may be called “M”."""
    words: list[list[str]] = bm25s.tokenize(
        list(texts),
        token_pattern=WORD.pattern,
        stopwords="en",
        show_progress=False,
        return_ids=False,
    )
    return words
