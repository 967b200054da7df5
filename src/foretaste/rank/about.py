"""Words in, the items that are about them out: those that say so, and those that read like it.

An item says so where each word of the topic, or another form of it, is in its text. It reads like
it where the language model finds it closer to the words than the average item by `APART` standard
deviations, and as close as `CLOSE`. How far these are right is measured by `make bench-control`.
"""

import re
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.words import words_of

Mask = npt.NDArray[np.bool_]
Read = Callable[[str], Floats]
"""Words → [dim], as the language model reads them, of length 1."""
APART = 2.5
"""Standard deviations over the catalogue."""
CLOSE = 0.25
"""The least cosine."""
PLURALS = ("ies", "es", "s")
ENDINGS = ("ences", "ence", "ently", "ent", "ing", "ed", "ic", "al", "ly", "y", "e")
SHORTEST = 4
"""Letters that stay when an ending goes; three before a plural s."""


def stem(word: str) -> str:
    """A word without its endings, so that films and film, violent and violence are one."""
    for endings in (PLURALS, ENDINGS):
        for ending in endings:
            least = 3 if ending == "s" else SHORTEST
            if word.endswith(ending) and len(word) - len(ending) >= least and word[-2:] != "ss":
                word = word[: -len(ending)]
                break
    return word


def stems(text: str) -> list[str]:
    """The stems of the words of a text, in their order."""
    return [stem(word) for word in words_of(text)]


def saying(readings: Iterable[str], words: str) -> Mask:
    """[items], whether the text of each has every word of the topic, in one form or another."""
    wanted = [re.compile(rf"\b{re.escape(one)}(?:{_ANY})?\b", re.I) for one in stems(words)]
    found = [bool(wanted) and all(one.search(text) for one in wanted) for text in readings]
    return np.array(found, bool)


_ANY = "|".join((*PLURALS, *ENDINGS, "als"))


def like(vectors: Vectors, topic: Floats) -> Mask:
    """[items], which read like a topic [dim]; vectors: [items, dim]."""
    cosine = vectors @ topic
    if not len(cosine):
        return np.zeros(0, bool)
    least = max(CLOSE, float(cosine.mean() + APART * cosine.std()))
    return np.asarray(cosine >= least)


def about(catalogue: Catalogue, words: str, read: Read | None) -> Mask:
    """[items], which are about these words; without a language model those that say so."""
    found = saying(catalogue.readings, words)
    if read is not None and words:
        found |= like(catalogue.vectors, read(words))
    return found
