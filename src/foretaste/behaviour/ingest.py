"""In: the rows of a JSON body. Out: events, items and users in the store; what was not, and why.

A row is read by the same code as a row of a file. What differs is what a service needs: a batch
that is partly wrong takes the good rows, and every event has an id, so that a retry is safe.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from foretaste.behaviour import patch as patching
from foretaste.behaviour.attributes import load_column_decisions, load_number_marks
from foretaste.behaviour.batch import (
    BatchRejection,
    EventConflict,
    IngestSummary,
    UnrecordedEvent,
)
from foretaste.behaviour.catalogue_source import are_items_of_events, note_catalogue
from foretaste.behaviour.event_ids import CONFLICT_REMEDY, find_conflicts, stored_events
from foretaste.behaviour.forms import ItemForm, service_event_form, service_item_form
from foretaste.behaviour.parse import parse_event, parse_item, parse_user, unknown_item_reject
from foretaste.behaviour.reading.ids import IdForms
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import (
    CellError,
    check_storable,
    display_text,
    is_missing,
    nested_strings,
)
from foretaste.behaviour.variant_ids import VariantIds
from foretaste.behaviour.view_words import note_view_words
from foretaste.behaviour.written_ids import forms_of_id
from foretaste.domain.data import RETURN_EVENT, Event, Item, RejectedRow, User
from foretaste.domain.request import Unattributed
from foretaste.domain.store import Store

T = TypeVar("T", Item, User)
Attribute = Callable[[Sequence[Event]], tuple[list[Event], dict[str, Unattributed]]]
"""Events → the same with their places in the lists they came from, and what does not fit its list,
by event id."""

RefuseUser = Callable[[str], tuple[str, str] | None]
"""A user → why they may not be named, and what to do; None where they may."""


def any_user(_: str) -> None:
    """Every user may be named."""


class Ingestor:
    """The way into one store, shared by all requests."""

    def __init__(self, store: Store, settings: BehaviourSettings, attribute: Attribute) -> None:
        self._store, self._settings, self._attribute = store, settings, attribute
        self._id_forms = IdForms(store)
        self._event_form = service_event_form(settings, self._id_forms)
        self._noted_spellings = 0
        self._variant_ids = VariantIds(store)
        self._item_register = _ItemRegister(store, settings, self._variant_ids)

    def events(
        self,
        rows: Sequence[Any],
        now: float,
        *,
        refuse_user: RefuseUser = any_user,
        id_owner: str | None = None,
    ) -> IngestSummary:
        """Events, durable when this returns. `now` is the time of those that name none.

        refuse_user: why whoever sends them may not name a user. id_owner: see `event_ids`.
        """
        summary, valid_events = IngestSummary(), list[Event]()
        parsed_rows = [
            _refuse_unproven(self._parse_event_row(row, row_index, now), row_index, refuse_user)
            for row_index, row in enumerate(rows)
        ]
        self._item_register.look_up(
            parsed_row.item
            for parsed_row in parsed_rows
            if isinstance(parsed_row, Event) and parsed_row.item
        )
        for row_index, parsed_row in enumerate(parsed_rows):
            event = (
                self._item_register.check_item(parsed_row, row_index)
                if isinstance(parsed_row, Event)
                else parsed_row
            )
            if isinstance(event, RejectedRow):
                summary.rejected.append(_batch_rejection(event, row_index))
                summary.ids.append(None)
            else:
                valid_events.append(event)
                summary.ids.append(event.event_id)
        valid_events = self._admitted(valid_events, summary, id_owner)
        valid_events, summary.unattributed = self._attribute(valid_events)
        self._item_register.create_missing(valid_events)
        new_events = stored_events(valid_events, id_owner)
        summary.accepted = self._store.add_events(new_events)
        summary.returns = sum(event.kind == RETURN_EVENT for event in new_events)
        summary.duplicates = len(new_events) - summary.accepted
        spellings = self._event_form.event_type_spellings
        if len(spellings) > self._noted_spellings:
            self._noted_spellings = len(spellings)
            note_view_words(self._store, dict(spellings))
        if summary.duplicates:
            summary.conflicts = self._conflicts(rows, summary.ids, new_events)
        return summary

    def _admitted(
        self, events: Sequence[Event], summary: IngestSummary, id_owner: str | None
    ) -> list[Event]:
        """Without those that may not come in (again), which are rejected, or be recorded."""
        refusals = self._store.event_refusals(stored_events(events, id_owner))
        row_indices = [index for index, name in enumerate(summary.ids) if name is not None]
        for index, refusal in refusals.items():
            if refusal.source is not None:
                summary.unrecorded.append(UnrecordedEvent(row_indices[index], refusal.source))
                summary.ids[row_indices[index]] = None
                continue
            rejected_row = RejectedRow(
                "events", row_indices[index], "event_id", "", refusal.problem, refusal.remedy
            )
            summary.rejected.append(_batch_rejection(rejected_row, row_indices[index]))
            summary.ids[row_indices[index]] = None
        summary.rejected.sort(key=lambda rejection: rejection.index)
        return [event for index, event in enumerate(events) if index not in refusals]

    def _conflicts(
        self, rows: Sequence[Any], ids: Sequence[str | None], new_events: Sequence[Event]
    ) -> list[EventConflict]:
        """What differs from the first use of its id. new_events: those of the rows with an id."""
        row_indices = [index for index, event_id in enumerate(ids) if event_id is not None]

        def sent_fields(index: int) -> list[str]:
            row = rows[row_indices[index]]
            return [name for name, cell in row.items() if not is_missing(cell)]

        return [
            EventConflict(
                index=row_indices[conflict.index],
                event_id=str(ids[row_indices[conflict.index]]),
                fields=conflict.fields,
                problem=conflict.problem,
                remedy=CONFLICT_REMEDY,
            )
            for conflict in find_conflicts(self._store, new_events, sent_fields)
        ]

    def _parse_event_row(self, row: Any, row_index: int, now: float) -> Event | RejectedRow:
        rejected_row = _unreadable_row(row, "event")
        if rejected_row is not None:
            return rejected_row
        if is_missing(row.get("event_id")):
            # Not a hash of the content as in files: two clicks in one second are two clicks.
            row = {**row, "event_id": uuid.uuid4().hex}
        return parse_event(row, self._event_form, file="events", line=row_index, now=now)

    def items(self, rows: Sequence[Any]) -> IngestSummary:
        """Items, created or replaced as a whole."""
        return self._ingest_entities(rows, "items", parse_item, self._put_items)

    def _put_items(self, items: Sequence[Item]) -> int:
        self._variant_ids.add_groups(items)
        note_catalogue(self._store)
        return self._store.put_items(items)

    def users(self, rows: Sequence[Any]) -> IngestSummary:
        """Users, created or replaced as a whole."""
        return self._ingest_entities(rows, "users", parse_user, self._store.put_users)

    def _ingest_entities(
        self,
        rows: Sequence[Any],
        table_name: str,
        parse: Callable[..., T | RejectedRow],
        put: Callable[[Sequence[T]], int],
    ) -> IngestSummary:
        form = self.entity_form(table_name)
        summary, entities = IngestSummary(), dict[str, T]()
        valid_rows = 0
        for row_index, row in enumerate(rows):
            entity = _unreadable_row(row, table_name[:-1]) or parse(
                row, form, file=table_name, line=row_index
            )
            if isinstance(entity, RejectedRow):
                summary.rejected.append(_batch_rejection(entity, row_index))
                summary.ids.append(None)
            else:
                entities[entity.id] = entity  # of two with one id the later holds, as in two calls
                summary.ids.append(entity.id)
                valid_rows += 1
        summary.accepted = put(list(entities.values())) if entities else 0
        summary.duplicates = valid_rows - summary.accepted
        return summary

    def entity_form(self, table_name: str) -> ItemForm:
        """How bodies with items or users are read."""
        entity = table_name.removesuffix("s")
        return service_item_form(
            self._settings,
            load_column_decisions(self._store, table_name),
            partial(self._id_forms.whole_floats, entity),
            load_number_marks(self._store),
        )

    def change_item(self, item_id: str, patch: Mapping[str, Any]) -> Item | None:
        """An item with the named fields changed; see `behaviour.patch`. None if it is not there."""
        change = patching.item_change(item_id, patch, self.entity_form("items"))
        return self._store.change_item(item_id, change)

    def change_values(
        self, item_id: str, column: str, change: Callable[[list[str]], list[str]]
    ) -> Item | None:
        """An item with what `change` makes of the values of a column, in one step: of two changes
        at once neither is lost. None if it is not there.
        """
        form = self.entity_form("items")

        def with_new_values(item: Item) -> Item:
            new_values = change(list(item.attributes.get(column, ())))
            return patching.item_change(item_id, {column: new_values or None}, form)(item)

        return self._store.change_item(item_id, with_new_values)

    def change_user(self, user_id: str, patch: Mapping[str, Any]) -> User | None:
        """A user with the named attributes changed; None if nothing was put of them."""
        change = patching.user_change(user_id, patch, self.entity_form("users"))
        return self._store.change_user(user_id, change)


class _ItemRegister:
    """Which items events may name. Asks the store only for ids it has not met.

    `behaviour.unknown_items` says what to do with others, and means the same as in an import.
    """

    def __init__(self, store: Store, settings: BehaviourSettings, variant_ids: VariantIds) -> None:
        self._store = store
        self._rule: str = settings.unknown_items
        self._known_ids: set[str] = set()
        self._id_by_form: dict[str, str] = {}
        self._variant_ids = variant_ids
        self._revision = 0
        self._lock = Lock()

    def look_up(self, item_ids: Iterable[str]) -> None:
        """Look up, at once, all that a batch names and that was never met."""
        item_ids = set(item_ids)
        self._variant_ids.refresh()
        new_ids = item_ids - self._known_ids
        if not new_ids:
            return
        # What people did with an item counts also when it comes after the item was deleted
        existing_ids = self._store.known_item_ids(new_ids)
        self._known_ids |= existing_ids
        if existing_ids != new_ids:
            self._update_rule()
            self._look_up_written(new_ids - existing_ids)

    def _look_up_written(self, unknown_ids: Iterable[str]) -> None:
        """Find the items whose ids these are in another form, where only one may be meant: a
        spreadsheet has lost zeros in front, or an ISBN has no hyphens.
        """
        candidates = {item_id: forms_of_id(item_id) for item_id in unknown_ids}
        if not any(candidates.values()):
            return
        stored_ids = self._store.known_item_ids({own for ids in candidates.values() for own in ids})
        self._known_ids |= stored_ids
        for item_id, ids in candidates.items():
            present_ids = stored_ids.intersection(ids)
            if len(present_ids) == 1:
                self._id_by_form[item_id] = present_ids.pop()

    def _with_catalogue_id(self, event: Event) -> Event:
        """The event with its item's id as the catalogue has it."""
        if event.item is None or event.item in self._known_ids:
            return event
        catalogue_id = self._id_by_form.get(event.item)
        return event if catalogue_id is None else replace(event, item=catalogue_id)

    def check_item(self, event: Event, row_index: int) -> Event | RejectedRow:
        """The event, of the item whose variant it names; or why its item will not do."""
        event = self._variant_ids.of_item(event, self._known_ids)
        event = self._with_catalogue_id(event)
        if event.item is None or event.item in self._known_ids or self._rule != "reject":
            return event
        rejected_row = unknown_item_reject(event, self, file="events", line=row_index)
        if rejected_row is None:
            return event
        remedy = rejected_row.remedy.replace(
            "import the item first (--items)",
            "import the item first (--items, or POST it to /v1/items)",
        )
        return replace(rejected_row, remedy=remedy)

    def create_missing(self, events: Sequence[Event]) -> None:
        """Make the items that the events name and that are not there."""
        item_ids = dict.fromkeys(event.item for event in events if event.item is not None)
        new_ids = [item for item in item_ids if item not in self._known_ids]
        if new_ids:
            self._store.put_items([Item(item) for item in new_ids])
            self._known_ids.update(new_ids)

    def __contains__(self, item: object) -> bool:
        return item in self._known_ids or (
            isinstance(item, str) and bool(self._store.known_item_ids([item]))
        )

    def _update_rule(self) -> None:
        """Where the rule is "auto": items are made for events until one has more than an id that no
        event told.
        """
        with self._lock:  # only what changed since is looked at again
            if self._rule != "auto" or are_items_of_events(self._store):
                return
            for revision, item in self._store.items(after_revision=self._revision):
                self._revision = revision
                if item != Item(item.id):
                    self._rule = "reject"  # titles do not go away again
                    return


