"""Conditions in, the items that meet them out: one index a state of the catalogue, kept between
requests, so that a filter that was asked before costs nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Catalogue, Doubles, Feature, Item, Longs
from foretaste.domain.derived_files import DerivedFiles
from foretaste.domain.feature_types import feature_number
from foretaste.domain.store import ItemColumns
from foretaste.domain.words import GROUP_COLUMN, deepest_values
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.about import EncodeText as EncodeText
from foretaste.rank.about import ItemsWithWords, items_about
from foretaste.rank.about import Mask as Mask
from foretaste.rank.conditions import (
    AVAILABILITY_COLUMNS,
    MAX_EXACT_FLOAT,
    About,
    And,
    AnyOf,
    Condition,
    Exists,
    IdIn,
    Not,
    Or,
    Range,
    parse_decimal,
    parse_number,
)
from foretaste.rank.variant_groups import VariantGroups

MASK_CACHE_BYTES = 32 * 1024 * 1024
"""Bytes of masks that are kept."""


@dataclass(frozen=True)
class ItemAvailability:
    """What is on offer now, in the catalogue's order."""

    hidden: Mask
    available_from: Doubles
    available_until: Doubles

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """The present state of each item."""
        hidden, start, end = np.zeros(len(items), bool), *np.zeros((2, len(items)))
        for row, item in enumerate(items):  # once: those of a large catalogue are made each time
            hidden[row] = item.hidden
            start[row] = _value_or_default(item.available_from, -np.inf)
            end[row] = _value_or_default(item.available_until, np.inf)
        return cls(hidden, start, end)

    @classmethod
    def from_files(cls, files: DerivedFiles, make: Callable[[], Sequence[Item]]) -> Self:
        """The same in files that are mapped."""
        return cls(**files.arrays("availability", lambda: vars(cls.of(make()))))

    def updated(self, items: Sequence[Item], catalogue: Catalogue) -> Self:
        """With these items, which are in the catalogue, as they are now."""
        positions = np.array([catalogue.index[item.id] for item in items])
        states, columns = type(self).of(items), []
        for name in ("hidden", "available_from", "available_until"):
            earlier = getattr(self, name)
            column = np.zeros(len(catalogue), earlier.dtype)
            column[: len(earlier)] = earlier
            column[positions] = getattr(states, name)
            column.flags.writeable = False
            columns.append(column)
        return type(self)(*columns)

    def unavailable(self, now: float) -> Mask:
        """[items], hidden by the operator, not yet there, or no longer; not to be changed. now:
        seconds since 1970.
        """
        limited = self.time_limited
        if not len(limited):
            return self.hidden
        excluded = self.hidden.copy()
        excluded[limited] |= (self.available_from[limited] > now) | (
            self.available_until[limited] <= now
        )
        return excluded

    @cached_property
    def time_limited(self) -> Longs:
        """The items that are not on offer at all times."""
        return np.flatnonzero(np.isfinite(self.available_from) | np.isfinite(self.available_until))


def _value_or_default(value: float | None, default: float) -> float:
    return default if value is None else value


FLAG_SPELLINGS = {
    True: ("true", "True", "TRUE", "yes", "Yes", "YES", "1"),
    False: ("false", "False", "FALSE", "no", "No", "NO", "0"),
}
"""How tables write what a filter calls true and false."""


