"""In: how a table is read. Out: for each of its columns what it was taken for, why, and samples."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretaste.behaviour.column_roles import ColumnRole
from foretaste.behaviour.event_type_names import known_event_type
from foretaste.behaviour.opinion_columns import opinion_word
from foretaste.behaviour.reading.column import MAX_SAMPLES, ColumnReading
from foretaste.behaviour.reading.hierarchies import level_label
from foretaste.behaviour.reading.ratings import RatingParser
from foretaste.behaviour.reading.separators import separator_label
from foretaste.behaviour.settings import BehaviourSettings, normalise_event_type
from foretaste.behaviour.table_reading import TableReading
from foretaste.behaviour.values import (
    display_text,
    format_time,
    is_missing,
    says_nothing,
    split_values,
    with_names,
)
from foretaste.domain.event_value import ValueSettings
from foretaste.domain.feature_types import FeatureType

TIME_FIELDS = ("at", "available_from", "available_until")
LEFT_OUT = "left out"
ROLE_LABELS: dict[ColumnRole, str] = {
    "text": "text",
    "attribute": "attribute",
    "price": "price",
    "hidden": "hidden",
    "from": "available_from",
    "until": "available_until",
    "vector": "vector",
    "stock": "stock",
    "skip": LEFT_OUT,
}
MAX_EVENT_TYPES = 8
"""Spellings of event types that are shown."""


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What a column of a file was taken for."""

    column: str
    use: str
    """A field (`user`, `title`), text, attribute, price, or left out."""
    how: str
    """How its cells are read: "milliseconds since 1970"."""
    reason: str
    """Why: "its name", "its values", "the settings", or why it was left out."""
    filled: float
    """Of the rows that were looked at, the share with a value."""
    readable: float
    """Of the values, the share that can be read so."""
    samples: tuple[str, ...]
    """As they were written, and as they are read where that differs."""
    feature_type: FeatureType | None = None
    """Of an attribute: category, list, number, year, …"""

    @property
    def use_and_type(self) -> str:
        """What it is used for, and of an attribute its type: "attribute: year"."""
        has_own_name = self.feature_type in (None, self.use)
        return self.use if has_own_name else f"{self.use}: {self.feature_type}"

    @property
    def is_left_out(self) -> bool:
        """Whether nothing of it goes in."""
        return self.use == LEFT_OUT


def column_uses(reading: TableReading, settings: BehaviourSettings) -> list[ColumnUse]:
    """One a column, in the order of the file."""
    fields = {column: name for name, column in reading.columns_by_field.items()}
    return [
        _column_use(column, fields.get(column), reading, settings) for column in reading.columns
    ]


def short_lines(file: str, reading: TableReading, settings: BehaviourSettings) -> list[str]:
    """What an import says first: the columns that are used, with the types of attributes, and those
    that are left out.
    """
    fields = {column: name for name, column in reading.columns_by_field.items()}
    used, left_out = [], []
    for column in reading.columns:
        use = _use(column, fields.get(column), reading)
        if use == LEFT_OUT:
            left_out.append(column)
        else:
            used.append(_used_column(column, fields.get(column), use, reading, settings))
    lines = [f"{file}: {reading.record_type}; {', '.join(used)}"]
    return lines + ([f"  left out: {', '.join(left_out)}"] if left_out else [])


def _used_column(
    column: str,
    field: str | None,
    use: str,
    reading: TableReading,
    settings: BehaviourSettings,
) -> str:
    """`user = visitor`, `genres (list)`, `year`."""
    values = [cell for row in reading.head if not is_missing(cell := row.get(column))]
    feature_type = _feature_type(column, field, values, reading, settings)
    if feature_type is None:
        return column if use in (column, "attribute") else f"{use} = {column}"
    return column if feature_type == column else f"{column} ({feature_type})"


def _use(column: str, field: str | None, reading: TableReading) -> str:
    """What a column is taken for, in a word."""
    if field is not None:
        return field
    decision = reading.decisions.get(column)
    if column == reading.item_title_column:
        return "title"
    if column == reading.quantity_column:
        return "quantity"
    if column in (*reading.attention_columns, *reading.amount_columns):
        return "value"
    if (item_reading := _item_reading(column, reading)) is not None:
        fields = {name: field for field, name in item_reading.columns_by_field.items()}
        return _use(column, fields.get(column), item_reading)
    if decision is None:
        return LEFT_OUT if reading.record_type == "events" else "attribute"
    return ROLE_LABELS[decision.role]


def _item_reading(column: str, reading: TableReading) -> TableReading | None:
    """How a column of events is read that describes items that are new; None of another."""
    item_reading = reading.item_reading
    is_fields = column in reading.columns_by_field.values() or column == reading.item_title_column
    if item_reading is None or is_fields or column not in item_reading.columns:
        return None
    return item_reading


