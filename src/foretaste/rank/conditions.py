"""Filters as people write them in, conditions on items out: parsed once, strictly.

    {"genres": "Drama"}                          one value will do
    {"genres": ["Drama", "War"]}                 one of several
    {"genres": {"all": ["Drama", "War"]}}        all of them
    {"genres": {"not_in": ["Horror"]}}           none of them
    {"price": {"gte": 10, "lt": 25}}             a range: gt, gte, lt, lte; numbers or ISO dates
    {"in_stock": true}                           true and false, however they were written
    {"brand": {"exists": true}}                  whether there is a value at all
    {"id": ["31", "32"]}                         these items
    {"about": "space travel"}                    it says so, or reads like it
    {"available_until": {"gte": "2026-02-01"}}   on offer up to then at least
    {"and": […]}, {"or": […]}, {"not": {…}}      of such filters

Several keys in one filter must all hold. A text means exactly that text: "007" is neither "7" nor
7. A number means every value that is equal as a number, however it is written: 4.5 finds "4.50",
and 7 finds "007". `and`, `or`, `not`, `id`, `about` and the two of availability are not names of
attributes.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import inf, isfinite
from typing import Any

from foretaste.errors import InputError, did_you_mean

DEEPEST = 10
"""Levels of and, or, not."""
MOST_VALUES = 1000
"""In one list of values."""
MOST_CONDITIONS = 200
"""In one filter."""
TIMES = ("available_from", "available_until")
EXACT = 2**53
"""From here on not every whole number is a float."""
_NUMERAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these values."""

    column: str
    texts: tuple[str, ...] = ()
    """Each means exactly itself."""
    numbers: tuple[Decimal, ...] = ()
    """Each means every value that is equal as a number."""
    flags: tuple[bool, ...] = ()
    """Each means every way to write it."""

    @property
    def values(self) -> tuple[str, ...]:
        """All of them as items usually have them: 1995.0 is '1995', true is 'true'."""
        numbers = (str(number).removesuffix(".0") for number in self.numbers)
        flags = ("true" if flag else "false" for flag in self.flags)
        return (*self.texts, *numbers, *flags)

    def __str__(self) -> str:
        return f"{self.column}: {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Range:
    """A value from `low` to `high`; open where the bound itself is not meant. A whole number that
    is no float stays whole.
    """

    column: str
    low: float | int = -inf
    high: float | int = inf
    low_open: bool = False
    high_open: bool = False

    def __str__(self) -> str:
        low = f"{'>' if self.low_open else '≥'} {self.low:g}" if isfinite(self.low) else ""
        high = f"{'<' if self.high_open else '≤'} {self.high:g}" if isfinite(self.high) else ""
        return f"{self.column} {', '.join(filter(None, (low, high)))}"


@dataclass(frozen=True, slots=True)
class Exists:
    """Any value at all."""

    column: str

    def __str__(self) -> str:
        return f"any {self.column}"


@dataclass(frozen=True, slots=True)
class Ids:
    """These items."""

    ids: tuple[str, ...]

    def __str__(self) -> str:
        return f"id: {', '.join(self.ids)}"


@dataclass(frozen=True, slots=True)
class About:
    """Its text has these words, or reads like them."""

    words: str

    def __str__(self) -> str:
        return f"about: {self.words}"


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts; of none: everything."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts; of none: nothing."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return f"({' or '.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class Not:
    """Whatever the part is not."""

    part: "Condition"

    def __str__(self) -> str:
        return f"not ({self.part})"


Condition = AnyOf | Range | Exists | Ids | About | Every | Some | Not


def parsed(asked: Any, where: str = "filter") -> Condition:
    """The condition; an InputError says which part cannot be read and what to write."""
    found = _parsed(asked, where, DEEPEST)
    if _size(found) > MOST_CONDITIONS:
        raise InputError(f"{where}: more than {MOST_CONDITIONS} conditions; ask for fewer at once")
    return found


def _parsed(asked: Any, where: str, deeper: int) -> Condition:
    if not isinstance(asked, Mapping):
        raise InputError(f'{where}: a filter is an object; write it like {{"genres": "Drama"}}')
    if not deeper:
        raise InputError(f"{where}: nested more than {DEEPEST} levels deep; write it flatter")
    parts = [
        JOINS[key](value, f"{where}.{key}", deeper - 1)
        if key in JOINS
        else _column(str(key), value, f"{where}.{key}")
        for key, value in asked.items()
    ]
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _and(asked: Any, where: str, deeper: int) -> Condition:
    return Every(_several(asked, where, deeper))


def _or(asked: Any, where: str, deeper: int) -> Condition:
    return Some(_several(asked, where, deeper))


def _not(asked: Any, where: str, deeper: int) -> Condition:
    return Not(_parsed(asked, where, deeper))


def _several(asked: Any, where: str, deeper: int) -> tuple[Condition, ...]:
    if not isinstance(asked, list | tuple) or not asked:
        raise InputError(f"{where}: it needs a list of filters; write it like [{{…}}, {{…}}]")
    return tuple(_parsed(one, f"{where}.{place}", deeper) for place, one in enumerate(asked))


JOINS: Mapping[str, Callable[[Any, str, int], Condition]] = {"and": _and, "or": _or, "not": _not}


