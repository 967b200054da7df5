"""In: the columns of a source and the settings. Out: how its rows are read as events, items, users.

Of a file the form says what was decided for each of its columns; of JSON bodies, our own names and
what each value says by itself.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from foretaste.behaviour.column_roles import ColumnDecision, ColumnRole
from foretaste.behaviour.columns import resolve_columns
from foretaste.behaviour.event_type_names import EVENT_TYPE_BY_NAME
from foretaste.behaviour.reading.ids import IdForms, IdParser, null_words
from foretaste.behaviour.reading.locales import DecimalMark, decimal_mark
from foretaste.behaviour.reading.measures import Measure
from foretaste.behaviour.reading.moments import MomentParser
from foretaste.behaviour.reading.numbers import NumberParser
from foretaste.behaviour.reading.times import time_parser
from foretaste.behaviour.settings import (
    EVENT_FIELDS,
    ITEM_FIELDS,
    BehaviourSettings,
    normalise_event_type,
)
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import IDENTIFY_EVENT
from foretaste.domain.words import GROUP_COLUMN


@dataclass(frozen=True, slots=True)
class EventParsers:
    """How the cells of an event are read: by what was decided for their columns."""

    user: IdParser
    session: IdParser
    item: IdParser
    event_id: IdParser
    recommendation_id: IdParser
    at: Callable[[Any], float | None]
    value: Callable[[Any], float | None]
    zero_is_nobody: Callable[[], bool] = lambda: True
    """Whether user 0, with a session, is a visitor and not the first of numbered people."""


def event_parsers(
    settings: BehaviourSettings, id_forms: IdForms | None = None, **decided_parsers: Any
) -> EventParsers:
    """What reads each value by itself, but for the fields that a file has decided."""

    def id_parser(field_name: str) -> IdParser:
        words = null_words(field_name, settings)
        if id_forms is None:
            return IdParser(field_name, words, remember=False)
        whole_floats = partial(id_forms.whole_floats, field_name)
        return IdParser(field_name, words, whole_floats, remember=False)

    names = ("user", "session", "item", "event_id", "recommendation_id")
    parsers: dict[str, Any] = {name: id_parser(name) for name in names}
    parsers |= {"at": time_parser("at", settings), "value": number_parser("value", settings)}
    if id_forms is not None:
        parsers["zero_is_nobody"] = id_forms.zero_is_nobody
    return EventParsers(**{**parsers, **decided_parsers})


def number_parser(field_name: str, settings: BehaviourSettings, **options: Any) -> NumberParser:
    """What reads a number by itself. JSON is written by programs: 1.299 has a decimal point."""
    mark, currency = decimal_mark(settings.locale), settings.currency
    return NumberParser(field_name, mark, plain_mark=".", currency=currency, **options)


def price_parser(column: str) -> NumberParser:
    """What reads the prices of a column that nothing has decided."""
    return NumberParser(column, plain_mark=".", is_price=True)


@dataclass(frozen=True, slots=True)
class EventForm:
    """How the rows of one source are read as events."""

    columns: Mapping[str, str | None]
    """Every field → its column, None where there is none."""
    event_weights: Mapping[str, float]
    parsers: EventParsers
    event_type_names: Mapping[str, str] = field(default_factory=lambda: EVENT_TYPE_BY_NAME)
    """Other names of them, as `normalise_event_type` writes them."""
    opinions: Mapping[str, str] = field(default_factory=dict)
    """Of a column that says who liked what: its values → like, dislike or "", for neither."""
    default_event_type: str = "view"
    unrated_event_type: str | None = None
    """The type of a rating whose value says that there is none; None: it is a mistake."""
    missing_time: Literal["now", "row", "reject"] = "reject"
    """What an event without a time means: it happened now (the service; a file that lists by value,
    see `row_order`); the file is in order, so the row number is the time; or a mistake."""
    rating_range: tuple[float, float] | None = None
    itemless_event_types: frozenset[str] = frozenset({"search", IDENTIFY_EVENT})
    """Event types that may go without an item."""
    reject_unknown_fields: bool = False
    """Whether a name that is not a field is a mistake (the service) or left alone (a file)."""
    event_type_spellings: dict[str, str] = field(default_factory=dict)
    """Event types as they were written → as we write them: a memory, filled as rows are read."""


def event_form(
    columns: Iterable[str],
    settings: BehaviourSettings,
    parsers: EventParsers | None = None,
    decided_columns: Mapping[str, str] | None = None,
    opinions: Mapping[str, str] | None = None,
) -> EventForm:
    """The form for a file with these columns; `parsers` are what its values have decided.

    decided_columns: field → column, where that is decided; opinions: see `opinion_columns`.
    """
    columns_by_field = decided_columns or resolve_columns(
        "events", columns, settings.columns.events
    )
    is_rating_table = "value" in columns_by_field and "event_type" not in columns_by_field
    return EventForm(
        columns={name: columns_by_field.get(name) for name in EVENT_FIELDS},
        event_weights=settings.all_event_weights(),
        parsers=parsers or event_parsers(settings),
        event_type_names=settings.names_of_event_types(),
        opinions=opinions or {},
        default_event_type="rating"
        if is_rating_table
        else normalise_event_type(settings.default_event_type),
        missing_time="reject" if "at" in columns_by_field else "row",
        rating_range=settings.rating_range,
    )


def service_event_form(settings: BehaviourSettings, id_forms: IdForms | None = None) -> EventForm:
    """The form for JSON bodies: our own names and no others, and an event without a time is now.

    `id_forms` are what imported files taught of the ids.
    """
    return EventForm(
        columns={name: name for name in EVENT_FIELDS},
        event_weights=settings.all_event_weights(),
        parsers=event_parsers(settings, id_forms),
        event_type_names=settings.names_of_event_types(),
        default_event_type=normalise_event_type(settings.default_event_type),
        missing_time="now",
        rating_range=settings.rating_range,
        reject_unknown_fields=True,
    )


def extend_event_form(
    form: EventForm, columns: Iterable[str], settings: BehaviourSettings
) -> EventForm:
    """The form with columns that appear only further down in a JSON file."""
    decided_columns = {name: column for name, column in form.columns.items() if column is not None}
    columns_by_field = resolve_columns("events", columns, settings.columns.events, decided_columns)
    return replace(form, columns={name: columns_by_field.get(name) for name in EVENT_FIELDS})


@dataclass(frozen=True, slots=True)
class ItemForm:
    """How the rows of one source are read as items or users."""

    columns: Mapping[str, str | None]
    """Every field → its column, None where there is none."""
    id: IdParser = field(default_factory=lambda: IdParser("id", remember=False))
    roles: Mapping[str, ColumnRole] = field(default_factory=dict)
    """Every other column → what it is; a column that is not here is judged by each value."""
    separator: str = "|"
    separators: Mapping[str, str] = field(default_factory=dict)
    """Column → what stands between several values in a cell of it, where that is another one."""
    available_from: Callable[[Any], float | None] = field(
        default_factory=partial(MomentParser, "available_from")
    )
    available_until: Callable[[Any], float | None] = field(
        default_factory=partial(MomentParser, "available_until")
    )
    levels: Mapping[str, str] = field(default_factory=dict)
    """Column → what stands between the levels of a category in it, where that was decided."""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    """Column → how its numbers are written, where not as programs write them."""
    group_columns: tuple[str, ...] = (GROUP_COLUMN,)
    """Columns that variants of one product share; the first that has a value is meant."""
    charges: Collection[str] | None = None
    """The ids of items that are no articles but charges of orders; None goes by the titles."""
    prices: Mapping[str, NumberParser] = field(default_factory=dict)
    """Column of prices → what reads them."""
    new_price: Callable[[str], NumberParser] = price_parser
    """Makes what reads the prices of another column."""

    def group_of(self, row: Row) -> dict[str, tuple[str, ...]]:
        """The group that variants share, as the attribute it is kept as."""
        for column in self.group_columns:
            cell = row.get(column)
            if is_missing(cell):
                continue
            if isinstance(cell, list | tuple) and len(cell) == 1:  # as attributes are exported
                cell = cell[0]
            group = self.id(cell)
            if group is not None:
                return {GROUP_COLUMN: (group,)}
        return {}


def separators_of(decisions: Mapping[str, ColumnDecision]) -> dict[str, str]:
    """Column → its separator, of those that have one of their own."""
    return {
        column: decision.separator
        for column, decision in decisions.items()
        if decision.separator is not None
    }


def measures_of(decisions: Mapping[str, ColumnDecision]) -> dict[str, Measure]:
    """Column → how its numbers are written, of those that have a unit or a decimal comma."""
    return {
        column: decision.measure
        for column, decision in decisions.items()
        if decision.measure is not None
    }


def levels_of(decisions: Mapping[str, ColumnDecision]) -> dict[str, str]:
    """Column → between the levels of its categories, of those where that was decided."""
    return {
        column: decision.levels
        for column, decision in decisions.items()
        if decision.levels is not None
    }


def service_item_form(
    settings: BehaviourSettings,
    stored_decisions: Mapping[str, ColumnDecision],
    whole_floats: Callable[[], bool | None] = lambda: None,
    marks: Mapping[str, DecimalMark] | None = None,
) -> ItemForm:
    """The form for JSON bodies; `stored_decisions` are what imported files taught of the columns,
    `whole_floats` of the ids and `marks` of the numbers.
    """
    configured_roles: dict[str, ColumnRole] = dict.fromkeys(settings.attribute_columns, "attribute")
    configured_roles |= dict.fromkeys(settings.text_columns, "text")
    configured_roles |= dict.fromkeys(settings.ignored_columns, "skip")
    configured_roles |= dict.fromkeys(settings.group_columns, "skip")
    columns: dict[str, str | None] = {name: name for name in ITEM_FIELDS}
    roles = {column: decision.role for column, decision in stored_decisions.items()}
    strict_price = partial(
        NumberParser, is_price=True, is_strict=True, plain_mark=".", currency=settings.currency
    )
    return ItemForm(
        columns,
        IdParser("id", null_words("id", settings), whole_floats, remember=False),
        {**roles, **configured_roles},
        settings.attribute_separator,
        {**separators_of(stored_decisions), **settings.separators},
        available_from=time_parser("available_from", settings),
        available_until=time_parser("available_until", settings),
        levels={**levels_of(stored_decisions), **settings.levels},
        measures=measures_of(stored_decisions),
        group_columns=settings.group_columns,
        charges=settings.charges,
        prices={column: strict_price(column, mark) for column, mark in (marks or {}).items()},
        new_price=partial(number_parser, settings=settings, is_price=True, is_strict=True),
    )
