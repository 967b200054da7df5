"""A line in, the line out in which misspelt negations are spelt as the grammar has them.

A word that is read as a topic where it should refuse one shows more of what is not wanted: “wihtout
horror”. So a word that neither the items nor the grammar have, and that is one letter wrong, one
missing, one too many or two exchanged, is the negation that it comes near to.
"""

import re
from collections.abc import Container
from functools import cache

from rapidfuzz.distance import OSA

from foretaste.understand.grammar import GRAMMARS, Grammar
from foretaste.understand.vocabulary import Vocabulary

MIN_LETTERS = 4
"""Of a negation whose misspellings are known; shorter ones come near to too many words."""
MIN_LONG_LETTERS = 6
"""Of other words whose misspellings are known."""
NEGATIVE_STRENGTHS = ("none", "without", "less", "much less")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def corrected_words(line: str, vocabulary: Vocabulary, grammar: Grammar) -> str:
    """The line with its negations, and words that ask, in their spelling."""

    def spelling(hit: "re.Match[str]") -> str:
        word = hit[0]
        if len(word) < MIN_LETTERS or word in _grammar_words(grammar.language):
            return word
        if word in vocabulary.words or grammar.meaning(word) or grammar.compares(word):
            return word
        spellings = (*_negations(grammar.language), *_long_words(grammar.language))
        return next((correction for correction in spellings if _is_near(word, correction)), word)

    return WORD.sub(spelling, line)


def base_of_comparative(word: str, known_words: Container[str]) -> str:
    """ "Warmer" where items only say “warm”; the word itself where they have it."""
    if not word.endswith("er") or word in known_words:
        return word
    root = word[:-2]
    bases = (f"{root[:-1]}y",) if root.endswith("i") else (root, f"{root}e", root[:-1])
    return next((base for base in bases if len(base) > 2 and base in known_words), word)


def _is_near(word: str, negation: str) -> bool:
    is_plural = word.rstrip("s") == negation.rstrip("s")
    if word[0] != negation[0] or is_plural:
        return False
    if len(negation) >= MIN_LONG_LETTERS and len(word) < MIN_LONG_LETTERS:
        return False
    return OSA.distance(word, negation, score_cutoff=1) <= 1


@cache
def _negations(language: str) -> tuple[str, ...]:
    """Words that refuse by themselves."""
    return tuple(
        phrase
        for phrase, strength in GRAMMARS[language].strengths.items()
        if strength in NEGATIVE_STRENGTHS and " " not in phrase and len(phrase) >= MIN_LETTERS
    )


@cache
def _long_words(language: str) -> tuple[str, ...]:
    """What asks for items and compares them: “similar”, “recommend”."""
    grammar = GRAMMARS[language]
    frames = frozenset().union(*(grammar.frames[name] for name in ("alike", "more", "consumed")))
    words = frames | grammar.clauses["plain"]
    return tuple(sorted(word for word in words if len(word) >= MIN_LONG_LETTERS))


@cache
def _grammar_words(language: str) -> frozenset[str]:
    """Every word that the grammar has a use for."""
    grammar = GRAMMARS[language]
    phrases = " ".join((*grammar.strengths, *grammar.postponed, *grammar.number_words))
    patterns = " ".join(pattern.pattern for pattern in grammar.patterns.values())
    words = set(phrases.split()) | set(WORD.findall(patterns)) | grammar.function_words
    return frozenset(words.union(*grammar.clauses.values()))
