"""Texts in; those that have words beginning with what somebody has typed so far out.

Words are compared without case and diacritics, in any place of the text. The postings are sorted by
word, so all words with one beginning are one slice: a look-up takes a bisection and a union.
"""

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from foretaste.domain.arrays import Array
from foretaste.domain.derived_files import DerivedFiles
from foretaste.domain.packed_rows import PackedRows, pack_texts, unpack_text
from foretaste.domain.sharing import Lazy
from foretaste.domain.words import WORD_PATTERN

Positions = npt.NDArray[np.int32]
MIN_CORRECTED_LETTERS = 4
"""Letters of a word that may be mistyped; a shorter one may be anything."""
LONG_WORD_LETTERS = 7
"""From so many letters on two of them may be wrong; else one."""
MIN_MARKED_PART = 16
"""Of one in so many texts it is faster to mark them than to sort their places."""
_ARTICLES = "the a an der die das le la les el los las un une una il lo"
ARTICLES = frozenset(_ARTICLES.split())
_HYPHENATED = re.compile(r"[\w-]+")
_LAST = "\U0010ffff"


@lru_cache(maxsize=50_000)
def fold_word(word: str) -> str:
    """Without case and diacritics: Amélie and amelie, STRASSE and Straße are the same."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def folded_words(text: str) -> list[str]:
    """The words of a text, folded, in their order."""
    return [fold_word(word) for word in WORD_PATTERN.findall(unicodedata.normalize("NFC", text))]


def _joined_words(text: str) -> list[str]:
    """Those that a hyphen parts, as one: who looks for Sci-Fi may type scifi."""
    if "-" not in text:
        return []
    compounds = (match.strip("-") for match in _HYPHENATED.findall(text))
    return ["".join(folded_words(compound)) for compound in compounds if "-" in compound]


class TypedTextIndex:
    """Texts by the beginnings of their words. Nothing changes it, so threads may share it."""

    def __init__(
        self, words: list[str], sorted_texts: Sequence[str], arrays: Mapping[str, Array]
    ) -> None:
        """words: sorted. sorted_texts: folded, those with an article in front once more without it.
        arrays: as `_arrays` gives them.
        """
        self.size, self.words = int(arrays["size"][0]), words
        self._postings: Positions = arrays["postings"]
        self._starts = arrays["starts"]
        self._text_order: Positions = arrays["text_order"]
        self._sorted_texts = sorted_texts

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Of these."""
        words, sorted_texts, arrays = _indexed(texts)
        return cls(words, sorted_texts, arrays)

    @classmethod
    def from_files(cls, files: DerivedFiles, name: str, texts: Iterable[str]) -> Self:
        """The same in files that are mapped, under a name."""
        built = Lazy(lambda: _indexed(texts))
        arrays = files.arrays(name, lambda: built.get()[2])
        words = files.value(f"{name}-words", lambda: built.get()[0])
        packed = files.arrays(f"{name}-texts", lambda: pack_texts(built.get()[1]).arrays())
        return cls(words, PackedRows.from_arrays(packed, unpack_text), arrays)

    def matching(self, words: Sequence[str]) -> Positions:
        """The texts that have each word, the last one also as a beginning; in their order.

        words: folded; none is all texts.
        """
        found: Positions | None = None
        for row, word in enumerate(words):
            is_last = row == len(words) - 1
            own = _distinct(self._postings[self._slice(word, whole=not is_last)], self.size)
            found = own if found is None else np.intersect1d(found, own, assume_unique=True)
        return np.arange(self.size, dtype=np.int32) if found is None else found

    def beginning(self, words: Sequence[str]) -> Positions:
        """The texts that begin with these words, the last of them as far as it was typed; with or
        without the article in front.
        """
        prefix = " ".join(words)
        first = bisect_left(self._sorted_texts, prefix)
        last = bisect_left(self._sorted_texts, prefix + _LAST)
        return self._text_order[first:last]

    def has(self, word: str, *, whole: bool) -> bool:
        """Whether any text has it, whole or as a beginning."""
        own = self._slice(word, whole=whole)
        return own.start < own.stop

    def _slice(self, word: str, *, whole: bool) -> slice:
        first = bisect_left(self.words, word)
        if whole:
            last = first + (first < len(self.words) and self.words[first] == word)
        else:
            last = bisect_left(self.words, word + _LAST)
        return slice(int(self._starts[first]), int(self._starts[last]))

    @cached_property
    def _counts(self) -> npt.NDArray[np.int64]:
        return np.diff(self._starts)

    def corrected(self, word: str, *, whole: bool) -> str | None:
        """The word that was meant, the commonest of the nearest; None where none is near.

        whole: of a word that is typed to its end; else what was typed is compared with beginnings.
        """
        if len(word) < MIN_CORRECTED_LETTERS or not self.words:
            return None
        wrong = 1 if len(word) < LONG_WORD_LETTERS else 2
        choices = self.words if whole else self._beginnings(len(word))
        near = process.extract(word, choices, scorer=OSA.distance, score_cutoff=wrong, limit=50)
        best = min(
            near,
            key=lambda own: (own[1], own[0][0] != word[0], -int(self._counts[own[2]])),
            default=None,
        )
        if best is None:
            return None
        return self.words[best[2]] if whole else self._whole_or_begun(best[0], word)

    def _beginnings(self, letters: int) -> list[str]:
        """So many letters of each word, kept: people mistype words of the same few lengths."""
        if letters not in self._beginnings_by_length:
            self._beginnings_by_length[letters] = [own[:letters] for own in self.words]
        return self._beginnings_by_length[letters]

    @cached_property
    def _beginnings_by_length(self) -> dict[int, list[str]]:
        return {}

    def _whole_or_begun(self, beginning: str, typed: str) -> str:
        """The commonest word with this beginning that is no longer than was typed, if there is one;
        else the beginning.
        """
        first = bisect_left(self.words, beginning)
        last = bisect_left(self.words, beginning + _LAST)
        short = [row for row in range(first, last) if abs(len(self.words[row]) - len(typed)) <= 1]
        if not short:
            return beginning
        return self.words[max(short, key=lambda row: int(self._counts[row]))]


