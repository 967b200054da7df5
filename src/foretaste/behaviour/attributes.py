"""In: a cell of a column that is no field. Out: the values of an attribute.

What each column was taken for (see `column_roles`) is remembered in the store, so that a single
item sent later is read in the same way.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.behaviour.column_roles import ColumnDecision, ColumnRole
from foretaste.behaviour.reading.cleaning import clean_line, without_entities
from foretaste.behaviour.reading.hierarchies import level_values
from foretaste.behaviour.reading.locales import DecimalMark
from foretaste.behaviour.reading.measures import Measure
from foretaste.behaviour.reading.numbers import NumberParser
from foretaste.behaviour.reading.prices import price_values
from foretaste.behaviour.values import (
    CellError,
    check_length,
    check_storable,
    says_nothing,
    scalar_text,
    split_values,
    with_names,
)
from foretaste.domain.store import FactStore
from foretaste.domain.text_limits import (
    MAX_COLUMN_VALUES,
    MAX_ITEM_LENGTH,
    MAX_RAW_FACTOR,
    MAX_TEXT_LENGTH,
)

_INTEGRAL_FLOAT = re.compile(
    r"-?\d{1,30}\.0"
)  # how pandas writes whole numbers beside an empty cell


def attribute_values(
    column: str,
    value: Any,
    role: ColumnRole,
    separator: str,
    parser: NumberParser | None = None,
    *,
    levels: str | None = "",
) -> Mapping[str, tuple[str, ...]]:
    """Attribute → its values: different ones, in their order. A price is several attributes; see
    `reading.prices`. parser: how the numbers of the column are read. levels: between the levels of
    a path, see `reading.hierarchies.level_values`.
    """
    if role == "price":
        return price_values(column, value, parser or NumberParser(column, is_price=True))
    values: dict[str, None] = {}
    parts = split_values(with_names(without_entities(value)), separator)
    if len(parts) > MAX_COLUMN_VALUES:
        raise CellError(
            column,
            None,
            f"{column} has {len(parts):,} values",
            f"give the {MAX_COLUMN_VALUES:,} that matter",
        )
    for part in parts:
        cell = part if part.__class__ is str else scalar_text(part, column)
        if len(cell) > MAX_RAW_FACTOR * MAX_TEXT_LENGTH:
            check_length(cell, column)  # not even markup is read
        text = check_length(clean_line(check_storable(cell, column)), column)
        if _INTEGRAL_FLOAT.fullmatch(text):
            text = text[:-2]
        if text and not says_nothing(text):
            values |= dict.fromkeys(level_values(text, levels))
    return {column: tuple(values)}


def check_whole_length(texts: Mapping[str, str], attributes: Mapping[str, tuple[str, ...]]) -> None:
    """Raises CellError where an item's or a user's columns are too long together."""
    lengths = {name: len(name) + len(text) for name, text in texts.items()}
    lengths |= {name: len(name) + sum(map(len, values)) for name, values in attributes.items()}
    if sum(lengths.values()) > MAX_ITEM_LENGTH:
        longest = max(lengths, key=lengths.__getitem__)
        raise CellError(
            longest,
            None,
            f"the columns together have {sum(lengths.values()):,} characters, {longest} alone "
            f"{lengths[longest]:,}",
            f"shorten them to {MAX_ITEM_LENGTH:,} together",
        )


def load_column_decisions(store: FactStore, record_type: str) -> dict[str, ColumnDecision]:
    """What the store remembers of the columns of items or users."""
    stored = json.loads(store.meta_text(f"{record_type}_columns") or "{}")
    return {column: _decision(*parts) for column, parts in stored.items()}


def _decision(
    role: str,
    value_count: int,
    separator: str | None = None,
    levels: str | None = None,
    measure: Sequence[str] | None = None,
) -> ColumnDecision:
    if role == "commas":  # as it was remembered before there were other separators
        return ColumnDecision("attribute", value_count, ",")
    written_as = None if measure is None else Measure(*measure)  # type: ignore[arg-type]  # its mark
    return ColumnDecision(role, value_count, separator, levels=levels, measure=written_as)  # type: ignore[arg-type]  # a ColumnRole


def save_column_decisions(
    store: FactStore, record_type: str, decisions: Mapping[str, ColumnDecision]
) -> None:
    """Keep what was decided; columns that this file did not have stay as they were."""
    all_decisions = {**load_column_decisions(store, record_type), **decisions}
    stored = {
        column: (
            *(decision.role, decision.value_count, decision.separator, decision.levels),
            decision.measure,
        )
        for column, decision in all_decisions.items()
    }
    store.put_meta_text(f"{record_type}_columns", json.dumps(stored))


def load_number_marks(store: FactStore) -> dict[str, DecimalMark]:
    """Column of items → the mark before its decimals, of those whose values told it."""
    marks: dict[str, DecimalMark] = json.loads(store.meta_text("number_marks") or "{}")
    return marks


def save_number_marks(store: FactStore, marks: Mapping[str, DecimalMark]) -> None:
    """Keep what the values of a file told."""
    if marks:
        store.put_meta_text("number_marks", json.dumps({**load_number_marks(store), **marks}))
