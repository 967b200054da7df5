"""In: the columns of a table and its first rows. Out: which column holds which field, and why.

Names decide first, see `columns`. Then the values: a column whose values cannot be the field is
given back, and a field that a table must have is looked for among what its values may be. What was
taken by its values alone is said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from foretaste.behaviour.column_roles import TEXT_COLUMN_NAMES
from foretaste.behaviour.columns import (
    is_alias,
    is_rating_name,
    normalise_column,
    paired_title_column,
    resolve_columns,
)
from foretaste.behaviour.event_type_names import (
    COMMENT_COLUMNS,
    ORDER_COLUMNS,
    known_event_type,
    type_of_file,
)
from foretaste.behaviour.id_columns import ID_ENDINGS, is_named_like_item_id
from foretaste.behaviour.opinion_columns import opinion_note, opinions_of_column
from foretaste.behaviour.reading.texts import are_phrases
from foretaste.behaviour.reading.times import read_time_column
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings, normalise_event_type
from foretaste.behaviour.stream import Row
from foretaste.behaviour.user_columns import better_filled_column, browser_column
from foretaste.behaviour.values import CellError, display_text, is_missing
from foretaste.behaviour.visibility import parse_hidden
from foretaste.domain.no_taste import no_taste_reason

MIN_READ_SHARE = 0.95
"""Of the values, those that must be times for a column to be taken for the time."""
MAX_TITLE_LENGTH = 80.0
"""Mean characters up to which a column of descriptions holds titles."""
MIN_TITLES = 20
"""Values of which titles that no name gives away are told: they are different phrases."""
MIN_DISTINCT_TITLES = 0.9
MIN_DISTINCT_NAMES = 0.3
"""Songs may be called alike; kinds of products are few."""
MIN_TEXT_SHARE = 0.9
"""Of the rows, those with a text from which a table is one of reviews or comments."""
MIN_DIGITS_OF_TIME = 4
EARLIEST_TIME = 631_152_000.0
"""1990: numbers before it are no times of events, if nothing else says so."""
_VAGUE_TYPE_COLUMNS = ("type", "action", "activity")
_ITEM_NOUN_NAMES = (
    "track song movie film book product article video episode podcast game recipe course show "
    "anime clip artikel produkt buch lied titel rezept kurs spiel folge produit livre chanson jeu "
    "recette producto libro pelicula cancion juego receta prodotto articolo canzone gioco ricetta"
)
_ITEM_NOUNS = frozenset(_ITEM_NOUN_NAMES.split())
"""What a column of the items' names is called beside one of their ids: `track_id`, `track`."""
_TITLE_COLUMNS = ("description", "desc", "itemdescription", "productdescription", "text", "item")


@dataclass
class TableColumns:
    """Which column holds which field."""

    by_field: dict[str, str]
    reasons: dict[str, str] = field(default_factory=dict)
    """Field → why: "the settings", "its name", "its values"."""
    notes: list[str] = field(default_factory=list)
    """What was decided by values."""
    opinions: Mapping[str, str] = field(default_factory=dict)
    """What the values of the column of event types stand for, where they are opinions."""


def columns_of_table(
    record_type: str,
    columns: Iterable[str],
    head: Sequence[Row],
    settings: BehaviourSettings,
    now: float,
) -> TableColumns:
    """record_type: events, items or users; head: the first rows; now: seconds since 1970."""
    columns = list(columns)
    column_settings: Mapping[str, str] = getattr(settings.columns, record_type)
    by_field = resolve_columns(record_type, columns, column_settings)
    table = TableColumns(by_field)
    for name, column in by_field.items():
        is_setting = column_settings.get(name) == column
        table.reasons[name] = "the settings" if is_setting else "its name"
    if not head:
        return table
    values = {column: _values(head, column) for column in columns}
    open_fields = [name for name in _GUESSES[record_type] if name not in column_settings]
    for name in open_fields:
        _GUESSES[record_type][name](table, values, settings)
    if record_type == "events" and "at" not in column_settings:
        _guess_time(table, values, settings, now)
    return table


def _values(head: Sequence[Row], column: str) -> list[Any]:
    return [value for row in head if not is_missing(value := row.get(column))]


def _take(table: TableColumns, name: str, column: str, words: str) -> None:
    table.by_field[name] = column
    table.reasons[name] = "its values"
    table.notes.append(f"took column '{column}' for {words}")


def _free(table: TableColumns, values: Mapping[str, list[Any]]) -> list[str]:
    """Columns that hold no field, in their order."""
    return [column for column in values if column not in table.by_field.values()]


