"""Conditions in, the items that meet them out: one index a state of the catalogue, kept between
requests, so that a filter that was asked before costs nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from threading import Lock
from typing import Any, Self

import numpy as np

from foretaste.domain.data import Catalogue, Doubles, Feature, Item, Longs
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.about import Mask as Mask
from foretaste.rank.about import Read as Read
from foretaste.rank.about import about
from foretaste.rank.conditions import (
    EXACT,
    TIMES,
    About,
    AnyOf,
    Condition,
    Every,
    Exists,
    Ids,
    Not,
    Range,
    Some,
    decimal,
    number,
)

ROOM = 32 * 1024 * 1024
"""Bytes of masks that are kept."""


@dataclass(frozen=True)
class Shelf:
    """What is on offer now, in the catalogue's order."""

    hidden: Mask
    available_from: Doubles
    available_until: Doubles

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """The present state of each item."""
        return cls(
            np.array([item.hidden for item in items], bool),
            np.array([_or(item.available_from, -np.inf) for item in items]),
            np.array([_or(item.available_until, np.inf) for item in items]),
        )

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

    @cached_property
    def timed(self) -> Longs:
        """The items that are not on offer at all times."""
        return np.flatnonzero(np.isfinite(self.available_from) | np.isfinite(self.available_until))


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


SPOKEN = {
    True: ("true", "True", "TRUE", "yes", "Yes", "YES", "1"),
    False: ("false", "False", "FALSE", "no", "No", "NO", "0"),
}
"""How tables write what a filter calls true and false."""


class Column:
    """One attribute over the catalogue."""

    def __init__(self, feature: Feature) -> None:
        self._codes = {value: code for code, value in enumerate(feature.values)}
        self._feature = feature
        self._owner = np.repeat(
            np.arange(len(feature.offsets) - 1, dtype=np.int32), np.diff(feature.offsets)
        )

    @cached_property
    def numbers(self) -> Doubles:
        """[values], nan for one that is no number."""
        found = (number(value) for value in self._feature.values)
        return np.array([np.nan if one is None else one for one in found], np.float64)

    @cached_property
    def _equals(self) -> dict[Decimal, list[int]]:
        """Number → the codes of all ways to write it."""
        equals: dict[Decimal, list[int]] = {}
        for value, code in self._codes.items():
            amount = decimal(value)
            if amount is not None:
                equals.setdefault(amount, []).append(code)
        return equals

    def having(self, wanted: AnyOf) -> Mask:
        """[items], whether it has one of the values."""
        texts = (*wanted.texts, *(word for flag in wanted.flags for word in SPOKEN[flag]))
        codes = [self._codes[text] for text in texts if text in self._codes]
        for amount in wanted.numbers:
            codes += self._equals.get(amount, ())
        if len(codes) == 1:
            return self._items(self._feature.codes == codes[0])
        chosen = np.zeros(len(self._feature.values), bool)
        chosen[codes] = True
        return self._items(chosen[self._feature.codes])

    def within(self, wanted: Range) -> Mask:
        """[items], whether one of its values is in the range."""
        chosen = inside(self.numbers, wanted)
        for bound in (wanted.low, wanted.high):
            if EXACT <= abs(bound) < np.inf:  # floats do not tell all whole numbers apart
                for code in np.flatnonzero(self.numbers == float(bound)):
                    amount = decimal(self._feature.values[code])
                    chosen[code] = amount is not None and _between(amount, wanted)
        return self._items(chosen[self._feature.codes])

    def any(self) -> Mask:
        """[items], whether it has a value."""
        return np.asarray(np.diff(self._feature.offsets) > 0)

    def codes(self, item: int) -> list[int]:
        """The values of one item."""
        return self._feature.of(item).tolist()

    def _items(self, rows: Mask) -> Mask:
        """[items] of [values of all items]."""
        found = np.zeros(len(self._feature.offsets) - 1, bool)
        found[self._owner[rows]] = True
        return found


def inside(numbers: Doubles, wanted: Range) -> Mask:
    """Which of the numbers are in the range; nan never is."""
    above = numbers > wanted.low if wanted.low_open else numbers >= wanted.low
    below = numbers < wanted.high if wanted.high_open else numbers <= wanted.high
    return above & below


def _between(amount: Decimal, wanted: Range) -> bool:
    """The same for one exact number."""
    above = amount > wanted.low if wanted.low_open else amount >= wanted.low
    below = amount < wanted.high if wanted.high_open else amount <= wanted.high
    return above and below


class Index:
    """What meets a condition. Safe to share between threads."""

    def __init__(self, catalogue: Catalogue, shelf: Shelf, read: Read | None = None) -> None:
        self.catalogue, self.shelf, self.read = catalogue, shelf, read
        self._features = {feature.column: feature for feature in catalogue.features}
        self._columns: dict[str, Column] = {}
        self._masks: OrderedDict[Condition, Mask] = OrderedDict()
        self._most = max(8, ROOM // max(len(catalogue), 1))
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.catalogue)

    def column(self, name: str, where: str = "filter") -> Column:
        """An attribute; an InputError for one that no item has."""
        if name not in self._columns:
            if name not in self._features:
                known = self._features
                hint = did_you_mean(name, known) if known else "no item has an attribute"
                raise InputError(f"{where}: unknown attribute '{name}'; {hint}")
            self._columns[name] = Column(self._features[name])
        return self._columns[name]

    def mask(self, condition: Condition) -> Mask:
        """[items], whether each meets it; not to be written to."""
        with self._lock:
            found = self._masks.get(condition)
            if found is not None:
                self._masks.move_to_end(condition)
                return found
        found = MASKS[type(condition)](self, condition)
        found.flags.writeable = False
        with self._lock:
            self._masks[condition] = found
            while len(self._masks) > self._most:
                self._masks.popitem(last=False)
        return found

    def places(self, ids: Sequence[str]) -> list[int]:
        """Where these items are, of those that are known."""
        index = self.catalogue.index
        return [index[one] for one in ids if one in index]


def _any_of(index: Index, condition: AnyOf) -> Mask:
    return index.column(condition.column).having(condition)


def _range(index: Index, condition: Range) -> Mask:
    if condition.column in TIMES:
        return inside(getattr(index.shelf, condition.column), condition)
    column = index.column(condition.column)
    if np.isnan(column.numbers).all():
        raise InputError(
            f"filter: '{condition.column}' has no numbers to be in a range; name values instead"
        )
    return column.within(condition)


def _exists(index: Index, condition: Exists) -> Mask:
    return index.column(condition.column).any()


def _ids(index: Index, condition: Ids) -> Mask:
    found = np.zeros(len(index), bool)
    found[index.places(condition.ids)] = True
    return found


def _about(index: Index, condition: About) -> Mask:
    return about(index.catalogue, condition.words, index.read)


def _every(index: Index, condition: Every) -> Mask:
    found = np.ones(len(index), bool)
    for part in condition.parts:
        found &= index.mask(part)
    return found


def _some(index: Index, condition: Some) -> Mask:
    found = np.zeros(len(index), bool)
    for part in condition.parts:
        found |= index.mask(part)
    return found


def _not(index: Index, condition: Not) -> Mask:
    return ~index.mask(condition.part)


MASKS: dict[type, Callable[[Index, Any], Mask]] = {
    AnyOf: _any_of,
    Range: _range,
    Exists: _exists,
    Ids: _ids,
    About: _about,
    Every: _every,
    Some: _some,
    Not: _not,
}