class ColumnIndex:
    """One attribute over the catalogue."""

    def __init__(self, feature: Feature) -> None:
        self._codes = {value: code for code, value in enumerate(feature.values)}
        self._feature = feature
        self._owner_of_value = np.repeat(
            np.arange(len(feature.offsets) - 1, dtype=np.int32), np.diff(feature.offsets)
        )

    @cached_property
    def parsed_numbers(self) -> Doubles:
        """[values], nan for one that is no number."""
        feature_type = self._feature.feature_type
        is_written = feature_type in ("duration", "number")  # “1 h 35 min”, “2.75 kg”
        parse = partial(feature_number, feature_type=feature_type) if is_written else parse_number
        amounts = map(parse, self._feature.values)
        return np.array([np.nan if amount is None else amount for amount in amounts], np.float64)

    @cached_property
    def item_numbers(self) -> Doubles:
        """[items], the first value that is a number; nan where there is none."""
        numbers = np.full(len(self._feature.offsets) - 1, np.nan)
        amounts = self.parsed_numbers[self._feature.codes]
        is_number = np.flatnonzero(np.isfinite(amounts))[::-1]  # the first is written last
        numbers[self._owner_of_value[is_number]] = amounts[is_number]
        return numbers

    @cached_property
    def has_values_but_no_number(self) -> bool:
        """Whether items have values in it and none is a number. Values that no item has any more
        do not count: a process that has just started does not know them.
        """
        codes = self._feature.codes
        return len(codes) > 0 and bool(np.isnan(self.parsed_numbers[codes]).all())

    @cached_property
    def _equals(self) -> dict[Decimal, list[int]]:
        """Number → the codes of all ways to write it."""
        equals: dict[Decimal, list[int]] = {}
        for value, code in self._codes.items():
            amount = parse_decimal(value)
            if amount is not None:
                equals.setdefault(amount, []).append(code)
        return equals

    @cached_property
    def _paths(self) -> dict[str, list[int]]:
        """Path of categories without blanks → the codes of all ways to write it."""
        paths: dict[str, list[int]] = {}
        for value, code in self._codes.items():
            if ">" in value:
                paths.setdefault(_path(value), []).append(code)
        return paths

    def has_any_value(self, condition: AnyOf) -> Mask:
        """[items], whether it has one of the values."""
        texts = (
            *condition.texts,
            *(word for flag in condition.flags for word in FLAG_SPELLINGS[flag]),
        )
        codes = [self._codes[text] for text in texts if text in self._codes]
        codes += [
            code
            for text in texts
            if text not in self._codes and ">" in text
            for code in self._paths.get(_path(text), ())
        ]
        for amount in condition.numbers:
            codes += self._equals.get(amount, ())
        if len(codes) == 1:
            return self._items_owning(self._feature.codes == codes[0])
        chosen_values = np.zeros(len(self._feature.values), bool)
        chosen_values[codes] = True
        return self._items_owning(chosen_values[self._feature.codes])

    def has_value_in_range(self, condition: Range) -> Mask:
        """[items], whether one of its values is in the range."""
        chosen_values = numbers_in_range(self.parsed_numbers, condition)
        for bound in (condition.low, condition.high):
            if MAX_EXACT_FLOAT <= abs(bound) < np.inf:  # floats do not tell all whole numbers apart
                for code in np.flatnonzero(self.parsed_numbers == float(bound)):
                    amount = parse_decimal(self._feature.values[code])
                    chosen_values[code] = amount is not None and _decimal_in_range(
                        amount, condition
                    )
        return self._items_owning(chosen_values[self._feature.codes])

    def has_value(self) -> Mask:
        """[items], whether it has a value."""
        return np.asarray(np.diff(self._feature.offsets) > 0)

    def value_codes(self, item: int) -> list[int]:
        """The values of one item; of a category with levels the deepest."""
        codes: list[int] = self._feature.item_codes(item).tolist()
        if len(codes) < 2:
            return codes
        values = [self._feature.values[code] for code in codes]
        deepest = set(deepest_values(values))
        return [code for code, value in zip(codes, values, strict=True) if value in deepest]

    def _items_owning(self, rows: Mask) -> Mask:
        """[items] of [values of all items]."""
        mask = np.zeros(len(self._feature.offsets) - 1, bool)
        mask[self._owner_of_value[rows]] = True
        return mask


def _path(text: str) -> str:
    """`A > B` and `A>B` are one."""
    return ">".join(name.strip() for name in text.split(">"))


def numbers_in_range(numbers: Doubles, condition: Range) -> Mask:
    """Which of the numbers are in the range; nan never is."""
    above = numbers > condition.low if condition.low_open else numbers >= condition.low
    below = numbers < condition.high if condition.high_open else numbers <= condition.high
    return above & below


def _decimal_in_range(amount: Decimal, condition: Range) -> bool:
    """The same for one exact number."""
    above = amount > condition.low if condition.low_open else amount >= condition.low
    below = amount < condition.high if condition.high_open else amount <= condition.high
    return above and below


NO_COLUMNS = ItemColumns(frozenset(), frozenset())
ListColumns = Callable[[], ItemColumns]
"""→ the columns that any item has or ever had, as the store knows them."""


