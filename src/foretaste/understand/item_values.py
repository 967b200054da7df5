"""What is said of a value of an item in, the condition out.

“The same colour as the first”, “in that price range”, “I don't like the colour of the last one”.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.meaning import Scene
from foretaste.understand.ordering import dimension_called
from foretaste.understand.references import ItemReader

SHARE_AROUND = 0.2
"""How far a price or a length may be from that of the item that it is compared with."""


def extract_same_values(
    text: str, scene: Scene, grammar: Grammar, items: Sequence[str] = ()
) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """(the text without them, what they ask for): “same brand”, “a similar price to the second”."""
    conditions: list[Mapping[str, Any]] = []

    def take_out(hit: "re.Match[str]") -> str:
        named_items, remaining_words = ItemReader(scene, grammar).leading(hit["item"] or "")
        compared_items = named_items or items or scene.subject or scene.seeds or tuple(scene.shown)
        is_this = hit["this"] is not None
        condition = value_condition(compared_items, hit["noun"], scene, grammar, is_this=is_this)
        if condition is None:
            return hit[0]
        conditions.append(condition)
        return BOUNDARY + (remaining_words if named_items else hit["item"] or "")

    return grammar.patterns["same_value"].sub(take_out, text), tuple(conditions)


def value_of_item(words: str, scene: Scene, grammar: Grammar) -> Mapping[str, Any] | None:
    """ "The colour of the last one": the condition of the value that the item has."""
    hit = grammar.patterns["value_of_item"].fullmatch(words)
    items = ItemReader(scene, grammar).leading(hit["item"])[0] if hit is not None else ()
    if hit is None or not items:
        return None
    return value_condition(items[:1], hit["noun"], scene, grammar)


def value_condition(
    items: Sequence[str], noun: str, scene: Scene, grammar: Grammar, *, is_this: bool = False
) -> Mapping[str, Any] | None:
    """What has the value that the items have of an attribute by its name; None where they have
    none. is_this: it was said as “this”, which of a year is that of today.
    """
    numbers, catalogue = scene.vocabulary.numbers, scene.vocabulary.catalogue
    dimension = dimension_called(noun, grammar)
    column = None if dimension is None else numbers.of_dimension(dimension)
    if column is not None:
        values = numbers.values_of(column, items)
        if not values or (is_this and column.dimension == "year"):
            return None
        if column.dimension == "year":
            return {column.name: {"gte": min(values), "lte": max(values)}}
        low, high = min(values), max(values)
        if low == high:
            low, high = low * (1 - SHARE_AROUND), high * (1 + SHARE_AROUND)
        return {column.name: {"gte": round(low, 2), "lte": round(high, 2)}}
    name = scene.vocabulary.column_called(noun, grammar)
    feature = next((f for f in catalogue.features if f.column == name), None)
    rows = [catalogue.index[item] for item in items if item in catalogue.index]
    if feature is None or not rows:
        return None
    counts = Counter(feature.values[code] for row in rows for code in feature.item_codes(row))
    shared = [value for value, count in counts.items() if count == len(rows)]
    shared = shared or [feature.values[code] for code in feature.item_codes(rows[0])]
    return {feature.column: shared[0] if len(shared) == 1 else shared} if shared else None