def _unreadable_row(row: Any, noun: str) -> RejectedRow | None:
    """Why a row cannot be read as a row at all."""
    if not isinstance(row, Mapping):
        problem = (
            f"{'an' if noun[0] in 'aeiou' else 'a'} {noun} is an object, this is "
            f"{display_text(row)}"
        )
        return RejectedRow(
            noun, 0, noun, display_text(row), problem, 'write it like {"item": "31", …}'
        )
    try:
        check_storable("".join(nested_strings(row)), noun)
    except CellError as fault:
        return RejectedRow(noun, 0, noun, display_text(fault.value), fault.problem, fault.remedy)
    return None


def _refuse_unproven(
    parsed_row: Event | RejectedRow, row_index: int, refuse_user: RefuseUser
) -> Event | RejectedRow:
    """The event, or why it may not be sent of its user."""
    if isinstance(parsed_row, RejectedRow) or parsed_row.user is None:
        return parsed_row
    refusal = refuse_user(parsed_row.user)
    if refusal is None:
        return parsed_row
    return RejectedRow("events", row_index, "user", parsed_row.user, *refusal)


def _batch_rejection(rejected_row: RejectedRow, row_index: int) -> BatchRejection:
    return BatchRejection(
        index=row_index,
        field=display_text(rejected_row.column),
        problem=_encodable(rejected_row.problem),
        value=display_text(rejected_row.value),
        remedy=_encodable(rejected_row.remedy),
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