class FilterIndex:
    """What meets a condition. Safe to share between threads."""

    def __init__(
        self,
        catalogue: Catalogue,
        availability: ItemAvailability,
        encode_text: EncodeText | None = None,
        list_columns: ListColumns = lambda: NO_COLUMNS,
    ) -> None:
        self.catalogue, self.availability, self.encode_text = catalogue, availability, encode_text
        self.list_columns = list_columns
        self.items_with_words: ItemsWithWords = lambda forms: None
        """Of an index of the words of the items, where there is one."""
        self._features = {feature.column: feature for feature in catalogue.features}
        self._columns: dict[str, ColumnIndex] = {}
        self._masks: OrderedDict[Condition, Mask] = OrderedDict()
        self._max_masks = max(8, MASK_CACHE_BYTES // max(len(catalogue), 1))
        self._lock = Lock()

    def with_availability(self, availability: ItemAvailability) -> "FilterIndex":
        """Of the same catalogue; what was looked up of single conditions stays known."""
        if availability is self.availability:
            return self
        index = FilterIndex(self.catalogue, availability, self.encode_text, self.list_columns)
        index._columns, index.items_with_words = self._columns, self.items_with_words
        with self._lock:
            index._masks.update((c, m) for c, m in self._masks.items() if _is_of_catalogue(c))
        return index

    def __len__(self) -> int:
        return len(self.catalogue)

    @cached_property
    def groups(self) -> VariantGroups | None:
        """Which items are variants of one product; None where none is."""
        return VariantGroups.of(self._features.get(GROUP_COLUMN), self.catalogue.index)

    def with_variants(self, items: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
        """These items, and all variants of the same products."""
        groups = self.groups
        return items if groups is None or not len(items) else groups.with_members(items)

    def column(self, name: str, field_path: str = "filter") -> ColumnIndex:
        """An attribute. One that no item of the catalogue has now, but items had before or have
        that are still to be read, is empty; an InputError for one that was never seen.
        """
        if name in self._columns:
            return self._columns[name]
        if name not in self._features:
            known_columns = {*self._features, *self.list_columns().attributes}
            if name not in known_columns:
                hint = (
                    did_you_mean(name, sorted(known_columns))
                    if known_columns
                    else "no item has an attribute"
                )
                raise InputError(f"{field_path}: unknown attribute '{name}'; {hint}")
        self._columns[name] = ColumnIndex(self._features.get(name) or self._empty_feature(name))
        return self._columns[name]

    def _empty_feature(self, name: str) -> Feature:
        offsets = np.zeros(len(self.catalogue) + 1, np.int64)
        return Feature(name, (), offsets, np.zeros(0, np.int32))

    def mask(self, condition: Condition) -> Mask:
        """[items], whether each meets it; not to be written to."""
        with self._lock:
            mask = self._masks.get(condition)
            if mask is not None:
                self._masks.move_to_end(condition)
                return mask
        mask = MASK_BUILDERS[type(condition)](self, condition)
        mask.flags.writeable = False
        with self._lock:
            self._masks[condition] = mask
            while len(self._masks) > self._max_masks:
                self._masks.popitem(last=False)
        return mask

    def knows(self, condition: Condition) -> bool:
        """Whether it has been looked up what meets this."""
        with self._lock:
            return condition in self._masks

    def item_indices(self, ids: Sequence[str]) -> list[int]:
        """Where these items are, of those that are known."""
        index_by_id = self.catalogue.index
        return [index_by_id[item_id] for item_id in ids if item_id in index_by_id]


def _is_of_catalogue(condition: Condition) -> bool:
    """Whether it is a single condition that has nothing to do with what is on offer."""
    if isinstance(condition, Range):
        return condition.column not in AVAILABILITY_COLUMNS
    return not isinstance(condition, And | Or | Not)


def _any_of_mask(index: FilterIndex, condition: AnyOf) -> Mask:
    return index.column(condition.column).has_any_value(condition)


def _range_mask(index: FilterIndex, condition: Range) -> Mask:
    if condition.column in AVAILABILITY_COLUMNS:
        return numbers_in_range(getattr(index.availability, condition.column), condition)
    column = index.column(condition.column)
    if column.has_values_but_no_number:
        raise InputError(
            f"filter: '{condition.column}' has no numbers to be in a range; name values instead"
        )
    return column.has_value_in_range(condition)


def _exists_mask(index: FilterIndex, condition: Exists) -> Mask:
    return index.column(condition.column).has_value()


def _id_mask(index: FilterIndex, condition: IdIn) -> Mask:
    mask = np.zeros(len(index), bool)
    mask[index.item_indices(condition.ids)] = True
    return mask


def _about_mask(index: FilterIndex, condition: About) -> Mask:
    return items_about(index.catalogue, condition.words, index.encode_text, index.items_with_words)


def _and_mask(index: FilterIndex, condition: And) -> Mask:
    mask = np.ones(len(index), bool)
    for part in condition.parts:
        mask &= index.mask(part)
    return mask


def _or_mask(index: FilterIndex, condition: Or) -> Mask:
    mask = np.zeros(len(index), bool)
    for part in condition.parts:
        mask |= index.mask(part)
    return mask


def _not_mask(index: FilterIndex, condition: Not) -> Mask:
    return ~index.mask(condition.part)


MASK_BUILDERS: dict[type, Callable[[FilterIndex, Any], Mask]] = {
    AnyOf: _any_of_mask,
    Range: _range_mask,
    Exists: _exists_mask,
    IdIn: _id_mask,
    About: _about_mask,
    And: _and_mask,
    Or: _or_mask,
    Not: _not_mask,
}
