"""In: the ids of variants (a size, a colour) and the items they are variants of. Out: of an event
that names a variant, the item.

Variants come in two ways. Rows of one product were made one item: a tracker or an order names the
variant, which is no item. Or each variant is an item, and the items of a group stand for one
another: the first of them, or the product itself, represents the group. The history and the counts
have the product or the representative, so that an event of a variant counts for all of them; which
variant it was stays in the context of the event.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Self
from uuid import uuid4

from foretaste.domain.data import Event, Item
from foretaste.domain.store import Store
from foretaste.domain.words import GROUP_COLUMN

VARIANT_IDS = "variant_ids"
REVISION = "variant_ids_revision"
CONTEXT_KEY = "variant"
"""Under which the context of an event has the variant that was named."""


@dataclass(frozen=True)
class VariantTable:
    """What stands for what."""

    items: Mapping[str, str | None] = field(default_factory=dict)
    """Variant that is no item → its item; None of what two items have."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Group → the item that represents it."""
    members: Mapping[str, str] = field(default_factory=dict)
    """Item → its group."""

    def __bool__(self) -> bool:
        return bool(self.items) or bool(self.members)

    def __contains__(self, name: object) -> bool:
        return name in self.items

    def __or__(self, other: "VariantTable") -> "VariantTable":
        return VariantTable(
            {**self.items, **other.items},
            {**self.groups, **other.groups},
            {**self.members, **other.members},
        )

    def with_variants(self, variants: Mapping[str, Iterable[str]]) -> Self:
        """With the ids of the variants of items. What two items have as a variant is neither's."""
        items = dict(self.items)
        for item, names in variants.items():
            for name in names:
                items[name] = item if items.get(name, item) == item else None
        return replace(self, items={name: item for name, item in items.items() if name != item})

    def with_groups(self, items: Sequence[Item]) -> Self:
        """With the groups of these items: the item that is called as its group represents it, else
        the first that came.
        """
        groups, members = dict(self.groups), dict(self.members)
        for item in items:
            values = item.attributes.get(GROUP_COLUMN, ())
            if values:
                members[item.id] = values[0]
                groups.setdefault(values[0], item.id)
            else:
                members.pop(item.id, None)
        for item in items:
            if groups.get(item.id, item.id) != item.id:
                groups[item.id] = item.id
        return replace(self, groups=groups, members=members)

    def representative(self, name: str, known_ids: Collection[str]) -> str:
        """The item that an id stands for; itself where it stands for none."""
        item = name if name in known_ids else self.items.get(name) or name
        group = self.members.get(item)
        return item if group is None else self.groups.get(group, item)

    def of_item(self, event: Event, known_ids: Collection[str]) -> Event:
        """The event as one of the item that its item stands for. known_ids: of items."""
        if event.item is None:
            return event
        item = self.representative(event.item, known_ids)
        if item == event.item:
            return event
        return replace(event, item=item, context={CONTEXT_KEY: event.item, **event.context})


class VariantIds:
    """The table as the store has it; read again when an import has changed it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision: str | None = None
        self._table = VariantTable()
        self._lock = Lock()

    def table(self) -> VariantTable:
        """As it is now."""
        self.refresh()
        return self._table

    def of_item(self, event: Event, known_ids: Collection[str]) -> Event:
        """See `VariantTable.of_item`; by what was last read."""
        return self._table.of_item(event, known_ids) if self._table else event

    def representative(self, name: str) -> str:
        """The item that an id stands for, by what was last read."""
        return self._table.representative(name, self._store.known_item_ids([name]))

    def add(self, variants: Mapping[str, Iterable[str]]) -> None:
        """Have the store remember the variants that are no items. variants: item → their ids."""
        self._read()  # before the lock: while the store is away nobody waits for another's wait
        with self._lock:
            self._read()
            self._save(self._table.with_variants(variants))

    def add_groups(self, items: Sequence[Item]) -> None:
        """Have the store remember the groups of these items."""
        self._read()
        with self._lock:
            self._read()
            if self._table.members or any(GROUP_COLUMN in item.attributes for item in items):
                self._save(self._table.with_groups(items))

    def refresh(self) -> bool:
        """Read what has changed. → whether there are variants. Without the lock: where the store
        does not answer, each waits for itself and not for those before it too.
        """
        self._read()
        return bool(self._table)

    def _read(self) -> None:
        revision = self._store.meta_text(REVISION)
        if revision != self._revision:
            parts = json.loads(self._store.meta_text(VARIANT_IDS) or "{}")
            self._table, self._revision = VariantTable(**parts), revision

    def _save(self, table: VariantTable) -> None:
        if table == self._table:
            return
        parts = {"items": table.items, "groups": table.groups, "members": table.members}
        self._store.put_meta_text(VARIANT_IDS, json.dumps(parts, ensure_ascii=False))
        revision = json.dumps(uuid4().hex)  # never one that was there, also after an undone import
        self._store.put_meta_text(REVISION, revision)
        self._table, self._revision = table, revision


def first_of_groups(items: Iterable[Item]) -> list[Item]:
    """The items without those of whose group one was there before."""
    groups: set[str] = set()
    firsts = []
    for item in items:
        group = next(iter(item.attributes.get(GROUP_COLUMN, ())), item.id)
        if group not in groups:
            firsts.append(item)
            groups.add(group)
    return firsts
