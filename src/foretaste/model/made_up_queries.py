"""Items in, queries that people might look for them with out: what the weight of a search is fitted
on, as events with a query are rare.

A quarter each: a span of the item's text, its title first; words of its description that are not in
its title; values of its attributes; and words of its text, each replaced by another that the
encoder finds near. Of spans of titles alone a fit learns that one right word is always right.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.data import Catalogue, Floats, Ints
from foretaste.domain.ports import TextEncoder
from foretaste.domain.words import words_of

MAX_SPAN_WORDS = 3
MAX_DESCRIPTION_WORDS = 4
MAX_PARAPHRASED_WORDS = 3
MAX_ATTRIBUTE_VALUES = 2
MIN_WORD_LETTERS = 4
MAX_WORD_SHARE = 0.1
"""Of the texts that may have a word which is asked for: others tell nothing."""
MAX_NEIGHBOUR_WORDS = 1_000
"""Words of the catalogue, drawn, that may stand for one another."""
NEIGHBOURS = 8
"""As many near words are looked at for one that is no form of the word."""
SAME_LETTERS = 4
"""Words that begin with so many same letters are forms of one."""


def made_up_queries(
    targets: Ints, catalogue: Catalogue, encoder: TextEncoder, rng: np.random.Generator
) -> list[str]:
    """A query for each of these items."""
    maker = _QueryMaker(catalogue, _neighbours(catalogue, encoder, rng), rng)
    kinds: tuple[Callable[[int], str], ...] = (
        *(maker.span, maker.description, maker.attributes, maker.paraphrase),
    )
    return [
        kinds[int(rng.integers(len(kinds)))](target) or maker.span(target)
        for target in targets.tolist()
    ]


@dataclass(frozen=True)
class _QueryMaker:
    """Each kind of query; "" where the item has nothing to ask for in that way."""

    catalogue: Catalogue
    neighbours: dict[str, str]
    """Word → another that means nearly the same."""
    rng: np.random.Generator

    def span(self, target: int) -> str:
        """One to three words after one another."""
        words = self.catalogue.full_texts[target].split()
        start = int(self.rng.integers(max(len(words) - 1, 1)))
        return " ".join(words[start : start + int(self.rng.integers(1, MAX_SPAN_WORDS + 1))])

    def description(self, target: int) -> str:
        """Two to four words that the title has not."""
        return self._drawn(self._untitled_words(target), MAX_DESCRIPTION_WORDS)

    def attributes(self, target: int) -> str:
        """One value of an attribute, or of two attributes one each."""
        values = [
            feature.values[int(self.rng.choice(codes))]
            for feature in self.catalogue.descriptive_features
            if len(codes := feature.item_codes(target))
        ]
        count = min(len(values), int(self.rng.integers(1, MAX_ATTRIBUTE_VALUES + 1)))
        chosen = self.rng.permutation(len(values))[:count]
        return " ".join(values[position] for position in chosen.tolist())

    def paraphrase(self, target: int) -> str:
        """Two or three words, none of which the text need have."""
        words = words_of(self.catalogue.full_texts[target])
        return self._drawn(
            [self.neighbours[word] for word in words if word in self.neighbours],
            MAX_PARAPHRASED_WORDS,
        )

    def _untitled_words(self, target: int) -> list[str]:
        plain = set(words_of(self.catalogue.titles[target]))
        plain.update(
            word for feature in self.catalogue.features for word in words_of(feature.column)
        )
        words = words_of(self.catalogue.full_texts[target])
        return [w for w in words if len(w) >= MIN_WORD_LETTERS and w.isalpha() and w not in plain]

    def _drawn(self, words: Sequence[str], most: int) -> str:
        """Two and more of them in their order; "" where there are fewer."""
        words = list(dict.fromkeys(words))
        if len(words) < 2:
            return ""
        count = min(len(words), int(self.rng.integers(2, most + 1)))
        positions = np.sort(self.rng.choice(len(words), count, replace=False))
        return " ".join(words[position] for position in positions.tolist())


def _neighbours(
    catalogue: Catalogue, encoder: TextEncoder, rng: np.random.Generator
) -> dict[str, str]:
    """Word of the texts → the nearest other word that is no form of it."""
    counts = Counter(word for text in catalogue.full_texts for word in set(words_of(text)))
    most = MAX_WORD_SHARE * len(catalogue)
    words = sorted(
        word
        for word, count in counts.items()
        if 2 <= count <= most and len(word) >= MIN_WORD_LETTERS and word.isalpha()
    )
    if len(words) > MAX_NEIGHBOUR_WORDS:
        drawn = rng.choice(len(words), MAX_NEIGHBOUR_WORDS, replace=False)
        words = [words[position] for position in np.sort(drawn).tolist()]
    if len(words) < 2:
        return {}
    vectors: Floats = encoder.encode(words)
    likeness = vectors @ vectors.T
    nearest = np.argsort(-likeness, axis=1)[:, 1 : NEIGHBOURS + 1]
    pairs = {}
    for word, row in zip(words, nearest.tolist(), strict=True):
        others = (words[position] for position in row)
        other = next((o for o in others if o[:SAME_LETTERS] != word[:SAME_LETTERS]), None)
        if other is not None:
            pairs[word] = other
    return pairs
