"""In: events of a file under way into the store. Out: whether the items they name are known, and
which events have an id that was used for something else.

Items that events alone name are created where that is allowed: with their title, where the events
carry it as lines of orders do, else with nothing but an id.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from foretaste.behaviour.event_ids import EventConflicts, find_conflicts
from foretaste.behaviour.parse import unknown_item_reject
from foretaste.behaviour.reading.cleaning import clean_line
from foretaste.behaviour.reading.texts import parse_clean_text
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import CellError
from foretaste.behaviour.variant_ids import VariantIds, VariantTable
from foretaste.domain.data import Event, Item, RejectedRow
from foretaste.domain.order_charges import charge_mark, charge_warnings, is_article
from foretaste.domain.store import Store


@dataclass
class KnownItems:
    """The items that events may name; creates them where that is allowed."""

    store: Store
    known_ids: set[str]
    creates_items: bool
    variants: VariantTable = field(default_factory=VariantTable)
    """An event of a variant is the item's."""
    title_column: str | None = None
    """Of events, where it has the title of the item. Such an item is no mistyped id."""
    charges: Collection[str] | None = None
    """See `BehaviourSettings.charges`."""
    are_titled_created: bool = True
    """Whether an item with a title is created also where others would be refused."""
    created_count: int = 0
    titled_count: int = 0
    charge_titles: dict[str, str] = field(default_factory=dict)
    """Id → title of those that are no articles."""
    conflicts: EventConflicts = field(default_factory=EventConflicts)
    _titles: dict[str, Counter[str]] = field(default_factory=dict)
    """New id → the titles that its events carry."""

    def put(self, batch: Sequence[Event], given_fields: Collection[str] = ()) -> int:
        """Store events, and the items that only they name. → how many events are new.

        given_fields: those that the file has a column for. Without one of ids nothing can conflict:
        an id is a hash of all the others then.
        """
        item_ids = dict.fromkeys(event.item for event in batch)
        new_ids = [
            item
            for item in item_ids
            if item is not None
            and item not in self.known_ids
            and (self.creates_items or item in self._titles)
        ]
        if new_ids:
            self.created_count += self.store.put_items([self._new_item(name) for name in new_ids])
            self.known_ids.update(new_ids)
        new_count = self.store.add_events(batch)
        if new_count < len(batch) and "event_id" in given_fields:
            for conflict in find_conflicts(self.store, batch, lambda _: given_fields):
                self.conflicts.add(conflict)
        return new_count

    def check(self, event: Event, file: str, line: int, row: Row) -> Event | RejectedRow:
        """The event itself, or its reject if its item is not known and may not be created."""
        if self.variants:
            event = self.variants.of_item(event, self.known_ids)
        if event.item is None or event.item in self.known_ids:
            return event
        title = None if self.title_column is None else item_title(row.get(self.title_column))
        if title:
            self._titles.setdefault(event.item, Counter())[title] += 1
        if self.creates_items or (event.item in self._titles and self.are_titled_created):
            return event
        reject = unknown_item_reject(event, self.known_ids, file=file, line=line)
        return replace(reject, row=row) if reject else event

    def _new_item(self, item_id: str) -> Item:
        """With the title that most of its events carry."""
        titles = self._titles.pop(item_id, None)
        if titles is None:
            return Item(item_id)
        title = titles.most_common(1)[0][0]
        item = Item(item_id, title, attributes=charge_mark(item_id, title, self.charges))
        self.titled_count += 1
        if not is_article(item):
            self.charge_titles[item_id] = title
        return item

    def warnings(self) -> list[str]:
        """What was created, and which ids mean two things."""
        message = self.conflicts.message()
        warnings = [] if message is None else [message]
        if self.titled_count:
            warnings.append(
                f"{self.titled_count:,} items were not in the catalogue and were created from the "
                f"events, with their titles from '{self.title_column}'; import them with --items "
                "for what else there is of them"
            )
        bare_count = self.created_count - self.titled_count
        if bare_count > 0:
            warnings.append(
                f"{bare_count:,} items were not in the catalogue and were created from the "
                "events, with an id and nothing to read; import them with --items for their titles"
            )
        return warnings + charge_warnings(self.charge_titles)


def load_known_items(
    store: Store,
    settings: BehaviourSettings,
    new_ids: Collection[str] = (),
    *,
    are_described: bool = False,
    new_variants: VariantTable | None = None,
) -> KnownItems:
    """new_ids: of items that come with the events and are not stored yet; are_described: whether
    one of them has more than an id; new_variants: theirs.
    """
    # "auto" asks for the content and not for an empty catalogue: an import that was interrupted
    # has created items already, and must go on in the same way when it is run again
    creates_items = settings.unknown_items == "create" or (
        settings.unknown_items == "auto"
        and not are_described
        and all(item == Item(item.id) for _, item in store.items())
    )
    known_ids = set(store.item_ids()).union(new_ids)
    deleted_ids = {item for _, item in store.deleted_items(by_people=True)}
    known_ids |= deleted_ids  # these are not made again
    variants = VariantIds(store).table() | (new_variants or VariantTable())
    return KnownItems(
        store,
        known_ids,
        creates_items,
        variants,
        charges=settings.charges,
        are_titled_created=settings.unknown_items != "reject",
    )


def item_title(cell: Any) -> str | None:
    """The title in a cell of an event, if it is one."""
    try:
        return parse_clean_text(cell, "title", clean_line)
    except CellError:
        return None
