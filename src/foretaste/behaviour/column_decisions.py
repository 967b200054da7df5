"""In: an open table, and which column holds which field. Out: how the cells of each are read.

Decided on the first rows of the table; where they do not tell, on all of them.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from foretaste.behaviour.attributes import save_number_marks
from foretaste.behaviour.columns import is_rating_name
from foretaste.behaviour.event_type_names import known_event_type
from foretaste.behaviour.forms import EventForm, EventParsers, event_parsers
from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.reading.ids import (
    ZERO,
    IdForms,
    IdParser,
    id_warnings,
    null_words,
    read_id_column,
    zero_is_nobody,
)
from foretaste.behaviour.reading.numbers import (
    NumberParser,
    read_price_column,
)
from foretaste.behaviour.reading.ratings import (
    RatingParser,
    RatingScale,
    rating_scale,
    read_rating_column,
    read_value_column,
)
from foretaste.behaviour.reading.times import read_time_column, time_parser
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings, normalise_event_type
from foretaste.behaviour.swapped_columns import counts_seem_swapped
from foretaste.behaviour.values import CellError, is_missing
from foretaste.domain.data import Event, RejectedRow
from foretaste.domain.store import FactStore
from foretaste.domain.user_share import is_implausible_share
from foretaste.errors import InputError

ID_FIELDS = ("user", "session", "item")
MIN_BLANK_SHARE = 0.1
"""Of the rows, those without a rating from which people may leave it out: the rows are what people
did, and some of them rated it. Fewer are mistakes in a table of ratings."""
MAX_DISTINCT_CELLS = 500_000
"""Different cells of a column that are looked at where the first rows do not tell."""

ReadColumn = Callable[[Sequence[Any]], ColumnReading]


@dataclass
class EventDecisions:
    """How the events of a file are read, and what is said of it."""

    parsers: EventParsers
    id_decisions: dict[str, bool] = field(default_factory=dict)
    """For the store to remember."""
    warnings: list[str] = field(default_factory=list)
    mapping_warnings: list[str] = field(default_factory=list)
    """Of columns that seem to be taken for the wrong field; they are said first."""
    rows_by_user: Counter[str | None] = field(default_factory=Counter)
    item_ids: set[str | None] = field(default_factory=set)
    readings: dict[str, ColumnReading] = field(default_factory=dict)
    """Column → how it is read."""
    rating_scale: RatingScale | None = None
    is_rating_table: bool = True
    """Whether rows with a value and without a type are ratings."""
    may_be_blank: bool = False
    """Whether a row without a rating says all the same that somebody took the item."""

    def with_event_types(
        self, form: EventForm, settings: BehaviourSettings, file_type: str | None = None
    ) -> EventForm:
        """The form with the event types that the values tell.

        file_type: of events that the file's name says; the usual one counts where it says nothing.
        """
        default_type = normalise_event_type(settings.default_event_type)
        if form.default_event_type != "rating":
            return form
        if not self.is_rating_table:
            return replace(form, default_event_type=default_type)
        has_unrated = self.rating_scale is not None and self.rating_scale.has_unrated
        if not has_unrated and not self.may_be_blank:
            return form
        unrated_type = file_type or default_type
        if self.may_be_blank:
            self.warnings.append(
                f"rows without a rating were taken for type {unrated_type}, the others are ratings"
            )
        return replace(form, unrated_event_type=unrated_type)

    def count_users(self, batch: Sequence[Event]) -> None:
        """Note whose events these are, and of which items."""
        self.rows_by_user.update([event.user for event in batch])
        self.item_ids.update([event.item for event in batch])

    def _share_warnings(self) -> list[str]:
        """Of a user who has more events than a person can have."""
        rows_by_user = Counter(self.rows_by_user)
        rows_by_user.pop(None, None)
        if not rows_by_user:
            return []
        all_rows = self.rows_by_user.total()
        if not self.mapping_warnings and counts_seem_swapped(
            all_rows, len(rows_by_user), len(self.item_ids)
        ):
            return [
                f"{len(rows_by_user):,} users have {all_rows:,} events with {len(self.item_ids):,} "
                "items, hardly any of them twice: no list can be learnt from that; if users and "
                "items are swapped, say which column is which under [behaviour.columns.events]"
            ]
        user, rows = rows_by_user.most_common(1)[0]
        if not is_implausible_share(rows, all_rows, len(rows_by_user)):
            return []
        return [
            f"user '{user}' has {rows / all_rows * 100:.0f} % of all rows; if that is "
            "nobody in particular, add it to behaviour.null_ids and import anew"
        ]

    def all_warnings(self, columns: Mapping[str, str | None]) -> list[str]:
        """Also what was seen while the rows were read."""
        parsers = self.parsers
        id_parsers = {"user": parsers.user, "session": parsers.session, "item": parsers.item}
        notes = [
            note
            for name, parser in id_parsers.items()
            for note in id_warnings(columns.get(name) or name, parser)
        ]
        return self.warnings + notes + self._share_warnings()


def read_whole_column(table: OpenTable, column: str, read: ReadColumn) -> ColumnReading:
    """A column of the table by its first rows, or by all where these do not decide.

    Raises InputError where it cannot be used as it is.
    """
    reading = read([row.get(column) for row in table.head])
    if not reading.decided and table.reopen is not None:
        reading = read(_distinct_cells(table.reopen, column))
    if reading.problem is not None:
        raise InputError(f"{table.name}: column '{column}': {reading.problem}")
    return reading


def _distinct_cells(reopen: Callable[[], OpenTable], column: str) -> list[Any]:
    cells: dict[Any, Any] = {}
    with reopen() as table:
        for _, row in table.rows:
            if isinstance(row, RejectedRow):
                continue
            cell = row.get(column)
            key = (cell.__class__, cell) if cell.__hash__ is not None else id(cell)
            cells[key] = cell
            if len(cells) >= MAX_DISTINCT_CELLS:
                break
    return list(cells.values())


def decide_events(
    table: OpenTable,
    columns: Mapping[str, str | None],
    settings: BehaviourSettings,
    id_forms: IdForms,
    now: float,
    *,
    may_rate: bool = True,
) -> EventDecisions:
    """How the columns of a table of events are read. Raises InputError where they cannot be.

    may_rate: whether values of events that name no type may be ratings.
    """
    warnings: list[str] = []
    decided: dict[str, Any] = {}
    readings: dict[str, ColumnReading] = {}
    readers: dict[str, ReadColumn] = {
        name: partial(
            read_id_column,
            field=name,
            settings=settings,
            stored_whole_floats=id_forms.whole_floats(name),
        )
        for name in ID_FIELDS
    }
    readers["at"] = partial(read_time_column, field="at", settings=settings, now=now)
    value_column, type_column = columns.get("value"), columns.get("event_type")
    if type_column is None and value_column is not None and may_rate:
        readers["value"] = partial(
            read_rating_column, field="value", settings=settings, column=value_column
        )
    else:
        readers["value"] = partial(read_value_column, field="value", settings=settings)
    for name, read in readers.items():
        column = columns.get(name)
        if column is not None and table.head:
            readings[column] = reading = read_whole_column(table, column, read)
            warnings += [f"column '{column}': {warning}" for warning in reading.warnings]
            decided[name] = reading.parse
    decisions = {
        key: is_whole
        for name in ID_FIELDS
        if name in decided
        for key, is_whole in id_decisions(name, decided[name]).items()
    }
    is_nobody = _is_zero_nobody(table, columns, decided)
    if is_nobody is not None:
        decisions["zero_is_nobody"] = is_nobody
        decided["zero_is_nobody"] = lambda: is_nobody
    parsers = event_parsers(settings, id_forms, **decided)
    event_decisions = EventDecisions(parsers, decisions, warnings, readings=readings)
    event_decisions.is_rating_table = may_rate
    if "value" in decided and may_rate:
        _decide_ratings(event_decisions, table, columns, settings)
    return event_decisions


def _decide_ratings(
    decisions: EventDecisions,
    table: OpenTable,
    columns: Mapping[str, str | None],
    settings: BehaviourSettings,
) -> None:
    """Whether the values are ratings, and of which scale."""
    column, type_column = columns["value"] or "", columns.get("event_type")
    read = decisions.parsers.value
    if type_column is None:
        scale = read.scale if isinstance(read, RatingParser) else None
        decisions.is_rating_table = scale is not None or is_rating_name(column)
        blank_count = sum(is_missing(row.get(column)) for row in table.head)
        decisions.may_be_blank = blank_count >= MIN_BLANK_SHARE * len(table.head) > 0
    else:
        names = settings.names_of_event_types()
        cells = [
            row.get(column)
            for row in table.head
            if _is_rating_type(row.get(type_column), names) and not is_missing(row.get(column))
        ]
        values = read_column(cells, "", read).values
        scale = rating_scale(
            [value for value in values if value is not None], settings.positive_rating
        )
    decisions.rating_scale = scale
    if scale is not None:
        decisions.warnings += [f"column '{column}': {note}" for note in scale.notes()]
    elif not decisions.is_rating_table:
        decisions.warnings.append(
            f"column '{column}' holds numbers that are no ratings: its rows are of type "
            f"{normalise_event_type(settings.default_event_type)}; a column of event types or "
            "behaviour.default_event_type says otherwise"
        )


def _is_rating_type(cell: Any, names: Mapping[str, str]) -> bool:
    return known_event_type(normalise_event_type(str(cell)), ("rating",), names) == "rating"


def id_decisions(entity: str, parser: IdParser) -> dict[str, bool]:
    """What the store is to remember of ids. entity: user, session or item."""
    is_whole = parser.whole_floats()
    return {} if is_whole is None else {f"{entity}_whole_floats": is_whole}


def _is_zero_nobody(
    table: OpenTable, columns: Mapping[str, str | None], parsers: Mapping[str, IdParser]
) -> bool | None:
    """Whether user 0 of this table is nobody; None where there is none."""
    if "user" not in parsers:
        return None
    users = _ids(table, columns["user"], parsers["user"])
    if ZERO not in users:
        return None
    if "session" not in parsers:
        return False  # it must be somebody
    return zero_is_nobody(users, _ids(table, columns["session"], parsers["session"]))


def _ids(table: OpenTable, column: str | None, parser: IdParser) -> list[str | None]:
    ids = []
    for row in table.head:
        try:
            ids.append(parser(row.get(column)))
        except CellError:
            ids.append(None)
    parser.null_counts.clear()
    return ids


@dataclass
class EntityDecisions:
    """How the items or users of a file are read, and what is said of it."""

    entity: str
    """item or user"""
    id: IdParser
    available_from: Callable[[Any], float | None]
    available_until: Callable[[Any], float | None]
    prices: dict[str, NumberParser] = field(default_factory=dict)
    unclear_columns: set[str] = field(default_factory=set)
    """Prices that could be two numbers: they are left out."""
    warnings: list[str] = field(default_factory=list)
    readings: dict[str, ColumnReading] = field(default_factory=dict)
    """Column → how it is read."""

    def save(self, store: FactStore) -> None:
        """Have the store remember what later items are read by."""
        IdForms(store).save(id_decisions(self.entity, self.id))
        marks = {column: parser.mark for column, parser in self.prices.items() if parser.mark}
        save_number_marks(store, marks)

    def all_warnings(self, id_column: str | None) -> list[str]:
        """Also what was seen while the rows were read."""
        unreadable = [
            f"column '{column}': {parser.unreadable.total():,} prices could not be read, e.g. "
            f"'{next(iter(parser.unreadable))}', and were left out"
            for column, parser in self.prices.items()
            if parser.unreadable
        ]
        return self.warnings + unreadable + id_warnings(id_column or "id", self.id)


def decide_entities(
    table: OpenTable,
    columns: Mapping[str, str | None],
    price_columns: Sequence[str],
    settings: BehaviourSettings,
    id_forms: IdForms,
    entity: str,
    now: float,
) -> EntityDecisions:
    """How the columns of a table of items or users are read. entity: item or user.

    Raises InputError where they cannot be.
    """
    stored = id_forms.whole_floats(entity)
    words = null_words("id", settings)
    decisions = EntityDecisions(
        entity,
        IdParser("id", words, lambda: stored),
        time_parser("available_from", settings),
        time_parser("available_until", settings),
    )

    def read(column: str, read_column: ReadColumn) -> ColumnReading:
        decisions.readings[column] = reading = read_whole_column(table, column, read_column)
        decisions.warnings += [f"column '{column}': {warning}" for warning in reading.warnings]
        return reading

    id_column = columns.get("id")
    if id_column is not None and table.head:
        reader = partial(read_id_column, field="id", settings=settings, stored_whole_floats=stored)
        parser = read(id_column, reader).parse
        assert isinstance(parser, IdParser)
        decisions.id = parser
    for name in ("available_from", "available_until"):
        column = columns.get(name)
        if column is not None:
            reader = partial(read_time_column, field=name, settings=settings, now=now)
            setattr(decisions, name, read(column, reader).parse)
    for column in price_columns:
        try:
            parser = read(column, partial(read_price_column, field=column, settings=settings)).parse
        except InputError as error:
            decisions.unclear_columns.add(column)
            decisions.warnings.append(f"{error}; it was left out")
        else:
            assert isinstance(parser, NumberParser)
            decisions.prices[column] = parser
    return decisions