def _column(column: str, asked: Any, where: str) -> Condition:
    """What one column must be."""
    if not isinstance(asked, Mapping):
        return _any(column, asked, where)
    if not asked:
        raise InputError(f"{where}: an empty object; {_EXPECTED}")
    parts: list[Condition] = []
    if bounds := {name: value for name, value in asked.items() if name in BOUNDS}:
        parts.append(_range(column, bounds, where))
    for name, value in asked.items():
        if name not in BOUNDS:
            if name not in TESTS:
                hint = did_you_mean(str(name), [*TESTS, *BOUNDS])
                raise InputError(f"{where}: unknown test '{name}'; {hint}")
            parts.append(TESTS[name](column, value, f"{where}.{name}"))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _any(column: str, asked: Any, where: str) -> Condition:
    values = _values(asked, where)
    if column in TIMES:
        raise InputError(f'{where}: it is a time; give a range, e.g. {{"gte": "2026-02-01"}}')
    if column in ("id", "about"):
        texts = tuple(dict.fromkeys(_text(value) for value in values))
        if column == "id":
            return Ids(texts)
        topics = tuple(About(" ".join(text.lower().split())) for text in texts)
        return topics[0] if len(topics) == 1 else Some(topics)
    return AnyOf(
        column,
        texts=tuple(dict.fromkeys(value.strip() for value in values if isinstance(value, str))),
        numbers=tuple(dict.fromkeys(_decimals(values))),
        flags=tuple(dict.fromkeys(value for value in values if isinstance(value, bool))),
    )


def _none(column: str, asked: Any, where: str) -> Condition:
    return Not(_any(column, asked, where))


def _all(column: str, asked: Any, where: str) -> Condition:
    return Every(tuple(_any(column, [value], where) for value in _values(asked, where)))


def _exists(column: str, asked: Any, where: str) -> Condition:
    if not isinstance(asked, bool):
        raise InputError(f"{where}: it is true or false, this is {_shown(asked)}")
    if column in ("id", "about", *TIMES):
        raise InputError(f"{where}: every item has one; ask for an attribute")
    return Exists(column) if asked else Not(Exists(column))


TESTS: Mapping[str, Callable[[str, Any, str], Condition]] = {
    "in": _any,
    "not_in": _none,
    "all": _all,
    "exists": _exists,
}
BOUNDS = ("gt", "gte", "lt", "lte")
_EXPECTED = f"expected one of {', '.join((*TESTS, *BOUNDS))}"


def _range(column: str, bounds: Mapping[str, Any], where: str) -> Condition:
    if column in ("id", "about"):
        many = "ids have" if column == "id" else "topics have"
        raise InputError(f"{where}: {many} no order; name what is meant")
    for one, other in (("gt", "gte"), ("lt", "lte")):
        if one in bounds and other in bounds:
            raise InputError(f"{where}: both {one} and {other}; leave one out")
    numbers = {name: _bound(value, f"{where}.{name}") for name, value in bounds.items()}
    return Range(
        column,
        low=numbers.get("gt", numbers.get("gte", -inf)),
        high=numbers.get("lt", numbers.get("lte", inf)),
        low_open="gt" in numbers,
        high_open="lt" in numbers,
    )


def _bound(value: Any, where: str) -> float | int:
    approximate = number(value)
    if approximate is None:
        raise InputError(f"{where}: {_shown(value)} is not a number; give one, or an ISO 8601 date")
    if abs(approximate) < EXACT or isinstance(value, float):
        return approximate
    precise = decimal(str(value))
    whole = precise is not None and precise == precise.to_integral_value()
    return int(precise) if precise is not None and whole else approximate


def number(value: Any) -> float | None:
    """A number as it is, a date as seconds since 1970; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
        return found if isfinite(found) else None
    except (ValueError, OverflowError):
        pass
    try:
        when = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def decimal(text: str) -> Decimal | None:
    """The exact number that a text is; None for anything else, also for a date."""
    text = text.strip()
    if not _NUMERAL.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        return None


def _decimals(values: Iterable[str | int | float]) -> Iterable[Decimal]:
    """The numbers among the values, as they were written."""
    for value in values:
        if isinstance(value, float):
            yield Decimal(repr(float(value)))
        elif not isinstance(value, bool | str):
            yield Decimal(value)


def _values(asked: Any, where: str) -> list[str | int | float]:
    values: Sequence[Any] = asked if isinstance(asked, list | tuple) else [asked]
    if not 1 <= len(values) <= MOST_VALUES:
        raise InputError(f"{where}: {len(values):,} values; give 1 to {MOST_VALUES:,}")
    for value in values:
        infinite = isinstance(value, float) and not isfinite(value)
        if infinite or not isinstance(value, str | int | float):
            raise InputError(
                f"{where}: {_shown(value)} is no value; give text, a number or true/false"
            )
    return list(values)


def _text(value: str | int | float) -> str:
    """A value as ids have it: 1995.0 is '1995', true is 'true'."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _size(condition: Condition) -> int:
    if isinstance(condition, Every | Some):
        return 1 + sum(map(_size, condition.parts))
    return 1 + _size(condition.part) if isinstance(condition, Not) else 1


def columns(condition: Condition) -> Iterable[str]:
    """The attributes it looks at."""
    if isinstance(condition, Every | Some):
        for part in condition.parts:
            yield from columns(part)
    elif isinstance(condition, Not):
        yield from columns(condition.part)
    elif not isinstance(condition, Ids | About):
        yield condition.column
