"""Facets: which items would be shown in, how many of them have each value or range of a column out.

What is selected in a column does not count for that column itself: people choose a second value
beside the first, so the other values keep the number of items that they would add (“or”). Variants
of one product count once, as a list shows one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Catalogue, Doubles, Feature
from foretaste.domain.feature_types import (
    CALENDAR,
    FLAG_VALUES,
    ORDERED_TYPES,
    FeatureType,
    feature_number,
)
from foretaste.domain.words import BAND_SUFFIX, CURRENCY_SUFFIX, GROUP_COLUMNS, is_readable
from foretaste.rank.conditions import AnyOf, Condition, Range, parse_condition
from foretaste.rank.facet_breaks import breaks_of
from foretaste.rank.index import FilterIndex, Mask

VALUE_TYPES: frozenset[FeatureType] = frozenset(("list", "category", "flag"))
MAX_LONE_SHARE = 0.5
"""Of the values of a column, those that one item has, from which on they name items."""
MIN_ITEMS_SHARE = 0.02
"""Of the catalogue, what must have a value for a column to be a facet without being asked for."""


@dataclass(frozen=True, slots=True)
class ValueCount:
    """One value of a column."""

    value: str
    items: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class RangeCount:
    """One range of a column of numbers, from `low` to below `high`; None is open."""

    low: float | None
    high: float | None
    items: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """One column: values, or ranges where it has numbers."""

    column: str
    type: FeatureType
    values: tuple[ValueCount, ...] = ()
    more: int = 0
    """Values that are not among them."""
    ranges: tuple[RangeCount, ...] = ()
    low: float | None = None
    high: float | None = None
    """Of all items that may be shown."""


@dataclass(frozen=True)
class Selection:
    """The filter of a question as facets see it."""

    by_column: Mapping[str, Condition]
    """Columns at the top level of the filter: what is selected."""
    rest: Condition | None
    """All else in it."""

    @classmethod
    def of(cls, filter_spec: Mapping[str, Any], index: FilterIndex) -> "Selection":
        """Raises InputError for what is no filter."""
        columns = {feature.column for feature in index.catalogue.features}
        selected = {name: spec for name, spec in filter_spec.items() if name in columns}
        rest = {name: spec for name, spec in filter_spec.items() if name not in columns}
        return cls(
            {name: parse_condition({name: spec}) for name, spec in selected.items()},
            parse_condition(rest) if rest else None,
        )

    def allowed(self, index: FilterIndex, shown: Mask, but: str | None = None) -> Mask:
        """[items] of the `shown`, those that it leaves, but for what is selected in one column."""
        mask = shown if self.rest is None else shown & index.mask(self.rest)
        for column, condition in self.by_column.items():
            if column != but:
                mask = mask & index.mask(condition)
        return mask


def facet_columns(catalogue: Catalogue) -> list[Feature]:
    """Those that people choose by: no ids, addresses, counts, free text, nor what has another
    value for every item.
    """
    columns = {feature.column for feature in catalogue.features}
    return [
        feature for feature in catalogue.features if _is_facet(feature, columns, len(catalogue))
    ]


def _is_facet(feature: Feature, columns: set[str], size: int) -> bool:
    name = feature.column
    is_companion = name in GROUP_COLUMNS or name.endswith(CURRENCY_SUFFIX)
    if is_companion or (name.endswith(BAND_SUFFIX) and name.removesuffix(BAND_SUFFIX) in columns):
        return False
    if feature.feature_type in ORDERED_TYPES:
        return len(feature.values) > 1
    if feature.feature_type not in VALUE_TYPES or not len(feature.codes):
        return False
    if feature.feature_type == "flag":
        return True
    counts = np.bincount(feature.codes, minlength=len(feature.values))
    return bool((counts == 1).sum() <= MAX_LONE_SHARE * max(int((counts > 0).sum()), 2))


def has_enough_items(feature: Feature) -> bool:
    """Whether it tells enough of a catalogue to be shown without being asked for."""
    lengths = np.diff(feature.offsets)
    return bool((lengths > 0).sum() >= max(MIN_ITEMS_SHARE * len(lengths), 2))


def count_shown(index: FilterIndex, mask: Mask) -> int:
    """How many a list of all these would show: of variants one."""
    if index.groups is None:
        return int(mask.sum())
    return len(np.unique(_products(index)[mask]))


def _products(index: FilterIndex) -> npt.NDArray[np.int64]:
    """[items], the same number for all variants of one product."""
    numbers = np.arange(len(index), dtype=np.int64)
    if index.groups is None:
        return numbers
    return np.where(index.groups.codes >= 0, len(index) + index.groups.codes, numbers)


def _count_products(
    index: FilterIndex, items: npt.NDArray[np.integer], choices: npt.NDArray[np.integer], size: int
) -> list[int]:
    """How many products have each of so many choices. items, choices: [pairs]; what an item or
    another variant of it has twice counts once.
    """
    products = _products(index)[items]
    is_repeated = np.concatenate([[False], (products[1:] == products[:-1])])
    if index.groups is not None or is_repeated.any():
        pairs = np.unique(products * size + choices)
        choices = pairs % size
    return np.bincount(choices, minlength=size).tolist() if size else []


def count_facet(
    index: FilterIndex, feature: Feature, selection: Selection, shown: Mask, n: int
) -> Facet:
    """A column's counts. shown: [items], what may be shown to this person. n: values, at most."""
    mask = selection.allowed(index, shown, but=feature.column)
    chosen = selection.by_column.get(feature.column)
    owners = np.repeat(np.arange(len(index)), np.diff(feature.offsets))
    if feature.feature_type in ORDERED_TYPES:
        return _count_ranges(index, feature, owners, mask, shown, chosen, n)
    rows = mask[owners]
    is_flag = feature.feature_type == "flag"
    spellings = [_flag(value) if is_flag else value for value in feature.values]
    numbers = {value: number for number, value in enumerate(dict.fromkeys(spellings))}
    code_numbers = np.array([numbers[value] for value in spellings], np.int64)
    codes = code_numbers[feature.codes[rows]]
    counts = _count_products(index, owners[rows], codes, len(numbers))
    values = [
        ValueCount(value, count, _is_selected(value, chosen))
        for value, count in zip(numbers, counts, strict=True)
        if is_readable(value)
    ]
    listed = [own for own in values if own.items or own.selected]
    listed.sort(key=lambda own: (-own.items, own.value))
    kept = [own for row, own in enumerate(listed) if row < n or own.selected]
    return Facet(feature.column, feature.feature_type, tuple(kept), len(listed) - len(kept))


