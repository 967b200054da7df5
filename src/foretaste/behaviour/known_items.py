"""In: events of a file under way into the store. Out: whether the items they name are known, and
which events have an id that was used for something else.

Items that events alone name are created where that is allowed, with nothing but an id.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from foretaste.behaviour.event_ids import EventConflicts, find_conflicts
from foretaste.behaviour.parse import unknown_item_reject
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.variant_ids import VariantIds, VariantTable
from foretaste.domain.data import Event, Item, RejectedRow
from foretaste.domain.store import Store


@dataclass
class KnownItems:
    """The items that events may name; creates them where that is allowed."""

    store: Store
    known_ids: set[str]
    creates_items: bool
    variants: VariantTable = field(default_factory=VariantTable)
    """An event of a variant is the item's."""
    created_count: int = 0
    conflicts: EventConflicts = field(default_factory=EventConflicts)

    def put(self, batch: Sequence[Event], given_fields: Collection[str] = ()) -> int:
        """Store events, and the items that only they name. → how many events are new.

        given_fields: those that the file has a column for. Without one of ids nothing can conflict:
        an id is a hash of all the others then.
        """
        if self.creates_items:
            item_ids = dict.fromkeys(event.item for event in batch)
            new = [item for item in item_ids if item is not None and item not in self.known_ids]
            self.created_count += self.store.put_items([Item(item) for item in new])
            self.known_ids.update(new)
        new_count = self.store.add_events(batch)
        if new_count < len(batch) and "event_id" in given_fields:
            for conflict in find_conflicts(self.store, batch, lambda _: given_fields):
                self.conflicts.add(conflict)
        return new_count

    def check(self, event: Event, file: str, line: int, row: Row) -> Event | RejectedRow:
        """The event itself, or its reject if its item is not known and may not be created."""
        if self.variants:
            event = self.variants.of_item(event, self.known_ids)
        if self.creates_items or event.item is None or event.item in self.known_ids:
            return event
        reject = unknown_item_reject(event, self.known_ids, file=file, line=line)
        return replace(reject, row=row) if reject else event

    def warnings(self) -> list[str]:
        """What was created, and which ids mean two things."""
        message = self.conflicts.message()
        warnings = [] if message is None else [message]
        if not self.created_count:
            return warnings
        return [
            *warnings,
            f"{self.created_count:,} items were not in the catalogue and were created from the "
            "events, with an id and nothing to read; import them with --items for their titles",
        ]


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
    return KnownItems(store, known_ids, creates_items, variants)
