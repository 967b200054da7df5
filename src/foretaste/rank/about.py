"""Words in, the items that are about them out: those that say so, and those that read like it.

An item says so where each word of the topic, or another form of it, is in its text. It reads like
it where the language model finds it closer to the words than the average item by
`MIN_STANDARD_DEVIATIONS`, and as close as `MIN_COSINE`. How far these are right is measured by
`make bench-control`.
"""

import re
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.words import PLURAL_ENDINGS, WORD_ENDINGS, stem, words_of

Mask = npt.NDArray[np.bool_]
EncodeText = Callable[[str], Floats]
"""Words → [dim], as the language model reads them, of length 1."""
MIN_STANDARD_DEVIATIONS = 2.5
"""Standard deviations over the catalogue."""
MIN_COSINE = 0.25
"""The least cosine."""


def stems(text: str) -> list[str]:
    """The stems of the words of a text, in their order."""
    return [stem(word) for word in words_of(text)]


def items_mentioning(readings: Iterable[str], words: str) -> Mask:
    """[items], whether the text of each has every word of the topic, in one form or another."""
    stem_patterns = [
        re.compile(rf"\b{re.escape(stem_pattern)}(?:{_ENDING_PATTERN})?\b", re.I)
        for stem_pattern in stems(words)
    ]
    mentions = [
        bool(stem_patterns) and all(stem_pattern.search(text) for stem_pattern in stem_patterns)
        for text in readings
    ]
    return np.array(mentions, bool)


_ENDING_PATTERN = "|".join((*PLURAL_ENDINGS, *WORD_ENDINGS, "als"))


def items_similar_to(vectors: Vectors, topic: Floats) -> Mask:
    """[items], which read like a topic [dim]; vectors: [items, dim]."""
    cosine = vectors @ topic
    if not len(cosine):
        return np.zeros(0, bool)
    min_cosine = max(MIN_COSINE, float(cosine.mean() + MIN_STANDARD_DEVIATIONS * cosine.std()))
    return np.asarray(cosine >= min_cosine)


def items_about(catalogue: Catalogue, words: str, encode_text: EncodeText | None) -> Mask:
    """[items], which are about these words; without a language model those that say so."""
    mask = items_mentioning(catalogue.full_texts, words)
    if encode_text is not None and words:
        mask |= items_similar_to(catalogue.vectors, encode_text(words))
    return mask