def _flag(value: str) -> str:
    flag = FLAG_VALUES.get(value.strip().lower())
    return value if flag is None else ("true" if flag else "false")


def _is_selected(value: str, condition: Condition | None) -> bool:
    if not isinstance(condition, AnyOf):
        return False
    number = feature_number(value)
    return value in condition.values or (
        number is not None and any(float(own) == number for own in condition.numbers)
    )


def _count_ranges(
    index: FilterIndex,
    feature: Feature,
    owners: npt.NDArray[np.integer],
    mask: Mask,
    shown: Mask,
    chosen: Condition | None,
    n: int,
) -> Facet:
    numbers: Doubles = index.column(feature.column).parsed_numbers[feature.codes]
    known = np.isfinite(numbers)
    if feature.feature_type == "date":
        known &= (numbers >= CALENDAR[0]) & (numbers <= CALENDAR[1])
    there = numbers[known & shown[owners]]
    if not len(there):
        return Facet(feature.column, feature.feature_type)
    rows = known & mask[owners]
    breaks = breaks_of(there, feature.feature_type, n)
    bins = np.searchsorted(np.array(breaks), numbers[rows], side="right").astype(np.int64)
    counts = _count_products(index, owners[rows], bins, len(breaks) + 1)
    lows: Sequence[float | None] = (None, *breaks)
    highs: Sequence[float | None] = (*breaks, None)
    ranges = [
        RangeCount(low, high, count, _is_same_range(low, high, chosen))
        for low, high, count in zip(lows, highs, counts, strict=True)
    ]
    return Facet(
        feature.column,
        feature.feature_type,
        ranges=tuple(own for own in ranges if own.items or own.selected),
        low=float(there.min()),
        high=float(there.max()),
    )


def _is_same_range(low: float | None, high: float | None, condition: Condition | None) -> bool:
    if not isinstance(condition, Range):
        return False
    own_low = None if condition.low == -np.inf else condition.low
    own_high = None if condition.high == np.inf else condition.high
    return (own_low, own_high) == (low, high) and (high is None or condition.high_open)


def value_filter(column: str, value: str, feature_type: FeatureType) -> dict[str, Any]:
    """What chooses a value alone, at the top level of a filter."""
    return {column: [value == "true"] if feature_type == "flag" else [value]}


def range_filter(column: str, own: RangeCount, feature_type: FeatureType) -> dict[str, Any]:
    """What chooses a range, likewise; days are written as such."""
    bounds = {"gte": own.low, "lt": own.high}
    return {
        column: {
            name: _day(bound) if feature_type == "date" else plain_number(bound)
            for name, bound in bounds.items()
            if bound is not None
        }
    }


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def plain_number(number: float) -> float | int:
    """A whole number without a point."""
    return int(number) if float(number).is_integer() else number