def _column_use(
    column: str, field: str | None, reading: TableReading, settings: BehaviourSettings
) -> ColumnUse:
    cells = [row.get(column) for row in reading.head]
    values = [cell for cell in cells if not is_missing(cell)]
    filled = len(values) / len(cells) if cells else 0.0
    column_reading = reading.readings.get(column)
    manner, readable = "", 1.0
    samples = _samples(values)
    if column_reading is not None:
        manner, readable = column_reading.decision, column_reading.share
        samples = tuple(
            _sample(raw, text, is_time=field in TIME_FIELDS) for raw, text in column_reading.samples
        )
    if field == "event_type":
        manner, readable, samples = (
            _opinions(values, reading) if reading.opinions else _event_types(values, settings)
        )
    if field == "value" and column_reading is not None:
        manner = "; ".join(
            filter(None, (manner, _worth_of_ratings(column_reading, reading, settings)))
        )
    reason = "its values"
    if field is None and column in reading.decisions:
        decision = reading.decisions[column]
        reason = decision.reason or "as before"
        if decision.separator is not None and decision.role == "attribute":
            manner = separator_label(decision.separator)
        feature = settings.features.get(column)
        if feature is not None and feature.unit:
            manner = " ".join(filter(None, (manner, f"in {feature.unit}")))
        if decision.levels:
            manner = "; ".join(filter(None, (manner, level_label(decision.levels))))
    elif field is not None:
        reason = reading.reasons.get(field, "its name")
    elif column in reading.attention_columns:
        reason = "it says how much of its item an event took in"
    elif column == reading.quantity_column or column in reading.amount_columns:
        reason = _reason_of_orders(column, reading)
    elif column == reading.item_title_column:
        reason = "items that are new are called so"
    elif _item_reading(column, reading) is not None:
        reason = "it is the same in all rows of an item: items that are new have it"
    elif reading.record_type == "events":
        reason = "it is no field of an event"
    use = _use(column, field, reading)
    feature_type = _feature_type(column, field, values, reading, settings)
    return ColumnUse(column, use, manner, reason, filled, readable, samples, feature_type)


def _reason_of_orders(column: str, reading: TableReading) -> str:
    """What the number of pieces or the price in a row of an order is used for."""
    uses = []
    if column in reading.amount_columns:
        amount = " × ".join(reading.amount_columns)
        uses.append(f"what was paid for the item is {amount}")
    if column == reading.quantity_column:
        uses.append("a row below 0 is a return")
    return "; ".join(uses)


def _worth_of_ratings(
    column_reading: ColumnReading, reading: TableReading, settings: BehaviourSettings
) -> str:
    """How much an interaction counts by its value, in words; "" of numbers that are no ratings."""
    parse, type_column = column_reading.parse, reading.columns_by_field.get("event_type")
    values = list(column_reading.values)
    if type_column is not None:
        words = (display_text(row.get(type_column)).strip() for row in reading.head)
        is_rating = [normalise_event_type(word) == "rating" for word in words]
        values = [value for value, rated in zip(values, is_rating, strict=False) if rated]
    elif not isinstance(parse, RatingParser) or parse.scale is None:
        return ""
    if not values:
        return ""
    ratings = np.array([np.nan if value is None else value for value in values], np.float32)
    curve = settings.value.get("rating", ValueSettings()).curve_for("rating", ratings)
    weighed = "all count fully" if curve is None else str(curve)
    return f"{weighed} (behaviour.value.rating)"


def _feature_type(
    column: str,
    field: str | None,
    values: Sequence[Any],
    reading: TableReading,
    settings: BehaviourSettings,
) -> FeatureType | None:
    """The type of an attribute; None of what is none."""
    reading = _item_reading(column, reading) or reading
    decision = reading.decisions.get(column)
    if field is not None or decision is None or decision.role not in ("attribute", "price"):
        return None
    separator = settings.attribute_separator if decision.separator is None else decision.separator
    if decision.measure is not None:
        values = [decision.measure.read(value) for value in values]
    parts = [split_values(with_names(value), separator) for value in values]
    return settings.feature_typing().find_type(
        column,
        [part for cell_parts in parts for part in cell_parts if not says_nothing(str(part))],
        has_several=any(len(cell_parts) > 1 for cell_parts in parts),
        is_priced=decision.role == "price",
    )


def _samples(values: Sequence[Any]) -> tuple[str, ...]:
    distinct = dict.fromkeys(display_text(value) for value in values[:200])
    return tuple(distinct)[:MAX_SAMPLES]


def _sample(raw: str, text: str, *, is_time: bool) -> str:
    if not text:
        return f"{raw} → nothing"
    if is_time:
        return f"{raw} → {format_time(float(text))} UTC"
    return raw if raw == text or raw == text.removesuffix(".0") else f"{raw} → {text}"


def _opinions(values: Sequence[Any], reading: TableReading) -> tuple[str, float, tuple[str, ...]]:
    """(how, share of known opinions, samples) of a column that says who liked what. What is neither
    a like nor a dislike is an event of the usual type.
    """
    counts = Counter(display_text(value).strip() for value in values)
    samples, known_count = [], 0
    for word, count in counts.most_common():
        opinion = reading.opinions.get(opinion_word(word))
        known_count += 0 if opinion is None else count
        event_type = None if opinion is None else opinion or reading.event_type
        samples.append(_event_type_sample(word, event_type))
    readable = known_count / len(values) if values else 1.0
    return "opinions", readable, tuple(samples[:MAX_EVENT_TYPES])


def _event_types(
    values: Sequence[Any], settings: BehaviourSettings
) -> tuple[str, float, tuple[str, ...]]:
    """(how, share of known types, samples) of a column of event types."""
    known_types, names = settings.all_event_weights(), settings.names_of_event_types()
    counts = Counter(display_text(value).strip() for value in values)
    samples, known_count = [], 0
    for word, count in counts.most_common():
        event_type = known_event_type(normalise_event_type(word), known_types, names)
        known_count += count if event_type else 0
        samples.append(_event_type_sample(word, event_type))
    readable = known_count / len(values) if values else 1.0
    return "event types", readable, tuple(samples[:MAX_EVENT_TYPES])


def _event_type_sample(word: str, event_type: str | None) -> str:
    return word if word == event_type else f"{word} → {event_type or 'not known'}"
