"""BM25 that takes more texts: texts in, how well each answers some words out.

Words are counted by text; how rare a word is and how long the texts are on average is looked up
when some words are asked for. So a text counts the same whether it came with the others or later,
and every process that has the same texts gives the same list.
"""

from collections.abc import Sequence
from typing import Any, Self

import bm25s
import numpy as np
import scipy.sparse as sp

from foretaste.domain.arrays import Array
from foretaste.domain.data import Floats, Ints, Longs
from foretaste.domain.derived_files import DerivedFiles
from foretaste.domain.sharing import Chunked, Forking, Lazy
from foretaste.domain.words import SEARCH_WORD_PATTERN, without_accents
from foretaste.model.inverted_index import WordIndex

K1, B = 1.5, 0.75
"""BM25's k1, how soon a repeated word stops counting, and b, how much long texts are penalised."""


class Bm25(Forking):
    """An index of texts, by their places."""

    def __init__(self, word_codes: dict[str, int], word_index: WordIndex, lengths: Longs) -> None:
        """word_codes: word → its number. lengths: [texts], in words."""
        self.word_codes, self._word_index = word_codes, word_index
        self._text_counts = Chunked(word_index.item_counts().astype(np.int32))  # [words]
        self._lengths = Chunked(lengths.astype(np.float32))
        self._total_length = int(lengths.sum())

    @classmethod
    def from_files(cls, files: DerivedFiles, texts: Sequence[str]) -> Self:
        """Of these texts, in files that are mapped where there are any."""
        built = Lazy(lambda: cls.of(texts))

        def arrays() -> dict[str, Array]:
            return {**built.get()._word_index.arrays(), "lengths": built.get()._lengths.rows}

        stored_arrays = files.arrays("bm25", arrays)
        codes = files.value("bm25-words", lambda: built.get().word_codes)
        return cls(codes, WordIndex.from_arrays(stored_arrays), stored_arrays["lengths"])

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Of these texts, in memory."""
        tokens = _tokenized(texts, return_ids=True)
        word_codes: dict[str, int] = {word: code for word, code in tokens.vocab.items() if word}
        lengths = np.fromiter(map(len, tokens.ids), np.int64, len(texts))
        codes = np.fromiter((code for row in tokens.ids for code in row), np.int32, lengths.sum())
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        word_count = max(word_codes.values(), default=-1) + 1
        rows = sp.csr_matrix(
            (np.ones(len(codes), np.float32), codes, bounds), shape=(len(texts), word_count)
        )
        rows.sum_duplicates()
        return cls(word_codes, WordIndex(rows), lengths)

    def with_texts(self, texts: Sequence[tuple[int, str]]) -> Self:
        """One with the texts of new or changed items, [(item, text)]; this one stays as it is."""
        bm25 = self.fork()
        for item, text in texts:
            bm25.put(item, text)
        return bm25

    def put(self, item: int, text: str) -> None:
        """The text of a new item, or a new text for an item that is there."""
        words = tokenize([text])[0]
        if item < len(self._lengths):
            for code in self._word_index.row(item)[0].tolist():
                self._text_counts[code] -= 1
        else:
            self._lengths.extend(np.zeros(item + 1 - len(self._lengths), np.float32))
        codes, counts = self._word_counts(words, new=True)
        new_word_count = len(self.word_codes) - len(self._text_counts)
        if new_word_count > 0:
            self._text_counts.extend(np.zeros(new_word_count, np.int32))
        for code in codes.tolist():
            self._text_counts[code] += 1
        self._total_length += len(words) - int(self._lengths[item])
        self._lengths[item] = len(words)
        self._word_index.put(item, codes, counts)

    def has_word(self, word: str) -> bool:
        """Whether a text has it."""
        code = self.word_codes.get(word if word.isascii() else without_accents(word))
        return code is not None and bool(self._text_counts[code] > 0)

    def scores(self, words: Sequence[str]) -> Floats:
        """→ [items] for words of `word_codes`; one named twice counts twice."""
        codes, counts = self._word_counts(words)
        if not len(codes):
            return np.zeros(self._word_index.size, np.float32)
        text_counts = np.array(self._text_counts.take(codes.tolist()), np.float32)
        idf = _inverse_document_frequency(text_counts, len(self._lengths))
        lengths = self._lengths.rows
        mean_length = max(self._total_length / len(lengths), 1e-9)

        def saturated(items: Ints, word_counts: Floats) -> Floats:
            """How much a word that stands so many times in the text of each item counts."""
            length_norms = K1 * (1 - B + B / mean_length * lengths[items])
            return np.asarray(word_counts / (word_counts + length_norms), np.float32)

        return self._word_index.scores(codes, idf * counts, saturated)

    def rarities(self, words: Sequence[str]) -> Floats:
        """[words], how rare each is, in nats; of a word that no text has the most."""
        codes = [self.word_codes.get(word) for word in words]
        counts = [0 if code is None else int(self._text_counts[code]) for code in codes]
        return _inverse_document_frequency(np.array(counts, np.float32), len(self._lengths))

    def matched_words(self, words: Sequence[str]) -> Floats:
        """→ [items], how many of the words each has."""
        codes, _ = self._word_counts(words)
        ones = np.ones(len(codes), np.float32)
        return self._word_index.scores(codes, ones, lambda _, counts: np.ones_like(counts))

    def coverage(self, words: Sequence[str]) -> Floats:
        """→ [items], the share of the words that each has, 0 to 1; rare ones count more."""
        codes, _ = self._word_counts(words)
        text_counts = np.array(self._text_counts.take(codes.tolist()), np.float32)
        idf = _inverse_document_frequency(text_counts, len(self._lengths))
        has_it = self._word_index.scores(codes, idf, lambda _, counts: np.ones_like(counts))
        return np.asarray(has_it / max(float(idf.sum()), 1e-9), np.float32)

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


def _inverse_document_frequency(counts: Floats, texts: int) -> Floats:
    """[words], inverse document frequency as Lucene has it."""
    return np.log(1 + (texts - counts + 0.5) / (counts + 0.5)).astype(np.float32)


def tokenize(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text without their accents, those of one letter too: a film may be called
    “M”.
    """
    words: list[list[str]] = _tokenized(texts, return_ids=False)
    return words


def _tokenized(texts: Sequence[str], *, return_ids: bool) -> Any:
    return bm25s.tokenize(
        [text if text.isascii() else without_accents(text) for text in texts],
        token_pattern=SEARCH_WORD_PATTERN.pattern,
        stopwords="en",
        show_progress=False,
        return_ids=return_ids,
    )
