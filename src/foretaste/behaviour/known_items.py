"""In: events of a file under way into the store. Out: whether the items they name are known, and
which events have an id that was used for something else.

Items that events alone name are created where that is allowed: with what the events say of them,
such as a title or a brand in lines of orders, else with nothing but an id.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from foretaste.behaviour.catalogue_source import are_items_of_events, note_items_of_events
from foretaste.behaviour.event_ids import EventConflicts, find_conflicts
from foretaste.behaviour.parse import unknown_item_reject
from foretaste.behaviour.reading.cleaning import clean_line
from foretaste.behaviour.reading.texts import parse_clean_text
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import CellError, is_missing
from foretaste.behaviour.variant_ids import VariantIds, VariantTable
from foretaste.behaviour.written_ids import WrittenIds
from foretaste.domain.data import Event, Item, RejectedRow
from foretaste.domain.order_charges import charge_mark, charge_warnings, is_article
from foretaste.domain.store import Store


class ItemDescriber(Protocol):
    """Makes items of what their events say of them."""

    @property
    def columns(self) -> Sequence[str]:
        """Of the events, beside the title."""

    def make_item(self, item_id: str, cells: Mapping[str, Any]) -> Item | None:
        """cells: by column, with the title's. None where it cannot be one."""

    def put_items(self, items: Sequence[Item]) -> int:
        """Store them. → how many are new."""


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
    describer: ItemDescriber | None = None
    """Of events with more columns that describe their item."""
    charges: Collection[str] | None = None
    """See `BehaviourSettings.charges`."""
    are_titled_created: bool = True
    """Whether an item with a title is created also where others would be refused."""
    notes_source: bool = False
    """Whether items are created only as long as nobody gave a catalogue."""
    created_count: int = 0
    _named_charge_count: int = field(default=0, repr=False)
    """Of charges that are known by their id alone."""
    titled_count: int = 0
    described_count: int = 0
    charge_titles: dict[str, str] = field(default_factory=dict)
    """Id → title of those that are no articles."""
    conflicts: EventConflicts = field(default_factory=EventConflicts)
    written_ids: WrittenIds = field(default_factory=WrittenIds)
    _titles: dict[str, Counter[str]] = field(default_factory=dict)
    """New id → the titles that its events carry."""
    _cells: dict[str, dict[str, Counter[Any]]] = field(default_factory=dict)
    """New id → column → what its events say there."""

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
            if self.notes_source and self.creates_items and (self._titles or self._cells):
                note_items_of_events(self.store)
            put_items = self.store.put_items if self.describer is None else self.describer.put_items
            self.created_count += put_items([self._new_item(name) for name in new_ids])
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
        if not self.creates_items:
            catalogue_id = self.written_ids.catalogue_id(event.item, self.known_ids)
            if catalogue_id is not None:
                of_catalogue = replace(event, item=catalogue_id)
                return (
                    self.variants.of_item(of_catalogue, self.known_ids)
                    if self.variants
                    else of_catalogue
                )
        if self.creates_items or self.are_titled_created:
            title = None if self.title_column is None else item_title(row.get(self.title_column))
            if not title and charge_mark(event.item, event.item, self.charges):
                title = event.item  # shipping, as a line without another name
            if title:
                self._titles.setdefault(event.item, Counter())[title] += 1
            if self.creates_items or event.item in self._titles:
                if self.describer is not None:
                    self._note_cells(event.item, row, self.describer.columns)
                return event
        reject = unknown_item_reject(event, self.known_ids, file=file, line=line)
        return replace(reject, row=row) if reject else event

    def _note_cells(self, item_id: str, row: Row, columns: Sequence[str]) -> None:
        """Keep what an event says of its item. Lists are not hashed and count as their text."""
        for column in columns:
            if is_missing(cell := row.get(column)):
                continue
            key = cell if isinstance(cell, str | int | float) else str(cell)
            self._cells.setdefault(item_id, {}).setdefault(column, Counter())[key] += 1

    def _new_item(self, item_id: str) -> Item:
        """With what most of its events say of it."""
        titles = self._titles.pop(item_id, None)
        title = "" if titles is None else titles.most_common(1)[0][0]
        counts = self._cells.pop(item_id, None)
        item = Item(item_id, title, attributes=charge_mark(item_id, title, self.charges))
        if counts is not None and self.describer is not None and is_article(item):
            cells = {column: values.most_common(1)[0][0] for column, values in counts.items()}
            if title and self.title_column is not None:
                cells[self.title_column] = title
            described = self.describer.make_item(item_id, cells)
            if described is not None:
                item = described
                self.described_count += 1
        self.titled_count += bool(title) and self.title_column is not None
        if not is_article(item):
            self.charge_titles[item_id] = title
            self._named_charge_count += self.title_column is None
        return item

    def warnings(self) -> list[str]:
        """What was created, and which ids mean two things."""
        message = self.conflicts.message()
        warnings = [] if message is None else [message]
        warnings += self.written_ids.warnings()
        told_count = max(self.titled_count, self.described_count)
        if told_count:
            columns = [] if self.describer is None else list(self.describer.columns)
            if self.titled_count:
                columns.insert(0, f"titles from '{self.title_column}'")
            last = columns.pop()
            description = f"{', '.join(columns)} and {last}" if columns else last
            warnings.append(
                f"{_were_created(told_count)}, with their {description}; import them with --items "
                "for what else there is of them"
            )
        bare_count = self.created_count - told_count - self._named_charge_count
        if bare_count > 0:
            warnings.append(
                f"{_were_created(bare_count)}, with an id and nothing to read; import them with "
                "--items for their titles"
            )
        return warnings + charge_warnings(self.charge_titles)


def _were_created(count: int) -> str:
    subject, verb = ("1 item", "was") if count == 1 else (f"{count:,} items", "were")
    return f"{subject} {verb} not in the catalogue and {verb} created from the events"


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
        and (are_items_of_events(store) or all(item == Item(item.id) for _, item in store.items()))
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
        notes_source=settings.unknown_items == "auto",
    )


def item_title(cell: Any) -> str | None:
    """The title in a cell of an event, if it is one."""
    try:
        return parse_clean_text(cell, "title", clean_line)
    except CellError:
        return None
