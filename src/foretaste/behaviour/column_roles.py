"""In: the columns of items or users that are no field. Out: what each is, and why.

A column is free text for the language model, an attribute of one or several values, a price, what
says whether an item is shown, or of no taste and left out. Decided on the first rows of a file,
then fixed, and remembered so that a single item sent later is read in the same way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from foretaste.behaviour.columns import is_alias, normalise_column
from foretaste.behaviour.media_columns import is_vector_column
from foretaste.behaviour.reading.cleaning import without_entities
from foretaste.behaviour.reading.hierarchies import (
    SLASH,
    comma_parts_paths,
    find_level_mark,
    level_label,
)
from foretaste.behaviour.reading.measures import Measure, find_measure
from foretaste.behaviour.reading.prices import is_price_column
from foretaste.behaviour.reading.separators import find_separator, separator_label
from foretaste.behaviour.reading.texts import are_phrases, no_text_reason
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import (
    CellError,
    is_missing,
    says_nothing,
    split_values,
    with_names,
)
from foretaste.behaviour.visibility import parse_hidden
from foretaste.domain.feature_types import TASTELESS_TYPES, FeatureType, find_feature_type
from foretaste.domain.measured_columns import is_measured
from foretaste.domain.no_taste import is_release_time, no_taste_reason
from foretaste.domain.stock import is_stock_column

ColumnRole = Literal[
    "text", "attribute", "price", "hidden", "from", "until", "skip", "vector", "stock"
]

_TEXT_COLUMN_WORDS = (
    "description text plot summary overview abstract body content lyrics review reviews synopsis "
    "longdescription shortdescription productdescription storyline bio transcript details bodyhtml "
    "beschreibung artikelbeschreibung produktbeschreibung kurzbeschreibung langbeschreibung inhalt "
    "inhaltsangabe zusammenfassung handlung klappentext rezension descriptif resume "
    "descriptionproduit descriptioncourte descripcion descripcioncorta resumen sinopsis contenido "
    "descrizione trama descricao sinopse resumo omschrijving beschrijving samenvatting"
)
TEXT_COLUMN_NAMES = frozenset(_TEXT_COLUMN_WORDS.split())
MIN_FREE_TEXT_LENGTH = 60
"""Mean characters of a value from which a column is free text."""
IDENTIFIER_UNIQUE_SHARE = 0.9
"""Share of different values above which a column is an identifier…"""
MIN_SAMPLE_VALUES = 50
"""…if it has more values than this."""
GROUP_REASON = "it groups variants"
KEEP_REMEDY = "name it in behaviour.attribute_columns or behaviour.text_columns to keep it"


@dataclass(frozen=True, slots=True)
class ColumnDecision:
    """What a column was taken for."""

    role: ColumnRole
    value_count: int
    """On how many values that was decided."""
    separator: str | None = None
    """Between several values in a cell of it; "" where a cell has one, None for the usual one."""
    reason: str = ""
    """In words; "" where it was remembered."""
    levels: str | None = None
    """Between the levels of a category; "" where it has none, None where nothing was decided."""
    measure: Measure | None = None
    """How its numbers are written; None where they stand as programs write them."""


def decide_columns(
    columns: Iterable[str],
    rows: Sequence[Mapping[str, Any]],
    settings: BehaviourSettings,
    stored_decisions: Mapping[str, ColumnDecision],
    *,
    is_of_items: bool = True,
) -> dict[str, ColumnDecision]:
    """Column → what it is.

    The settings win; then what was decided on more values, by this file or by one before it.
    """
    decisions: dict[str, ColumnDecision] = {}
    for column in columns:
        cells = [value for row in rows if not is_missing(value := row.get(column))]
        cells = [cell for cell in cells if not (isinstance(cell, str) and says_nothing(cell))]
        values = [with_names(without_entities(cell)) for cell in cells]
        stored = stored_decisions.get(column)
        decision = _by_settings(column, values, settings)
        if decision is None and stored is not None and stored.value_count >= len(values):
            decision = stored
        decision = decision or decide_column(
            column, values, settings, row_count=len(rows), is_of_items=is_of_items
        )
        decision = _with_measure(decision, values, settings)
        decisions[column] = _with_levels(decision, column, values, settings)
    return decisions


def _with_measure(
    decision: ColumnDecision, values: Sequence[Any], settings: BehaviourSettings
) -> ColumnDecision:
    """The decision with how the column's numbers are written."""
    if decision.role != "attribute" or not values or decision.measure is not None:
        return decision
    measure = find_measure(values, settings)
    if measure is None or (decision.separator and not measure.unit):
        return decision  # what a comma parts are several values
    reason = f"numbers in {measure.unit}" if measure.unit else "numbers"
    if measure.mark == ",":
        has_commas = any("," in str(value) for value in values)
        reason += " with a decimal comma" if has_commas else " with points between the thousands"
    return replace(decision, separator=None, measure=measure, reason=decision.reason and reason)


def _with_levels(
    decision: ColumnDecision, column: str, values: Sequence[Any], settings: BehaviourSettings
) -> ColumnDecision:
    """The decision with what stands between the levels of the column's categories."""
    if decision.role != "attribute" or not values or decision.measure is not None:
        return decision
    configured = settings.levels.get(column)
    if configured is not None:
        return replace(decision, levels=configured)
    if decision.levels is not None and decision.reason == "":
        return decision  # as it was decided before
    separator, usual = decision.separator, settings.attribute_separator
    is_slash_list = separator == SLASH and column not in settings.separators
    if is_slash_list:
        separator = None
    mark = find_level_mark(column, values, usual if separator is None else separator)
    if not mark:
        return replace(decision, levels="")
    if separator == "," and column not in settings.separators:
        separator = "," if comma_parts_paths(values, mark) else ""
    reason = f"{decision.reason}; {level_label(mark)}" if decision.reason else ""
    return replace(decision, separator=separator, levels=mark, reason=reason)


