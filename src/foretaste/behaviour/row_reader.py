"""In: an open table of events, items or users. Out: how its rows are parsed and stored.

`importer` runs the same loop over each of the three; what differs between them is here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from foretaste.behaviour import attributes
from foretaste.behaviour.column_decisions import (
    EntityDecisions,
    EventDecisions,
    decide_entities,
    decide_events,
)
from foretaste.behaviour.column_guess import columns_of_table, event_type_of_table
from foretaste.behaviour.columns import missing_column_error, missing_column_warnings
from foretaste.behaviour.forms import EventForm, ItemForm, event_form, extend_event_form
from foretaste.behaviour.nested import NestedReader, nested_rows
from foretaste.behaviour.parse import (
    make_reject,
    parse_event,
    parse_item,
    parse_user,
    unknown_item_reject,
)
from foretaste.behaviour.reading.ids import IdForms
from foretaste.behaviour.reading.texts import no_text_reason
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import (
    ITEM_FIELDS,
    BehaviourSettings,
    normalise_event_type,
)
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import CellError
from foretaste.behaviour.wide import expand_row, is_wide, wide_columns, wide_event_form
from foretaste.domain.data import Event, Item, RejectedRow, User
from foretaste.domain.store import Store

RecordType = Literal["events", "items", "users"]


class RowReader(Protocol):
    """Reads and stores one kind of record."""

    def parse(self, line: int, row: Row) -> Iterable[Any]:
        """What a row holds: records and rejects."""

    def key(self, record: Any) -> str:
        """What two records have in common if they are the same."""

    def put(self, batch: Sequence[Any]) -> int:
        """Store a batch. → how many are new or changed."""

    def warnings(self) -> list[str]:
        """What went in but is worth knowing."""


def make_row_reader(
    table: OpenTable, record_type: RecordType, store: Store, settings: BehaviourSettings, now: float
) -> RowReader:
    """The reader for a table; an `InputError` if it lacks a column."""
    if record_type == "events":
        return _event_reader(table, store, settings, now)
    return _entity_reader(table, record_type, store, settings, now)


@dataclass
class _KnownItems:
    """The items that events may name; creates them where that is allowed."""

    store: Store
    known_ids: set[str]
    creates_items: bool
    created_count: int = 0

    def put(self, batch: Sequence[Event]) -> int:
        if self.creates_items:
            item_ids = dict.fromkeys(event.item for event in batch)
            new = [item for item in item_ids if item is not None and item not in self.known_ids]
            self.created_count += self.store.put_items([Item(item) for item in new])
            self.known_ids.update(new)
        return self.store.add_events(batch)

    def check(self, event: Event, file: str, line: int, row: Row) -> Event | RejectedRow:
        if self.creates_items or event.item is None or event.item in self.known_ids:
            return event
        reject = unknown_item_reject(event, self.known_ids, file=file, line=line)
        return replace(reject, row=row) if reject else event

    def warnings(self) -> list[str]:
        if not self.created_count:
            return []
        return [
            f"{self.created_count:,} items were not in the catalogue and were created from the "
            "events, "
            "with an id and nothing to read; import them with --items for their titles"
        ]


def _load_known_items(store: Store, settings: BehaviourSettings) -> _KnownItems:
    # "auto" asks for the content and not for an empty catalogue: an import that was interrupted
    # has created items already, and must go on in the same way when it is run again
    creates_items = settings.unknown_items == "create" or (
        settings.unknown_items == "auto" and all(item == Item(item.id) for _, item in store.items())
    )
    known_ids = set(store.item_ids()) | {
        item for _, item in store.deleted_items()
    }  # these are not made again
    return _KnownItems(store, known_ids, creates_items)


def _event_reader(
    table: OpenTable, store: Store, settings: BehaviourSettings, now: float
) -> RowReader:
    column_settings = settings.columns.events
    if is_wide(table.columns):
        columns = wide_columns(table.columns, settings)
        if table.head and not {"user", "session"} & columns.keys():
            raise missing_column_error(table.name, "events", "user", table.columns, column_settings)
        return _WideReader(table, columns, settings, _load_known_items(store, settings), now)
    nested = nested_rows(table, settings)
    if nested is not None:
        flat_reader = _flat_event_reader(nested.flat_table(), store, settings, now)
        return NestedReader(nested, flat_reader)
    return _flat_event_reader(table, store, settings, now)


def _flat_event_reader(
    table: OpenTable, store: Store, settings: BehaviourSettings, now: float
) -> "_EventReader":
    column_settings = settings.columns.events
    id_forms = IdForms(store)
    resolved = columns_of_table("events", table.columns, table.head, settings, now)
    form = event_form(table.columns, settings, decided_columns=resolved.by_field)
    if table.columns:
        if not form.columns["user"] and not form.columns["session"]:
            raise missing_column_error(table.name, "events", "user", table.columns, column_settings)
        if not form.columns["item"] and not form.columns["query"]:
            raise missing_column_error(table.name, "events", "item", table.columns, column_settings)
    decisions = decide_events(table, form.columns, settings, id_forms, now)
    decisions.warnings += resolved.notes
    form = event_form(table.columns, settings, decisions.parsers, resolved.by_field)
    event_type = event_type_of_table(table.name, table.columns, resolved.by_field, settings)
    if event_type is not None:
        form = replace(form, default_event_type=event_type)
        decisions.warnings.append(
            f"events that name no type were taken for type {event_type}, by the file's name or its "
            "columns of orders; behaviour.default_event_type says otherwise"
        )
    known_items = _load_known_items(store, settings)
    return _EventReader(table, form, settings, known_items, now, decisions, id_forms)


class _EventReader:
    """A row an event."""

    def __init__(
        self,
        table: OpenTable,
        form: EventForm,
        settings: BehaviourSettings,
        known_items: _KnownItems,
        now: float,
        decisions: EventDecisions,
        id_forms: IdForms,
    ) -> None:
        self._table = table
        self._form = form
        self._settings = settings
        self._known_items = known_items
        self._now = now
        self._decisions, self._id_forms = decisions, id_forms
        self._seen_columns = dict.fromkeys(table.columns)

    def put(self, batch: Sequence[Event]) -> int:
        self._id_forms.save(self._decisions.id_decisions)
        self._decisions.count_users(batch)
        return self._known_items.put(batch)

    def parse(self, line: int, row: Row) -> tuple[Event | RejectedRow]:
        if self._table.open_ended and not row.keys() <= self._seen_columns.keys():
            self._seen_columns |= dict.fromkeys(column for column in row if isinstance(column, str))
            self._form = extend_event_form(self._form, self._seen_columns, self._settings)
        file = self._table.name
        event = parse_event(row, self._form, file=file, line=line, now=self._now)
        if event.__class__ is RejectedRow:
            return (event,)
        return (self._known_items.check(event, file, line, row),)  # type: ignore[arg-type]  # an Event

    def key(self, record: Event) -> str:
        return record.event_id

    def warnings(self) -> list[str]:
        column_settings = self._settings.columns.events
        warnings = (
            missing_column_warnings(self._seen_columns, column_settings, "events")
            if self._seen_columns
            else []
        )
        used_columns = self._form.columns.values()
        unused_columns = [column for column in self._seen_columns if column not in used_columns]
        if unused_columns:
            warnings.append(
                "columns that are no field of an event were left alone: "
                f"{', '.join(unused_columns)}"
            )
        if self._form.missing_time == "row" and self._seen_columns:
            warnings.append(
                "there is no time column: the row number was taken as the time, in seconds, which "
                "keeps the order of this file and says nothing else"
            )
        warnings += self._decisions.all_warnings(self._form.columns)
        warnings += _event_type_notes(self._form)
        return warnings + self._known_items.warnings()


def _event_type_notes(form: EventForm) -> list[str]:
    """What other names of event types were taken for."""
    renamed = [
        f"'{raw}' for {event_type}"
        for raw, event_type in form.event_type_spellings.items()
        if normalise_event_type(raw) != event_type
    ]
    return [f"took {', '.join(renamed)}"] if renamed else []


class _WideReader:
    """A row a user, with lists."""

    def __init__(
        self,
        table: OpenTable,
        columns: dict[str, str],
        settings: BehaviourSettings,
        known_items: _KnownItems,
        now: float,
    ) -> None:
        self._table = table
        self._columns = columns
        self._separator = settings.attribute_separator
        self._known_items = known_items
        self._form = wide_event_form(settings)
        self._now = now
        self.put = known_items.put

    def parse(self, line: int, row: Row) -> Iterable[Event | RejectedRow]:
        file = self._table.name
        for row_or_error in expand_row(row, self._columns, self._separator):
            if isinstance(row_or_error, CellError):
                yield make_reject(
                    row_or_error, row, file=file, line=line, column=row_or_error.field
                )
                continue
            event = parse_event(row_or_error, self._form, file=file, line=line, now=self._now)
            if isinstance(event, Event):
                yield self._known_items.check(event, file, line, row)
            else:
                yield event

    def key(self, record: Event) -> str:
        return record.event_id

    def warnings(self) -> list[str]:
        used_columns = self._columns.values()
        unused_columns = [column for column in self._table.columns if column not in used_columns]
        warnings = [
            f"columns that are no list of events were left alone: {', '.join(unused_columns)}"
        ]
        return (warnings if unused_columns else []) + self._known_items.warnings()


def _entity_reader(
    table: OpenTable, record_type: RecordType, store: Store, settings: BehaviourSettings, now: float
) -> RowReader:
    column_settings = settings.columns.items if record_type == "items" else settings.columns.users
    resolved = columns_of_table(record_type, table.columns, table.head, settings, now)
    columns_by_field = resolved.by_field
    if table.columns and "id" not in columns_by_field:
        raise missing_column_error(table.name, record_type, "id", table.columns, column_settings)
    other_columns = [column for column in table.columns if column not in columns_by_field.values()]
    roles = attributes.column_roles(
        other_columns, table.head, settings, attributes.load_column_roles(store, record_type)
    )
    decisions = decide_entities(
        table,
        columns_by_field,
        [column for column, (role, _) in roles.items() if role == "price"],
        settings,
        IdForms(store),
        record_type.removesuffix("s"),
        now,
    )
    form = ItemForm(
        {"id": "id"}
        | {name: columns_by_field.get(name) for name in ITEM_FIELDS if columns_by_field},
        decisions.id,
        {column: role for column, (role, _) in roles.items()}
        | dict.fromkeys(decisions.unclear_columns, "skip"),
        settings.attribute_separator,
        available_from=decisions.available_from,
        available_until=decisions.available_until,
        prices=decisions.prices,
    )
    warnings = (
        missing_column_warnings(table.columns, column_settings, record_type)
        if table.columns
        else []
    )
    warnings += resolved.notes
    warnings += [
        f"column '{column}' {_skip_reason(table, column)}, and was left out; name it in "
        "behaviour.attribute_columns or behaviour.text_columns to keep it"
        for column, (role, _) in roles.items()
        if role == "skip"
    ]

    def save_roles() -> None:
        attributes.save_column_roles(store, record_type, roles)
        decisions.save(store)

    if record_type == "items":
        return _EntityReader(
            table.name, form, parse_item, store.put_items, save_roles, warnings, decisions
        )
    return _EntityReader(
        table.name, form, parse_user, store.put_users, save_roles, warnings, decisions
    )


def _skip_reason(table: OpenTable, column: str) -> str:
    """Why a column of items or users is left out."""
    reason = no_text_reason([row.get(column) for row in table.head])
    return f"holds {reason}" if reason else "has a different value in nearly every row, or objects"


class _EntityReader:
    """A row an item or a user."""

    def __init__(
        self,
        file: str,
        form: ItemForm,
        parse: Callable[..., Item | User | RejectedRow],
        put: Callable[[Sequence[Any]], int],
        save_roles: Callable[[], None],
        warnings: list[str],
        decisions: EntityDecisions,
    ) -> None:
        self._file = file
        self._form = form
        self._parse = parse
        self._put = put
        self._save_roles = save_roles
        self._warnings, self._decisions = warnings, decisions
        self._roles_saved = False

    def parse(self, line: int, row: Row) -> tuple[Item | User | RejectedRow]:
        return (self._parse(row, self._form, file=self._file, line=line),)

    def key(self, record: Item | User) -> str:
        return record.id

    def put(self, batch: Sequence[Any]) -> int:
        if not self._roles_saved:
            self._save_roles()
            self._roles_saved = True
        return self._put(batch)

    def warnings(self) -> list[str]:
        return self._warnings + self._decisions.all_warnings(self._form.columns.get("id"))
