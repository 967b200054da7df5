"""In: an open table of events, items or users. Out: how its rows are parsed and stored.

`importer` runs the same loop over each of the three; what differs between them is here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from foretaste.behaviour.column_decisions import EventDecisions, decide_events
from foretaste.behaviour.column_guess import (
    TableColumns,
    columns_of_table,
    event_type_of_table,
)
from foretaste.behaviour.columns import missing_column_error, missing_column_warnings
from foretaste.behaviour.entity_reader import entity_reader
from foretaste.behaviour.event_items import EventItemDescriber, find_describer, find_item_title
from foretaste.behaviour.event_type_names import says_nothing_of_taste, type_of_file
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.files.size_limits import MAX_COLUMNS
from foretaste.behaviour.forms import EventForm, event_form, extend_event_form
from foretaste.behaviour.known_items import KnownItems, load_known_items
from foretaste.behaviour.nested import NestedReader, nested_rows
from foretaste.behaviour.order_owners import ownerless_order_warnings
from foretaste.behaviour.paid_amounts import PaidAmounts, find_paid_amounts
from foretaste.behaviour.parse import parse_event
from foretaste.behaviour.profile_ids import add_profile_ids
from foretaste.behaviour.reading.attention import Attention, find_attention
from foretaste.behaviour.reading.ids import IdForms
from foretaste.behaviour.reading.ratings import save_rating_scale
from foretaste.behaviour.returned_rows import (
    ReturnedRow,
    ReturnedRows,
    as_return,
    find_returned_rows,
)
from foretaste.behaviour.row_order import RankedRows, falls_within_users
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings, normalise_event_type
from foretaste.behaviour.sign_ins import SignIns
from foretaste.behaviour.stream import Row
from foretaste.behaviour.swapped_columns import swapped_column_warnings
from foretaste.behaviour.table_reading import TableReading
from foretaste.behaviour.user_columns import other_user_notes
from foretaste.behaviour.view_words import note_view_words, verb_of_columns
from foretaste.behaviour.wide import is_wide, wide_columns
from foretaste.behaviour.wide_reader import WideReader
from foretaste.domain.data import Event, RejectedRow
from foretaste.domain.event_types import RETURN_EVENT, RETURNABLE_TYPES
from foretaste.domain.event_value import WATCHED_TYPES
from foretaste.domain.store import Store


class RowReader(Protocol):
    """Reads and stores one kind of record."""

    @property
    def reading(self) -> TableReading:
        """What the columns were taken for."""

    def parse(self, line: int, row: Row) -> Iterable[Any]:
        """What a row holds: records and rejects."""

    def key(self, record: Any) -> str:
        """What two records have in common if they are the same."""

    def observe(self, batch: Sequence[Any]) -> None:
        """Take note of a batch for the warnings, whether it is stored or not."""

    def put(self, batch: Sequence[Any]) -> int:
        """Store a batch. → how many are new or changed."""

    def identifications(self) -> Iterable[Event]:
        """Who signed in on which session, to be stored after the rows that say so."""

    def warnings(self) -> list[str]:
        """What went in but is worth knowing."""


def make_row_reader(
    table: OpenTable,
    record_type: RecordType,
    store: Store,
    settings: BehaviourSettings,
    now: float,
    known_items: KnownItems | None = None,
) -> RowReader:
    """The reader for a table; an `InputError` if it lacks a column.

    known_items: those that events may name; None asks the store.
    """
    add_profile_ids(table, record_type, settings)
    if record_type == "events":
        known_items = known_items or load_known_items(store, settings)
        return _event_reader(table, known_items, settings, now)
    return entity_reader(table, record_type, store, settings, now)


def _event_reader(
    table: OpenTable, known_items: KnownItems, settings: BehaviourSettings, now: float
) -> RowReader:
    column_settings = settings.columns.events
    if is_wide(table.columns):
        columns = wide_columns(table.columns, settings)
        if table.head and not {"user", "session"} & columns.keys():
            raise missing_column_error(table.name, "events", "user", table.columns, column_settings)
        return WideReader(table, columns, settings, known_items, now)
    nested = nested_rows(table, settings)
    if nested is not None:
        flat_reader = _flat_event_reader(nested.flat_table(), known_items, settings, now)
        return NestedReader(nested, flat_reader)
    return _flat_event_reader(table, known_items, settings, now)


def _flat_event_reader(
    table: OpenTable, known_items: KnownItems, settings: BehaviourSettings, now: float
) -> "_EventReader":
    column_settings = settings.columns.events
    id_forms = IdForms(known_items.store)
    resolved = columns_of_table("events", table.columns, table.head, settings, now)
    form = event_form(table.columns, settings, decided_columns=resolved.by_field)
    if table.columns:
        if not form.columns["user"] and not form.columns["session"]:
            raise missing_column_error(table.name, "events", "user", table.columns, column_settings)
        if not form.columns["item"] and not form.columns["query"]:
            raise missing_column_error(table.name, "events", "item", table.columns, column_settings)
    event_type = event_type_of_table(table, resolved.by_field, settings)
    decisions = decide_events(
        *(table, form.columns, settings, id_forms, now), may_rate=event_type is None
    )
    _note_owners(decisions, table, form, resolved, known_items)
    form = event_form(
        *(table.columns, settings, decisions.parsers, resolved.by_field), resolved.opinions
    )
    form = decisions.with_event_types(form, settings, type_of_file(table.name))
    ranked_rows = _find_ranked_rows(table, form)
    if ranked_rows is not None:
        form = replace(form, missing_time="now")
    if event_type is not None:
        form = replace(form, default_event_type=event_type)
        decisions.warnings.append(
            f"events that name no type were taken for type {event_type}, by the file's name or its "
            "columns of orders or texts; behaviour.default_event_type says otherwise"
        )
    describer = _describe_items(table, form, known_items, settings, now)
    attention = None
    if form.columns["value"] is None or decisions.rating_scale or form.unrated_event_type:
        used_columns = [*form.columns.values(), known_items.title_column]
        stored_items = lambda: (item for _, item in known_items.store.items())  # noqa: E731
        attention = find_attention(table.columns, used_columns, table.head, stored_items, settings)
    returned_rows = find_returned_rows(table, form.columns, settings)
    field_columns = {column for column in form.columns.values() if column is not None}
    paid_amounts = find_paid_amounts(table, form.columns, field_columns, settings)
    reading = TableReading(
        "events",
        table.columns,
        table.head,
        resolved.by_field,
        resolved.reasons,
        decisions.readings,
        event_type=form.default_event_type,
        opinions=resolved.opinions,
        item_title_column=known_items.title_column,
        item_reading=None if describer is None else describer.reading,
        attention_columns=() if attention is None else tuple(attention.columns.values()),
        amount_columns=() if paid_amounts is None else paid_amounts.columns,
        quantity_column=None if returned_rows is None else returned_rows.quantity_column,
    )
    if returned_rows is not None:
        table.rows = returned_rows.returns_last(table.rows)
    return _EventReader(
        *(reading, table, form, settings, known_items, now, decisions, id_forms, ranked_rows),
        *(attention, returned_rows, paid_amounts),
    )


def _find_ranked_rows(table: OpenTable, form: EventForm) -> RankedRows | None:
    """The times of a file that lists what each user values most first; None of other files."""
    user_column, value_column = form.columns["user"], form.columns["value"]
    if form.missing_time != "row" or user_column is None:
        return None
    is_ranked = falls_within_users(table.head, user_column, value_column, form.parsers.value)
    return RankedRows(user_column) if is_ranked else None


def _note_owners(
    decisions: EventDecisions,
    table: OpenTable,
    form: EventForm,
    resolved: TableColumns,
    known_items: KnownItems,
) -> None:
    """Add what is to be said of the columns that say whose the events are, and of which items."""
    free_columns = [column for column in table.columns if column not in form.columns.values()]
    decisions.mapping_warnings = swapped_column_warnings(
        resolved.by_field, table.head, known_items.known_ids
    )
    decisions.warnings += resolved.notes
    decisions.warnings += other_user_notes(resolved.by_field.get("user"), free_columns)
    decisions.warnings += ownerless_order_warnings(resolved.by_field, table.head, free_columns)


def _describe_items(
    table: OpenTable,
    form: EventForm,
    known_items: KnownItems,
    settings: BehaviourSettings,
    now: float,
) -> EventItemDescriber | None:
    """Have new items made of the columns that describe them; None where no more than titles do."""
    item = form.columns["item"]
    if item is None:
        return None
    people = (form.columns["user"], form.columns["session"])
    known_items.title_column = find_item_title(table, form.columns, people)
    describer = find_describer(
        table, form.columns, known_items.title_column, known_items.store, settings, now
    )
    known_items.describer = describer
    return describer


class _EventReader:
    """A row an event."""

    def __init__(
        self,
        reading: TableReading,
        table: OpenTable,
        form: EventForm,
        settings: BehaviourSettings,
        known_items: KnownItems,
        now: float,
        decisions: EventDecisions,
        id_forms: IdForms,
        ranked_rows: RankedRows | None,
        attention: Attention | None,
        returned_rows: ReturnedRows | None,
        paid_amounts: PaidAmounts | None,
    ) -> None:
        self.reading = reading
        self._table = table
        self._form = form
        self._settings = settings
        self._known_items = known_items
        self._now = now
        self._decisions, self._id_forms = decisions, id_forms
        self._ranked_rows, self._attention = ranked_rows, attention
        self._returned_rows, self._paid_amounts = returned_rows, paid_amounts
        self._has_amounts = False
        self._sign_ins = SignIns(form.columns["user"], form.columns["session"])
        self._attended_types: set[str] = set()
        self._seen_columns = dict.fromkeys(table.columns)
        self._left_out: Counter[str] = Counter()

    def observe(self, batch: Sequence[Event]) -> None:
        self._decisions.count_users(batch)
        self._sign_ins.note(batch)

    def identifications(self) -> Iterable[Event]:
        return self._sign_ins.identifications()

    def put(self, batch: Sequence[Event]) -> int:
        self._id_forms.save(self._decisions.id_decisions)
        note_view_words(self._known_items.store, self._view_spellings())
        if self._decisions.rating_scale is not None:
            save_rating_scale(self._known_items.store, self._decisions.rating_scale)
        given_fields = [name for name, column in self._form.columns.items() if column]
        return self._known_items.put(batch, given_fields)

    def _view_spellings(self) -> dict[str, str]:
        """What the file calls its events; where it has no types, what its columns say of views."""
        spellings = self._form.event_type_spellings
        if not spellings and self._form.default_event_type == "view":
            verb = verb_of_columns(self._table.columns)
            return {} if verb is None else {verb: "view"}
        return spellings

    def _says_nothing(self, reject: RejectedRow, row: Row) -> bool:
        """Whether a row is of a type that says nothing of taste; these are counted."""
        column = self._form.columns["event_type"]
        raw = "" if column is None else str(row.get(column) or "").strip()
        event_type = normalise_event_type(raw)
        has_item_column = reject.column == (self._form.columns["item"] or "item")
        is_return = self._form.event_type_names.get(event_type, event_type) == RETURN_EVENT
        is_itemless = has_item_column and (raw.startswith("$") or is_return)  # a page; whole orders
        if not is_itemless and (reject.column != column or not says_nothing_of_taste(event_type)):
            return False
        self._left_out[f"{column} is {raw}{', without an item' if is_itemless else ''}"] += 1
        return True

    def parse(self, line: int, row: Row) -> tuple[Event | RejectedRow, ...]:
        if (
            self._table.open_ended
            and len(self._seen_columns) < MAX_COLUMNS
            and not row.keys() <= self._seen_columns.keys()
        ):
            self._seen_columns |= dict.fromkeys(column for column in row if isinstance(column, str))
            self._form = extend_event_form(self._form, self._seen_columns, self._settings)
        file = self._table.name
        now = self._now if self._ranked_rows is None else self._ranked_rows.time_of(row)
        event = parse_event(row, self._form, file=file, line=line, now=now)
        if event.__class__ is RejectedRow:
            return () if self._says_nothing(event, row) else (event,)
        if isinstance(row, ReturnedRow):
            event = as_return(event)  # type: ignore[arg-type]  # an Event
        elif self._paid_amounts is not None:
            event = self._with_amount(event, row)  # type: ignore[arg-type]  # an Event
        if self._attention is not None:
            event = self._with_attention(event, row)  # type: ignore[arg-type]  # an Event
        return (self._known_items.check(event, file, line, row),)  # type: ignore[arg-type]  # an Event

    def _with_amount(self, event: Event, row: Row) -> Event:
        """A purchase with what was paid as its value. Its id is that of before, so that a file that
        was imported before values were read is known.
        """
        if self._paid_amounts is None or event.kind not in RETURNABLE_TYPES:
            return event
        value = self._paid_amounts.value(row)
        self._has_amounts = self._has_amounts or value is not None
        return replace(event, value=value)

    def _with_attention(self, event: Event, row: Row) -> Event:
        """The event with how much of its item it took in as its value."""
        if self._attention is None or event.kind not in WATCHED_TYPES or event.value is not None:
            return event
        self._attended_types.add(event.kind)
        return replace(event, value=self._attention.value(row, event.item))

    def key(self, record: Event) -> str:
        return record.event_id

    def warnings(self) -> list[str]:
        column_settings = self._settings.columns.events
        warnings = list(self._decisions.mapping_warnings)
        if self._seen_columns:
            warnings += missing_column_warnings(self._seen_columns, column_settings, "events")
        used_columns = {*self._form.columns.values(), self._known_items.title_column}
        if self._returned_rows is not None:
            used_columns.add(self._returned_rows.quantity_column)
        if self._has_amounts:
            used_columns.update(self.reading.amount_columns)
        if self._attended_types:
            used_columns.update(self.reading.attention_columns)
        if self._known_items.describer is not None and self._known_items.described_count:
            used_columns.update(self._known_items.describer.columns)
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
        if self._ranked_rows is not None:
            warnings.append(
                "there is no time column, and each user's rows go from high to low "
                f"{self._form.columns['value']}: the first row of each user was taken for the "
                "newest, as it is what counts most with them"
            )
        if self._attention is not None and self._attended_types:
            values = self._settings.value
            warnings += self._attention.notes(
                [name for name in self._attended_types & values.keys() if values[name].is_counted]
            )
        warnings += self._decisions.all_warnings(self._form.columns)
        warnings += _event_type_notes(self._form) + self._sign_ins.notes()
        if self._returned_rows is not None:
            warnings += self._returned_rows.notes()
        if self._paid_amounts is not None and self._has_amounts:
            warnings.append(self._paid_amounts.note())
        if self._left_out:
            reasons = [f"{count:,} ({reason})" for reason, count in self._left_out.most_common()]
            warnings.append(f"rows that say nothing of taste were left out: {', '.join(reasons)}")
        return warnings + self._known_items.warnings()


def _event_type_notes(form: EventForm) -> list[str]:
    """What other names of event types were taken for."""
    renamed = [
        f"'{raw}' for {event_type}"
        for raw, event_type in form.event_type_spellings.items()
        if normalise_event_type(raw) != event_type
    ]
    return [f"took {', '.join(renamed)}"] if renamed else []