def _guess_event_type(
    table: TableColumns, values: Mapping[str, list[Any]], settings: BehaviourSettings
) -> None:
    """A column called `type` of which no value is a type of event holds something else."""
    known_types, names = settings.all_event_weights(), settings.names_of_event_types()

    def known_count(column: str) -> int:
        words = {value for value in values[column] if isinstance(value, str)}
        types = (known_event_type(normalise_event_type(word), known_types, names) for word in words)
        return sum(event_type is not None for event_type in types)

    column = table.by_field.get("event_type")
    if column is not None and not known_count(column) and _takes_opinions(table, column, values):
        return
    is_vague = column is not None and normalise_column(column) in _VAGUE_TYPE_COLUMNS
    if column is not None and is_vague and values[column] and not known_count(column):
        sample_text = ", ".join(sorted({str(value) for value in values[column]})[:3])
        del table.by_field["event_type"]
        table.notes.append(
            f"column '{column}' has no type of event that is known ({sample_text}) and was left "
            "alone; name those types under [behaviour.event_weights], or what they stand for under "
            "[behaviour.event_type_names]"
        )
    if "event_type" in table.by_field:
        return
    for column in _free(table, values):
        words = {str(value) for value in values[column]}
        if words and len(words) <= 20 and known_count(column) == len(words):
            _take(table, "event_type", column, f"the type of event: {', '.join(sorted(words)[:4])}")
            return
    if "value" not in table.by_field:
        any(_takes_opinions(table, column, values) for column in _free(table, values))


def _takes_opinions(table: TableColumns, column: str, values: Mapping[str, list[Any]]) -> bool:
    """Whether the column says who liked what; then it says the type of event.

    Not of orders: what was bought is more than what was liked.
    """
    if ORDER_COLUMNS.intersection(map(normalise_column, values)):
        return False
    opinions = opinions_of_column(column, values[column])
    if not opinions:
        return False
    table.by_field["event_type"] = column
    table.reasons.setdefault("event_type", "its values")
    table.opinions = opinions
    table.notes.append(opinion_note(column, opinions, values[column]))
    return True


def _guess_time(
    table: TableColumns,
    values: Mapping[str, list[Any]],
    settings: BehaviourSettings,
    now: float,
) -> None:
    if "at" in table.by_field:
        return
    for column in _free(table, values):
        if not values[column] or not all(map(_may_be_time, values[column])):
            continue
        reading = read_time_column(values[column], "at", settings, now)
        if reading.problem is None and reading.share >= MIN_READ_SHARE:
            _take(table, "at", column, "the time")
            return


def _may_be_time(value: Any) -> bool:
    """Whether it is a date, a text with digits that are no number, or a number of seconds or less
    since 1970 and not before 1990: smaller numbers are of anything.
    """
    if isinstance(value, date):
        return True
    try:
        return float(value) > EARLIEST_TIME
    except (TypeError, ValueError):
        return isinstance(value, str) and sum(map(str.isdigit, value)) >= MIN_DIGITS_OF_TIME


def _guess_user(
    table: TableColumns, values: Mapping[str, list[Any]], settings: BehaviourSettings
) -> None:
    """Where guests have no number, the address that they gave tells them apart."""
    user = table.by_field.get("user")
    if user is None:
        return
    own = {column: values[column] for column in (user, *_free(table, values))}
    column = better_filled_column(user, own)
    if column is not None:
        _take(table, "user", column, f"the user, as '{user}' is empty in more rows")


def _guess_session(
    table: TableColumns, values: Mapping[str, list[Any]], settings: BehaviourSettings
) -> None:
    """Who has not signed in is known by their browser longer than by a visit."""
    user, session = table.by_field.get("user"), table.by_field.get("session")
    if user is None:
        return
    own = [user, *_free(table, values), *([session] if session is not None else [])]
    column = browser_column(user, session, {name: values[name] for name in own})
    if column is not None:
        words = f"the session, as people without '{user}' are known by it"
        _take(table, "session", column, words)


def _guess_item(
    table: TableColumns, values: Mapping[str, list[Any]], settings: BehaviourSettings
) -> None:
    if "item" in table.by_field or "query" in table.by_field:
        return
    candidates = [
        column
        for column in _free(table, values)
        if is_named_like_item_id(column)
        and not is_alias("events", "user", column)  # of a table of profiles, their account
        and not _numbers_rows(values[column])
    ]
    if len(candidates) == 1:
        _take(table, "item", candidates[0], "the item, as no other column may be it")


def _numbers_rows(cells: Sequence[Any]) -> bool:
    """Whether each row has a value of its own: what nobody shares is no item."""
    return len(cells) >= MIN_TITLES and len(set(map(str, cells))) == len(cells)


def _guess_id(
    table: TableColumns, values: Mapping[str, list[Any]], settings: BehaviourSettings
) -> None:
    if "id" in table.by_field:
        return
    candidates = [
        column
        for column in _free(table, values)
        if normalise_column(column).endswith(ID_ENDINGS)
        and len(set(map(str, values[column]))) == len(values[column])
    ]
    if candidates:
        _take(table, "id", candidates[0], "the id: it is different in every row")


