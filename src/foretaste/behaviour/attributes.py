"""In: the columns of items or users that are no field. Out: what each is, and its values.

A column is free text for the language model, an attribute of one or several values, a price, which
is kept as it is and as a band, or an identifier that says nothing and is left out. Decided on the
first rows of a file, then fixed, and remembered so that a single item sent later is read in the
same way.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.reading.cleaning import clean_line
from foretaste.behaviour.reading.locales import DecimalMark
from foretaste.behaviour.reading.numbers import NumberParser
from foretaste.behaviour.reading.prices import is_price_column, price_values
from foretaste.behaviour.reading.texts import no_text_reason
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import (
    CellError,
    check_storable,
    is_missing,
    scalar_text,
    split_values,
)
from foretaste.domain.store import FactStore

ColumnRole = Literal["text", "attribute", "commas", "price", "skip"]
"""`commas` is an attribute whose several values are written 'Drama, Comedy'."""

_TEXT_COLUMN_WORDS = (
    "description text plot summary overview abstract body content lyrics review reviews synopsis "
    "longdescription shortdescription productdescription storyline bio transcript details"
)
TEXT_COLUMN_NAMES = frozenset(_TEXT_COLUMN_WORDS.split())
MIN_FREE_TEXT_LENGTH = 60
"""Mean characters of a value from which a column is free text."""
IDENTIFIER_UNIQUE_SHARE = 0.9
"""Share of different values above which a column is an identifier…"""
MIN_SAMPLE_VALUES = 50
"""…if it has more values than this."""
MAX_LIST_UNIQUE_SHARE = 0.3
"""Share of different parts below which values with commas are lists…"""
MAX_LIST_PART_LENGTH = 30
"""…if a part has fewer characters than this on average."""
_EMPTY_LIST_MARKERS = frozenset({"(no genres listed)"})  # how MovieLens writes an empty list
_INTEGRAL_FLOAT = re.compile(r"-?\d+\.0")  # how pandas writes whole numbers beside an empty cell


def column_roles(
    columns: Iterable[str],
    rows: Sequence[Mapping[str, Any]],
    settings: BehaviourSettings,
    stored_roles: Mapping[str, tuple[ColumnRole, int]],
) -> dict[str, tuple[ColumnRole, int]]:
    """Column → (what it is, on how many values that was decided).

    The settings win; then what was decided on more values, by this file or by one before it.
    """
    roles: dict[str, tuple[ColumnRole, int]] = {}
    for column in columns:
        values = [value for row in rows if not is_missing(value := row.get(column))]
        previous_role = stored_roles.get(column)
        if column in settings.text_columns:
            roles[column] = ("text", len(values))
        elif column in settings.attribute_columns:
            role: ColumnRole = "price" if is_price_column(column, values) else "attribute"
            roles[column] = (role, len(values))
        elif previous_role is not None and previous_role[1] >= len(values):
            roles[column] = previous_role
        else:
            roles[column] = (_role(column, values, settings.attribute_separator), len(values))
    return roles


def _role(column: str, values: Sequence[Any], separator: str) -> ColumnRole:
    if any(isinstance(value, Mapping) for value in values):
        return "skip"
    if no_text_reason(values) is not None:
        return "skip"
    if normalise_column(column) in TEXT_COLUMN_NAMES and all(
        isinstance(value, str) for value in values
    ):
        return "text"
    if is_price_column(column, values):
        return "price"
    if _is_comma_list(values, separator):
        return "commas"
    parts = [str(part) for value in values for part in split_values(value, separator)]
    if not parts:
        return "attribute"
    if sum(map(len, parts)) > MIN_FREE_TEXT_LENGTH * len(parts):
        return "text"
    unique = (
        len(set(parts)) > IDENTIFIER_UNIQUE_SHARE * len(parts) and len(parts) > MIN_SAMPLE_VALUES
    )
    return "skip" if unique else "attribute"


def _is_comma_list(values: Sequence[Any], separator: str) -> bool:
    """Whether the values are lists with commas: short parts, few different ones, in many rows."""
    if len(values) <= MIN_SAMPLE_VALUES or not all(isinstance(value, str) for value in values):
        return False
    if any(separator in value or value.startswith("[") for value in values):
        return False
    parts = [part for value in values for part in split_values(value, ",")]
    looks_like_list = len(set(parts)) < MAX_LIST_UNIQUE_SHARE * len(parts) and sum(
        map(len, parts)
    ) < MAX_LIST_PART_LENGTH * len(parts)
    return looks_like_list and sum(", " in value for value in values) * 3 > len(values)


def role_of_value(column: str, value: Any, separator: str) -> ColumnRole:
    """What a column is, judged by a single value: that of an item sent to the service."""
    if isinstance(value, Mapping):
        raise CellError(column, value, f"{column} is an object", "give a word, a number or a list")
    role = _role(column, [] if is_missing(value) else [value], separator)
    return "attribute" if role == "skip" else role  # an address that is to be shown, not read


def attribute_values(
    column: str, value: Any, role: ColumnRole, separator: str, parser: NumberParser | None = None
) -> Mapping[str, tuple[str, ...]]:
    """Attribute → its values: different ones, in their order. A price is several attributes; see
    `reading.prices`. parser: how the numbers of the column are read.
    """
    if role == "price":
        return price_values(column, value, parser or NumberParser(column, is_price=True))
    values: dict[str, None] = {}
    for part in split_values(value, "," if role == "commas" else separator):
        text = clean_line(check_storable(scalar_text(part, column), column))
        if _INTEGRAL_FLOAT.fullmatch(text):
            text = text[:-2]
        if text and text not in _EMPTY_LIST_MARKERS:
            values[text] = None
    return {column: tuple(values)}


def load_column_roles(store: FactStore, record_type: str) -> dict[str, tuple[ColumnRole, int]]:
    """What the store remembers of the columns of items or users."""
    roles_by_column = json.loads(store.meta_text(f"{record_type}_columns") or "{}")
    return {column: (role, n) for column, (role, n) in roles_by_column.items()}


def save_column_roles(
    store: FactStore, record_type: str, roles: Mapping[str, tuple[ColumnRole, int]]
) -> None:
    """Keep what was decided; columns that this file did not have stay as they were."""
    store.put_meta_text(
        f"{record_type}_columns", json.dumps({**load_column_roles(store, record_type), **roles})
    )


def load_number_marks(store: FactStore) -> dict[str, DecimalMark]:
    """Column of items → the mark before its decimals, of those whose values told it."""
    marks: dict[str, DecimalMark] = json.loads(store.meta_text("number_marks") or "{}")
    return marks


def save_number_marks(store: FactStore, marks: Mapping[str, DecimalMark]) -> None:
    """Keep what the values of a file told."""
    if marks:
        store.put_meta_text("number_marks", json.dumps({**load_number_marks(store), **marks}))
