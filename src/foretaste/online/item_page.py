"""In: an item. Out: what its page shows: the item as people read it, and the lists beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.domain.data import Item
from foretaste.domain.feature_types import FeatureType
from foretaste.domain.part_titles import title_of
from foretaste.domain.shelf import Page
from foretaste.domain.words import BAND_SUFFIX, CURRENCY_SUFFIX, GROUP_COLUMNS
from foretaste.generate.item_display import ItemDisplay, readable_title
from foretaste.generate.safe import clean_text

_DESCRIPTION_NAMES = "description plot overview summary synopsis abstract body text"
DESCRIPTION_COLUMNS = tuple(_DESCRIPTION_NAMES.split())
"""Texts that tell what an item is, the most telling first."""
SHELVES: tuple[Mapping[str, str], ...] = (
    {"id": "similar", "kind": "similar"},
    {"id": "bought-together", "kind": "bought_together"},
)
FILTERABLE_TYPES: frozenset[FeatureType] = frozenset(("list", "category", "flag"))


@dataclass(frozen=True, slots=True)
class ItemFact:
    """One column of an item, as people read it."""

    column: str
    label: str
    type: FeatureType
    text: str
    values: tuple[tuple[str, str], ...]
    """(value, its text) of each."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """What the page of an item shows."""

    item: Item
    title: str
    description: str
    is_available: bool
    facts: tuple[ItemFact, ...]
    lists: Page


def item_facts(item: Item, display: ItemDisplay) -> tuple[ItemFact, ...]:
    """What is said of it, the most telling first, in the language of the display."""
    attributes = {
        column: values for column, values in item.attributes.items() if not _is_companion(column)
    }
    companions = {
        column: values for column, values in item.attributes.items() if column not in attributes
    }
    return tuple(
        ItemFact(
            description.column,
            display.column_label(description),
            description.type,
            text,
            tuple(values),
        )
        for description, text, values in display.column_facts({**attributes, **companions})
        if description.column in attributes
    )


def _is_companion(column: str) -> bool:
    return column.endswith((CURRENCY_SUFFIX, BAND_SUFFIX)) or column in GROUP_COLUMNS


def item_title(item: Item) -> str:
    """As people read it."""
    return readable_title(title_of(item), item.id)


def item_description(item: Item) -> str:
    """The text that tells what it is; "" where it has none."""
    texts = {name.lower(): text for name, text in item.texts.items() if text.strip()}
    named = [texts[name] for name in DESCRIPTION_COLUMNS if name in texts]
    text = next(iter(named), max(texts.values(), key=len, default=""))
    return "\n".join(filter(None, (clean_text(line) for line in text.splitlines())))


def page_shelves(item: str, n: int | None, placement: str | None) -> Sequence[dict[str, Any]]:
    """The lists beside an item."""
    own = {"item": item, "n": n, "placement": placement}
    return [{**shelf, **own} for shelf in SHELVES]
