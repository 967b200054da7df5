"""Comparatives in what is said in, conditions out: "cheaper", "newer than the second".

What they compare with is the item that is named, else the seed, else the middle of the list in
hand, else the middle of the catalogue.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from foretaste.understand.grammar import BOUNDARY, COMPARATIVES, Grammar
from foretaste.understand.meaning import Scene
from foretaste.understand.number_columns import NO_COLUMN, NumberColumn
from foretaste.understand.numbers import Bound
from foretaste.understand.references import ItemReader

Conditions = tuple[Mapping[str, Any], ...]


def extract_comparatives(
    text: str, scene: Scene, grammar: Grammar, items: tuple[str, ...] = ()
) -> tuple[str, Conditions, tuple[str, ...]]:
    """(the text without them, what they ask for, what cannot be compared)"""
    conditions: list[Mapping[str, Any]] = []
    problems: list[str] = []
    for name, (dimension, side) in COMPARATIVES.items():
        hit = grammar.patterns[f"comparative.{name}"].search(text)
        if hit is None:
            continue
        before, behind = text[: hit.start()], text[hit.end() :]
        compared_items, behind = _named(behind, scene, grammar)
        text = f"{before}{BOUNDARY}{behind}"
        numbers = scene.vocabulary.numbers
        column = numbers.of_dimension(dimension)
        if column is None:
            problems.append(NO_COLUMN[dimension])
            continue
        number = _reference(column, scene, compared_items or items)
        low, high = (number, None) if side == "low" else (None, number)
        bound = Bound(dimension, low, high, is_exclusive=True)
        test = _exact_test(column, bound)
        conditions.append({column.name: test})
    return text, tuple(conditions), tuple(problems)


def _named(text: str, scene: Scene, grammar: Grammar) -> tuple[tuple[str, ...], str]:
    """(the items behind "than", the rest)"""
    text = text.lstrip()
    hit = grammar.patterns["than"].match(text)
    if hit is None:
        return (), text
    items, behind = ItemReader(scene, grammar).leading(text[hit.end() :])
    return items, (behind if items else text[hit.end() :])


def _reference(column: NumberColumn, scene: Scene, items: tuple[str, ...]) -> float:
    """The number that is compared with."""
    numbers = scene.vocabulary.numbers
    for group in (items, scene.seeds, tuple(scene.shown)):
        values = numbers.values_of(column, group)
        if values:
            return float(np.median(values))
    return numbers.median(column)


def _exact_test(column: NumberColumn, bound: Bound) -> Mapping[str, Any]:
    """To the day where it is a date."""
    return bound.as_test() if column.is_date else column.test_of(bound)
