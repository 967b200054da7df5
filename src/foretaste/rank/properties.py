"""Properties: which columns of an item are wanted back in, those columns out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.domain.data import Item
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.index import FilterIndex

ITEM_FIELDS = ("title", "image", "audio", "available_from", "available_until")
"""What an item has besides texts and attributes."""


@dataclass(frozen=True)
class RequestedProperties:
    """Which columns of the items are wanted back."""

    names: frozenset[str] | None

    @classmethod
    def of(
        cls, property_names: Sequence[str] | None, index: FilterIndex, items: Mapping[str, Item]
    ) -> "RequestedProperties":
        """Checked: a name that no item has or ever had is a mistake."""
        if property_names is None:
            return cls(None)
        known_names = {*ITEM_FIELDS, *(feature.column for feature in index.catalogue.features)}
        if not known_names.issuperset(property_names):
            columns = index.list_columns()
            known_names |= columns.attributes | columns.texts
            known_names |= {column for item in items.values() for column in item.texts}
        for position, name in enumerate(property_names):
            if name not in known_names:
                hint = did_you_mean(name, sorted(known_names))
                raise InputError(f"properties.{position}: no item has '{name}'; {hint}")
        return cls(frozenset(property_names))

    def of_each(
        self, items: Iterable[Item]
    ) -> list[tuple[Mapping[str, tuple[str, ...]], dict[str, Any]]]:
        """(attributes, others) of each item."""
        return [(self.attributes(item), self.other_properties(item)) for item in items]

    def attributes(self, item: Item) -> Mapping[str, tuple[str, ...]]:
        """Of the attributes those that are wanted."""
        if self.names is None:
            return item.attributes
        return {name: value for name, value in item.attributes.items() if name in self.names}

    def other_properties(self, item: Item) -> dict[str, Any]:
        """Texts, image and the like, where they are asked for by name."""
        if self.names is None:
            return {}
        item_properties = {name: getattr(item, name) for name in ITEM_FIELDS if name in self.names}
        item_properties |= {name: text for name, text in item.texts.items() if name in self.names}
        return {name: value for name, value in item_properties.items() if value is not None}