def _indexed(texts: Iterable[str]) -> tuple[list[str], list[str], dict[str, Array]]:
    """(words, sorted texts, arrays) of an index. No more than a number is kept of each word of a
    text, as the texts may be millions.
    """
    codes: dict[str, int] = {}
    word_codes, word_rows, beginning_rows = array("i"), array("i"), array("i")
    beginnings: list[str] = []
    size = 0
    for row, text in enumerate(texts):
        words = folded_words(text)
        own = {codes.setdefault(word, len(codes)) for word in (*words, *_joined_words(text))}
        word_codes.extend(own)
        word_rows.extend([row] * len(own))
        for skipped in (0, 1) if len(words) > 1 and words[0] in ARTICLES else (0,):
            beginnings.append(" ".join(words[skipped:]))
            beginning_rows.append(row)
        size = row + 1
    sorted_words = sorted(codes)
    ranks = np.empty(len(codes), np.int32)
    ranks[[codes[word] for word in sorted_words]] = np.arange(len(codes), dtype=np.int32)
    word_ranks = ranks[np.array(word_codes, np.int32)]
    order = np.argsort(word_ranks, kind="stable")  # rows of one word stay in their order
    counts = np.bincount(word_ranks, minlength=len(codes))
    text_places = sorted(range(len(beginnings)), key=beginnings.__getitem__)
    arrays: dict[str, Array] = {
        "size": np.array([size]),
        "postings": np.array(word_rows, np.int32)[order],
        "starts": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "text_order": np.array(beginning_rows, np.int32)[text_places],
    }
    return sorted_words, [beginnings[position] for position in text_places], arrays


def matched_spans(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """[start, end) of the beginnings of words in a text that were typed. words: folded."""
    spans = []
    for match in WORD_PATTERN.finditer(text):
        folded = fold_word(match.group())
        typed = max(
            (word for word in words if word and folded.startswith(word)), key=len, default=""
        )
        if typed:
            spans.append((match.start(), match.start() + _letters(match.group(), len(typed))))
    return spans


def _letters(word: str, folded_length: int) -> int:
    """How many letters of a word make up so many folded ones: ß is two."""
    length = 0
    for count, letter in enumerate(word, 1):
        length += len(fold_word(letter))
        if length >= folded_length:
            return count
    return len(word)


def _distinct(positions: Positions, size: int) -> Positions:
    """In ascending order, each once; of many by marking them, which takes no sorting."""
    if len(positions) < size // MIN_MARKED_PART:
        return np.unique(positions)
    is_marked = np.zeros(size, bool)
    is_marked[positions] = True
    return np.flatnonzero(is_marked).astype(positions.dtype)