def _guess_title(
    table: TableColumns, values: Mapping[str, list[Any]], settings: BehaviourSettings
) -> None:
    if "title" in table.by_field:
        return
    paired = paired_title_column(table.by_field.get("id", ""), _free(table, values))
    if paired is not None and paired not in settings.configured_columns:
        _take(table, "title", paired, "the title")
        return
    for column in _free(table, values):
        texts = [str(value) for value in values[column]]
        is_short = sum(map(len, texts)) < MAX_TITLE_LENGTH * len(texts)
        if column in settings.text_columns:
            continue
        if normalise_column(column) in _TITLE_COLUMNS and is_short:
            _take(table, "title", column, "the title")
            return
    for column in _free(table, values):
        if column in settings.configured_columns:
            continue
        if normalise_column(column) in _ITEM_NOUNS and _are_names(values[column]):
            _take(table, "title", column, "the title: it names the item")
            return
    for column in _free(table, values):
        if column not in settings.configured_columns and _are_titles(column, values[column]):
            _take(table, "title", column, "the title: each row has other words in it")
            return


def _are_names(values: Sequence[Any]) -> bool:
    """Whether the values may be what items are called: short texts, more of them than of kinds."""
    texts = [value for value in values if isinstance(value, str) and any(map(str.isalpha, value))]
    is_short = sum(map(len, texts)) < MAX_TITLE_LENGTH * len(texts)
    is_distinct = len(set(texts)) > MIN_DISTINCT_NAMES * len(texts)
    return len(texts) >= MIN_DISTINCT_TITLES * len(values) and is_short and is_distinct


def _are_titles(column: str, values: Sequence[Any]) -> bool:
    """Whether the values are short phrases, nearly all different, in a column of another name."""
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < max(MIN_TITLES, len(values)) or normalise_column(column) in TEXT_COLUMN_NAMES:
        return False
    is_short = sum(map(len, texts)) < MAX_TITLE_LENGTH * len(texts)
    is_distinct = len(set(texts)) > MIN_DISTINCT_TITLES * len(texts)
    return (
        is_short and is_distinct and are_phrases(texts) and no_taste_reason(column, texts) is None
    )


def _check_hidden(
    table: TableColumns, values: Mapping[str, list[Any]], settings: BehaviourSettings
) -> None:
    """A column such as `status` says whether an item is shown only if all of its values do."""
    column = table.by_field.get("hidden")
    if column is None:
        return
    try:
        hidden_count = sum(parse_hidden(value, column) for value in values[column])
    except CellError as fault:
        if normalise_column(column) != "hidden":
            del table.by_field["hidden"]
            table.notes += _unread_status(column, values[column], fault)
        return
    if normalise_column(column) != "hidden":
        table.notes.append(
            f"column '{column}' says which items are hidden: {hidden_count:,} of the first "
            f"{len(values[column]):,}"
        )


def _unread_status(column: str, values: Sequence[Any], fault: CellError) -> list[str]:
    """What is said of a column some of whose values hide items, where others are not understood."""
    for value in values:
        with suppress(CellError):
            if parse_hidden(value, column):
                return [
                    f"column '{column}' hides no item, also not with '{display_text(value)}': "
                    f"{fault.problem}; {fault.remedy}"
                ]
    return []


_Guess = Callable[[TableColumns, Mapping[str, list[Any]], BehaviourSettings], None]
_GUESSES: Mapping[str, Mapping[str, _Guess]] = {
    "events": {
        "event_type": _guess_event_type,
        "user": _guess_user,
        "session": _guess_session,
        "item": _guess_item,
    },
    "items": {"id": _guess_id, "title": _guess_title, "hidden": _check_hidden},
    "users": {"id": _guess_id},
}


def event_type_of_table(
    table: OpenTable, by_field: Mapping[str, str], settings: BehaviourSettings
) -> str | None:
    """The type of events that do not name one, by the file's name, by columns that only orders
    have, or by what people wrote; None where nothing says it, or the settings name another than
    the usual one, which only texts outweigh. Beside a value only orders say it: a value that is not
    called a rating is what was paid, or how many were.
    """
    usual_type = BehaviourSettings.model_fields["default_event_type"].default
    is_set = settings.default_event_type != usual_type
    if "event_type" in by_field:
        return None
    order_columns = [name for name in map(normalise_column, table.columns) if name in ORDER_COLUMNS]
    if (
        not order_columns
        and "value" not in by_field
        and _has_texts(by_field.get("text"), table.head)
    ):
        is_comment = normalise_column(by_field["text"]) in COMMENT_COLUMNS
        return "comment" if is_comment and "comment" in settings.event_weights else "review"
    if is_set:
        return None
    if "value" in by_field:
        is_paid = bool(order_columns) and not is_rating_name(by_field["value"])
        return "purchase" if is_paid else None
    return type_of_file(table.name) or ("purchase" if order_columns else None)


def _has_texts(column: str | None, head: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nearly every row has a text: the rows are what people wrote, and not a log in which
    some did.
    """
    if column is None or not head:
        return False
    return sum(not is_missing(row.get(column)) for row in head) >= MIN_TEXT_SHARE * len(head)
