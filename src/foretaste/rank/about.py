"""Words in, the items that are about them out: those that say so, and those that read like it.

An item says so where each word of the topic, or another form of it, is in its text. It reads like
it where the language model finds it closer to the words than the average item by
`MIN_STANDARD_DEVIATIONS`, and as close as `MIN_COSINE`. How far these are right is measured by
`make bench-control`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.words import PLURAL_ENDINGS, WORD_ENDINGS, stem, words_of

Mask = npt.NDArray[np.bool_]
EncodeText = Callable[[str], Floats]
"""Words → [dim], as the language model reads them, of length 1."""
ItemsWithWords = Callable[[Sequence[str]], Mask | None]
"""Forms of a word → [items], all that have one of them and perhaps others; None for not known."""
MIN_STANDARD_DEVIATIONS = 2.5
"""Standard deviations over the catalogue."""
MIN_COSINE = 0.25
"""The least cosine."""
MAX_PICKED_SHARE = 0.25
"""Of all texts, those that are picked out: to look through all of them is faster from there on."""
TEXTS_AT_A_TIME = 10_000
"""Texts that are looked through as one."""


def stems(text: str) -> list[str]:
    """The stems of the words of a text, in their order."""
    return [stem(word) for word in words_of(text)]


def items_mentioning(
    readings: Sequence[str], words: str, items_with_words: ItemsWithWords = lambda forms: None
) -> Mask:
    """[items], whether the text of each has every word of the topic, in one form or another."""
    candidates = [
        mask
        for word_stem in dict.fromkeys(stems(words))
        if (mask := items_with_words([word_stem + ending for ending in _ENDINGS])) is not None
    ]
    mask = np.all(candidates, axis=0) if candidates else np.ones(len(readings), bool)
    if MAX_PICKED_SHARE * len(mask) < mask.sum():
        return _all_mentions(readings, words)
    mask[mask] = _all_mentions((readings[row] for row in np.flatnonzero(mask).tolist()), words)
    return mask


def _all_mentions(readings: Iterable[str], words: str) -> Mask:
    """The same, by looking through all of these texts."""
    patterns = [
        re.compile(rf"{re.escape(_lower(word_stem))}(?:{_ENDING_PATTERN})?\b")
        for word_stem in dict.fromkeys(stems(words))
    ]
    masks = [np.empty(0, bool)]
    texts = iter(readings)
    while chunk := [_lower(text) for text in islice(texts, TEXTS_AT_A_TIME)]:
        masks.append(_mentions(chunk, patterns))
    return np.concatenate(masks)


def _mentions(texts: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> Mask:
    r"""[texts], which have a match of each pattern at the beginning of a word.

    They are looked through as one text. The patterns begin with letters and not with `\b`, as
    those are found many times as fast.
    """
    joined = "\n".join(texts)
    ends = np.cumsum([len(text) + 1 for text in texts])  # [texts], where the next one begins
    mask = np.full(len(texts), bool(patterns))
    for pattern in patterns:
        starts = (match.start() for match in pattern.finditer(joined))
        positions = [start for start in starts if start == 0 or not _is_of_word(joined[start - 1])]
        has_match = np.zeros(len(texts), bool)
        has_match[ends.searchsorted(np.array(positions, np.int64), "right")] = True
        mask &= has_match
    return mask


def _lower(text: str) -> str:
    """In lower case; a Turkish İ is an i."""
    return text.lower() if text.isascii() else text.lower().replace("i\u0307", "i")


def _is_of_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


_ENDINGS = ("", *PLURAL_ENDINGS, *WORD_ENDINGS, "als")
_ENDING_PATTERN = "|".join(_ENDINGS[1:])


def items_similar_to(vectors: Vectors, topic: Floats) -> Mask:
    """[items], which read like a topic [dim]; vectors: [items, dim]."""
    cosine = vectors @ topic
    if not len(cosine):
        return np.zeros(0, bool)
    min_cosine = max(MIN_COSINE, float(cosine.mean() + MIN_STANDARD_DEVIATIONS * cosine.std()))
    return np.asarray(cosine >= min_cosine)


def items_about(
    catalogue: Catalogue,
    words: str,
    encode_text: EncodeText | None,
    items_with_words: ItemsWithWords = lambda forms: None,
) -> Mask:
    """[items], which are about these words; without a language model those that say so."""
    mask = items_mentioning(catalogue.full_texts, words, items_with_words)
    if encode_text is not None and words:
        mask |= items_similar_to(catalogue.vectors, encode_text(words))
    return mask