def _by_settings(
    column: str, values: Sequence[Any], settings: BehaviourSettings
) -> ColumnDecision | None:
    role: ColumnRole | None = None
    if column in settings.group_columns:
        return ColumnDecision("skip", len(values), reason=GROUP_REASON)
    feature = settings.features.get(column)
    if feature is not None and feature.type is not None:
        role = _role_of_type(feature.type)
        if role == "skip" and column in settings.attribute_columns:
            role = "attribute"  # kept for filters and limits, though it says nothing of taste
    elif column in settings.text_columns:
        role = "text"
    elif column in settings.attribute_columns:
        role = "price" if is_price_column(column, values) else "attribute"
    elif column in settings.ignored_columns:
        role = "skip"
    elif column in settings.separators:
        role = "attribute"
    if role is None:
        return None
    separator = settings.separators.get(column)
    if separator is None and role == "attribute":
        separator = find_separator(column, values, settings.attribute_separator)
    return ColumnDecision(role, len(values), separator, "the settings")


def decide_column(
    column: str,
    values: Sequence[Any],
    settings: BehaviourSettings,
    *,
    row_count: int = 0,
    is_of_items: bool = True,
) -> ColumnDecision:
    """What a column is by its name and its values alone.

    row_count: of the table, 0 of an item sent alone. is_of_items: or of users.
    """
    count = len(values)
    if is_of_items and is_vector_column(column, values):
        return ColumnDecision("vector", count, reason="its values are vectors")
    if any(map(_has_objects, values)):
        return ColumnDecision("skip", count, reason="it has objects")
    no_text = no_text_reason(values)
    if no_text is not None:  # an item sent alone may have it to be shown
        role: ColumnRole = "skip" if row_count else "attribute"
        return ColumnDecision(role, count, reason=f"it has {no_text}")
    texts = [value for value in values if isinstance(value, str)]
    if normalise_column(column) in TEXT_COLUMN_NAMES and len(texts) == count:
        measure = find_measure(values, settings)
        if measure is None or not measure.unit:  # else the contents of a bottle
            return ColumnDecision("text", count, reason="its name")
    if is_of_items and row_count and is_stock_column(column, values):
        return ColumnDecision("stock", count, reason="it says how much is left")
    if is_of_items and row_count and _says_what_is_hidden(column, values):
        return ColumnDecision("hidden", count, reason="its values say which items are shown")
    reason = no_taste_reason(column, values) if row_count else None
    if is_of_items and reason == "it has times" and is_alias("items", "available_until", column):
        return ColumnDecision("until", count, reason="its name")
    if reason is not None and not (reason == "it has times" and is_release_time(column)):
        return ColumnDecision("skip", count, reason=reason)
    if is_price_column(column, values):
        return ColumnDecision("price", count, reason="its name or its currencies")
    separator = find_separator(column, values, settings.attribute_separator)
    split_by = settings.attribute_separator if separator is None else separator
    parts = [str(part) for value in values for part in split_values(value, split_by)]
    if parts and sum(map(len, parts)) > MIN_FREE_TEXT_LENGTH * len(parts):
        return ColumnDecision("text", count, reason="its values are long")
    is_unique = len(parts) > MIN_SAMPLE_VALUES and len(set(parts)) > (
        IDENTIFIER_UNIQUE_SHARE * len(parts)
    )
    if is_unique and not _has_order(column, parts, values, settings, is_of_items=is_of_items):
        if row_count and are_phrases(values):
            return ColumnDecision(
                "text", count, reason="its values are words, all of them different"
            )
        return ColumnDecision("skip", count, reason="it has a different value in nearly every row")
    is_list = len(parts) > count
    reason = f"several values, {separator_label(split_by)}" if is_list else "its values"
    return ColumnDecision("attribute", count, separator, reason)


def _has_objects(value: Any) -> bool:
    """Whether it is an object, or a list of them that are no names."""
    parts = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(part, Mapping) for part in parts)


def _role_of_type(feature_type: FeatureType) -> ColumnRole:
    if feature_type in TASTELESS_TYPES:
        return "skip"
    return "text" if feature_type == "text" else "price" if feature_type == "price" else "attribute"


def _has_order(
    column: str,
    parts: Sequence[str],
    values: Sequence[Any],
    settings: BehaviourSettings,
    *,
    is_of_items: bool,
) -> bool:
    """Whether different values are near one another all the same: days, durations and measures. Of
    users, numbers without a unit are mostly what they have spent.
    """
    measure = find_measure(values, settings)
    is_measure = bool(measure and measure.unit) or (is_of_items and is_measured(column, parts))
    return is_measure or find_feature_type(column, parts) in ("date", "duration", "year")


def _says_what_is_hidden(column: str, values: Sequence[Any]) -> bool:
    """Whether all values say if an item is shown, in a column that is called so."""
    if not values or not is_alias("items", "hidden", column):
        return False
    try:
        for value in values:
            parse_hidden(value, column)
    except CellError:
        return False
    return True


def role_of_value(column: str, value: Any, settings_separator: str) -> ColumnRole:
    """What a column is, judged by a single value: that of an item sent to the service."""
    if isinstance(value, Mapping):
        raise CellError(column, value, f"{column} is an object", "give a word, a number or a list")
    settings = BehaviourSettings.model_construct(attribute_separator=settings_separator)
    return decide_column(column, [] if is_missing(value) else [value], settings).role
