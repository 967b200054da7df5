"""Comparatives and superlatives in what is said in, conditions out: "cheaper", "the newest".

What they compare with is the item that is named, else the seed, else the middle of the list in
hand, else the middle of the catalogue.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Floats
from foretaste.rank.index import Mask
from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.grammar_patterns import COMPARATIVES
from foretaste.understand.meaning import Scene
from foretaste.understand.number_columns import NO_COLUMN, NumberColumn
from foretaste.understand.numbers import Bound, negation_before
from foretaste.understand.references import ItemReader

Conditions = tuple[Mapping[str, Any], ...]
SUPERLATIVE_FORM = re.compile(
    r"est$|ste[nrs]?$|^(?:most|least|highest|lowest|am) "
    r"|^(?:l[ea]s? )?plus |^(?:(?:el|la|los|las|lo) )?m[aá]s "
)
"""“Shortest”, and not “short”, which may be a word of what is looked for."""
SUPERLATIVE_SHARE, MIN_SUPERLATIVE_ITEMS = 0.25, 3
"""How many of the items that meet what else is asked for are “the cheapest”."""


def extract_comparatives(
    text: str,
    scene: Scene,
    grammar: Grammar,
    items: tuple[str, ...] = (),
    among: Mask | None = None,
) -> tuple[str, Conditions, tuple[str, ...]]:
    """(the text without them, what they ask for, what cannot be compared)

    items: what is compared with where the text names nothing; else the middle of a mask `among`.
    """
    conditions: list[Mapping[str, Any]] = []
    problems: list[str] = []
    for name, (dimension, side) in COMPARATIVES.items():
        hit = grammar.patterns[f"comparative.{name}"].search(text)
        if hit is None:
            continue
        before, behind = text[: hit.start()], text[hit.end() :]
        compared_items, behind, is_known = _named(behind, scene, grammar)
        if not is_known:
            problems.append(NOT_COMPARABLE)
            text = f"{before}{BOUNDARY}{behind}"
            continue
        remaining_text = grammar.patterns[f"comparative.{name}"].sub(BOUNDARY, behind)
        text = f"{before}{BOUNDARY}{remaining_text}"  # “too pricey, what's cheaper?”
        numbers = scene.vocabulary.numbers
        column = numbers.of_dimension(dimension)
        if column is None:
            problems.append(NO_COLUMN[dimension])
            continue
        number = _reference(column, scene, compared_items or items, among)
        low, high = (number, None) if side == "low" else (None, number)
        bound = Bound(dimension, low, high, is_exclusive=True)
        test = _exact_test(column, bound)
        conditions.append({column.name: test})
    return text, tuple(conditions), tuple(problems)


def extract_superlatives(
    text: str, scene: Scene, grammar: Grammar
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """(the text without them, the comparatives that they are the most of, what nothing here can be
    compared by: “the shortest” where no item says how long it is)
    """
    names, problems = list[str](), list[str]()
    for name, (dimension, _) in COMPARATIVES.items():
        hit = grammar.patterns[f"superlative.{name}"].search(text)
        if hit is None:
            continue
        if scene.vocabulary.numbers.of_dimension(dimension) is None:
            if dimension == "rating" or SUPERLATIVE_FORM.search(hit[0]):
                text = f"{text[: hit.start()]} {text[hit.end() :]}".strip()
                problems += [] if dimension == "rating" else [NO_COLUMN[dimension]]
            continue  # the best rated are what people like, as any list is
        if negation_before(text[: hit.start()], grammar) is None:  # “nothing cheap” refuses it
            tail = grammar.patterns["sorted_first"].sub("", text[hit.end() :])
            text = f"{text[: hit.start()]} {tail}".strip()
            names.append(name)
    return text, tuple(names), tuple(problems)


def superlative_conditions(
    names: Sequence[str], conditions: Sequence[Mapping[str, Any]], scene: Scene
) -> Conditions:
    """The bounds of the cheapest, the newest, … among the items that meet the conditions."""
    if not names:
        return ()
    numbers = scene.vocabulary.numbers
    mask = scene.vocabulary.mask(*conditions)
    bounds = []
    for name in names:
        dimension, side = COMPARATIVES[name]
        column = numbers.of_dimension(dimension)
        if column is None or not len(values := numbers.values_where(column, mask)):
            continue
        count = max(round(SUPERLATIVE_SHARE * len(values)), MIN_SUPERLATIVE_ITEMS)
        limits = values if side == "high" else values[::-1]
        limit = float(limits[min(count, len(limits)) - 1])
        low, high = (limit, None) if side == "low" else (None, limit)
        bounds.append({column.name: _exact_test(column, Bound(dimension, low, high))})
    return tuple(bounds)


def _named(text: str, scene: Scene, grammar: Grammar) -> tuple[tuple[str, ...], str, bool]:
    """(the items behind "than", the rest, whether what is behind it can be compared with)"""
    text = text.lstrip()
    hit = grammar.patterns["than"].match(text)
    if hit is None:
        return (), text, True
    rest = text[hit.end() :]
    items, behind = ItemReader(scene, grammar).leading(rest)
    if items:
        return items, behind, True
    stop = STOP.search(rest)
    phrase = rest if stop is None else rest[: stop.start()]
    words = [word for word in grammar.tokens(phrase) if word[0].isalnum()]
    if all(word in grammar.clauses["plain"] or word in USUAL_WORDS for word in words):
        return (), rest, True
    return (), rest[len(phrase) :], False


STOP = re.compile(r"[,;.!?¦]| (?:and|but|und|aber|et|mais|y|pero) ")
NOT_COMPARABLE = "what it is compared with is not known"
USUAL_WORDS = frozenset(
    (
        *("usual", "average", "normal", "most", "before", "last", "üblich", "ublich", "sonst"),
        *("bisher", "normal", "d'habitude", "habitude", "moyenne", "siempre", "normalmente"),
        *("lo", "habitual", "now", "jetzt", "ahora", "maintenant", "i", "thought"),
    )
)
"""What is compared with where the list itself is meant: “cheaper than usual”."""


def without_compared_item(text: str, scene: Scene, grammar: Grammar) -> str:
    """The text without an item behind "than": “less scary than the first one”."""
    for hit in grammar.patterns["than_within"].finditer(text):
        items, behind = ItemReader(scene, grammar).leading(text[hit.end() :])
        if items:
            return f"{text[: hit.start()]}{BOUNDARY}{behind}"
    return text


def _reference(
    column: NumberColumn, scene: Scene, items: tuple[str, ...], among: Mask | None
) -> float:
    """The number that is compared with."""
    numbers = scene.vocabulary.numbers
    groups: list[Sequence[float] | Floats] = [
        numbers.values_of(column, items),
        () if among is None else numbers.values_where(column, among),
        numbers.values_of(column, scene.seeds),
        numbers.values_of(column, tuple(scene.shown)),
    ]
    values = next((group for group in groups if len(group)), numbers.values_where(column))
    return float(np.median(values))


def _exact_test(column: NumberColumn, bound: Bound) -> Mapping[str, Any]:
    """To the day where it is a date."""
    return bound.as_test() if column.is_date else column.test_of(bound)
