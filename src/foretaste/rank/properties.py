"""Properties: which columns of an item are wanted back in, those columns out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.domain.data import Item
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.index import Index

FIELDS = ("title", "image", "audio", "available_from", "available_until")
"""What an item has besides texts and attributes."""


@dataclass(frozen=True)
class Wanted:
    """Which columns of the items are wanted back."""

    names: frozenset[str] | None

    @classmethod
    def of(cls, asked: Sequence[str] | None, index: Index, items: Mapping[str, Item]) -> "Wanted":
        """Checked: a name that no item has is a mistake."""
        if asked is None:
            return cls(None)
        known = {*FIELDS, *(feature.column for feature in index.catalogue.features)}
        if not known.issuperset(asked):
            known |= {column for item in items.values() for column in item.texts}
        for place, name in enumerate(asked):
            if name not in known:
                hint = did_you_mean(name, sorted(known))
                raise InputError(f"properties.{place}: no item has '{name}'; {hint}")
        return cls(frozenset(asked))

    def of_each(
        self, items: Iterable[Item]
    ) -> list[tuple[Mapping[str, tuple[str, ...]], dict[str, Any]]]:
        """(attributes, others) of each item."""
        return [(self.attributes(item), self.others(item)) for item in items]

    def attributes(self, item: Item) -> Mapping[str, tuple[str, ...]]:
        """Of the attributes those that are wanted."""
        if self.names is None:
            return item.attributes
        return {name: value for name, value in item.attributes.items() if name in self.names}

    def others(self, item: Item) -> dict[str, Any]:
        """Texts, image and the like, where they are asked for by name."""
        if self.names is None:
            return {}
        found = {name: getattr(item, name) for name in FIELDS if name in self.names}
        found |= {name: text for name, text in item.texts.items() if name in self.names}
        return {name: value for name, value in found.items() if value is not None}
