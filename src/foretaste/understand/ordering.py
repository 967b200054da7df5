"""The order of a list in what is said in, that order out: “sort them by price”, “hoodies, cheapest
first”, “price high to low”.
"""

import re

from foretaste.understand.grammar import Grammar
from foretaste.understand.grammar_patterns import COMPARATIVES, Dimension
from foretaste.understand.meaning import Scene
from foretaste.understand.number_columns import NAME_WORDS, NO_COLUMN

STOPS = " \"'.,;:!?-–—"
PUNCTUATION = re.compile(r"[ ,.:;]+")
TOPIC_BY_DIMENSION: dict[Dimension, str] = {
    "price": "price",
    "year": "year",
    "length": "length",
    "rating": "reviews",
}
USUAL_ORDERS: dict[Dimension, str] = {
    "price": "cheaper",
    "year": "newer",
    "length": "shorter",
    "rating": "better",
}
"""What “by price” is where no direction is said."""
OPPOSITES = {"cheaper": "dearer", "newer": "older", "shorter": "longer"}
OPPOSITES |= {other: name for name, other in OPPOSITES.items()}
RISING_ORDERS: dict[Dimension, str] = {"price": "cheaper", "year": "older", "length": "shorter"}
"""From the low numbers to the high."""
NOT_SORTABLE = "the list cannot be put in that order"
MAX_WORDS_BETWEEN = 2
"""“The newest science books first”."""
MAX_WORDS_BEFORE = 2
"""“From the oldest to the newest”."""


def extract_order(text: str, scene: Scene, grammar: Grammar) -> tuple[str, str | None, str | None]:
    """(the text without it, the comparative of what comes first, why nothing can be put so)"""
    stripped = text.strip(STOPS)
    hit = grammar.patterns["order.sort"].search(stripped)
    if hit is not None:
        remainder, order = (
            stripped[: hit.start()].strip(STOPS),
            _order(stripped[hit.end() :], grammar),
        )
        if grammar.patterns["order.what"].fullmatch(remainder):
            remainder = ""
        if order is None and not remainder:
            return "", None, NOT_SORTABLE
    else:
        remainder, order = _first(stripped, grammar)
        if order is None and scene.shown:  # “price, low to high” of the list in hand
            remainder = ""
            order = _with_direction(stripped, grammar) or _between(stripped, grammar)
    if order is None:
        return text, None, None
    dimension = COMPARATIVES[order][0]
    if scene.vocabulary.numbers.of_dimension(dimension) is None:
        return remainder, None, NO_COLUMN[dimension]
    return remainder, order, None


def _order(words: str, grammar: Grammar) -> str | None:
    """What is said behind “sort by”."""
    words = grammar.patterns["order.end"].sub("", words.strip(STOPS)).strip(STOPS)
    remainder, order = _first(words, grammar)
    if order is not None and (
        not remainder or _noun(remainder, grammar)
    ):  # “by year, oldest first”
        return order
    return _with_direction(words, grammar) or _between(words, grammar) or _noun(words, grammar)


def _first(words: str, grammar: Grammar) -> tuple[str, str | None]:
    """ "Hoodies, cheapest first", "the newest books first": (the rest, the comparative)"""
    bare = grammar.patterns["order.first"].sub("", words)
    if bare == words:
        return words, None
    for name in COMPARATIVES:
        for hit in grammar.patterns[f"superlative.{name}"].finditer(bare):
            next_words = bare[hit.end() :].strip(STOPS)
            noun = _without_last_article(bare[: hit.start()].strip(STOPS), grammar)
            if len(next_words.split()) <= MAX_WORDS_BETWEEN:
                return f"{noun} {next_words}".strip(), name
    return words, None


def _with_direction(words: str, grammar: Grammar) -> str | None:
    """ "Price, high to low"."""
    for direction in ("rising", "falling"):
        hit = grammar.patterns[f"order.{direction}"].search(words)
        if hit is None:
            continue
        usual = _noun(f"{words[: hit.start()]} {words[hit.end() :]}", grammar)
        if usual is None:
            return None
        rising = RISING_ORDERS.get(COMPARATIVES[usual][0])
        if rising is None:  # the best rated come first, whatever is said
            return usual
        return rising if direction == "rising" else OPPOSITES[rising]
    return None


def _between(words: str, grammar: Grammar) -> str | None:
    """ "Cheapest to most expensive"."""
    for name in COMPARATIVES:
        hit = grammar.patterns[f"superlative.{name}"].search(words)
        if hit is None or len(words[: hit.start()].split()) > MAX_WORDS_BEFORE:
            continue
        if grammar.patterns["order.to"].match(words[hit.end() :]):
            return name
    return None


def _noun(words: str, grammar: Grammar) -> str | None:
    """ "Price", "release date"."""
    noun = PUNCTUATION.sub(" ", words).strip()
    noun = grammar.patterns["order.by"].sub("", noun)
    article, _, bare_noun = noun.partition(" ")
    if article in grammar.articles and bare_noun:
        noun = bare_noun
    dimension = dimension_called(noun, grammar)
    return None if dimension is None else USUAL_ORDERS[dimension]


def dimension_called(noun: str, grammar: Grammar) -> Dimension | None:
    """What a noun measures: “runtime”, “release date”."""
    for dimension, topic in TOPIC_BY_DIMENSION.items():
        is_name = noun in NAME_WORDS[dimension]
        if is_name or grammar.patterns[f"about_nouns.{topic}"].fullmatch(noun):
            return dimension
    return None


def _without_last_article(words: str, grammar: Grammar) -> str:
    """ "Hoodies, the" → “hoodies”."""
    words = words.strip(STOPS)
    last_word = words.rpartition(" ")[2]
    return words.removesuffix(last_word).strip(STOPS) if last_word in grammar.articles else words
