"""Filters as people write them in, conditions on items out: parsed once, strictly.

    {"genres": "Drama"}                          one value will do
    {"genres": ["Drama", "War"]}                 one of several
    {"genres": {"all": ["Drama", "War"]}}        all of them
    {"genres": {"not_in": ["Horror"]}}           none of them
    {"category": "Home > Kitchen"}               a level of a category, and what is below it
    {"price": {"gte": 10, "lt": 25}}             a range: gt, gte, lt, lte; numbers or ISO dates
    {"in_stock": true}                           true and false, however they were written
    {"brand": {"exists": true}}                  whether there is a value at all
    {"id": ["31", "32"]}                         these items
    {"about": "space travel"}                    it says so, or reads like it
    {"available_until": {"gte": "2026-02-01"}}   on offer up to then at least
    {"and": […]}, {"or": […]}, {"not": {…}}      of such filters

Several keys in one filter must all hold. A text means exactly that text: "007" is neither "7" nor
7. A number means every value that is equal as a number, however it is written: 4.5 finds "4.50",
and 7 finds "007". A test holds if one of the item's values meets it, so it never holds without a
value; `not` and `not_in` are whatever the test does not hold for, items without a value among them.
`and`, `or`, `not`, `id`, `about` and the two of availability are not names of attributes.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import inf, isfinite
from typing import Any

import numpy as np

from foretaste.domain.text_limits import check_text
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.condition_nodes import About as About
from foretaste.rank.condition_nodes import And as And
from foretaste.rank.condition_nodes import AnyOf as AnyOf
from foretaste.rank.condition_nodes import Condition as Condition
from foretaste.rank.condition_nodes import Exists as Exists
from foretaste.rank.condition_nodes import IdIn as IdIn
from foretaste.rank.condition_nodes import Not as Not
from foretaste.rank.condition_nodes import Or as Or
from foretaste.rank.condition_nodes import Range as Range
from foretaste.rank.condition_nodes import check_amount as check_amount
from foretaste.rank.condition_nodes import condition_columns as condition_columns
from foretaste.rank.condition_nodes import nested_conditions as nested_conditions
from foretaste.rank.filter_size import check_filter_size

MAX_DEPTH = 10
"""Levels of and, or, not."""
MAX_VALUES = 1000
"""In one list of values."""
AVAILABILITY_COLUMNS = ("available_from", "available_until")
MAX_EXACT_FLOAT = 2**53
"""From here on not every whole number is a float."""
MAX_NUMBER_BITS = 4_000
"""Of a whole number: some 1,200 digits."""
_NUMBER_PATTERN = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?", re.ASCII)


def parse_condition(filter_spec: Any, field_path: str = "filter") -> Condition:
    """The condition; an InputError says which part cannot be read and what to write."""
    check_filter_size(filter_spec, field_path)  # before anything is made of it
    condition = _parse_nested(filter_spec, field_path, MAX_DEPTH)
    return condition


def _parse_nested(filter_spec: Any, field_path: str, levels_left: int) -> Condition:
    if not isinstance(filter_spec, Mapping):
        raise InputError(
            f'{field_path}: a filter is an object; write it like {{"genres": "Drama"}}'
        )
    if not levels_left:
        raise InputError(
            f"{field_path}: nested more than {MAX_DEPTH} levels deep; write it flatter"
        )
    parts = [
        JOIN_PARSERS[key](value, f"{field_path}.{key}", levels_left - 1)
        if key in JOIN_PARSERS
        else _parse_column(str(key), value, f"{field_path}.{key}")
        for key, value in filter_spec.items()
    ]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _parse_and(filter_specs: Any, field_path: str, levels_left: int) -> Condition:
    return And(_parse_list(filter_specs, field_path, levels_left))


def _parse_or(filter_specs: Any, field_path: str, levels_left: int) -> Condition:
    return Or(_parse_list(filter_specs, field_path, levels_left))


def _parse_not(filter_spec: Any, field_path: str, levels_left: int) -> Condition:
    return Not(_parse_nested(filter_spec, field_path, levels_left))


def _parse_list(filter_specs: Any, field_path: str, levels_left: int) -> tuple[Condition, ...]:
    if not isinstance(filter_specs, list | tuple) or not filter_specs:
        raise InputError(f"{field_path}: it needs a list of filters; write it like [{{…}}, {{…}}]")
    return tuple(
        _parse_nested(filter_spec, f"{field_path}.{position}", levels_left)
        for position, filter_spec in enumerate(filter_specs)
    )


JOIN_PARSERS: Mapping[str, Callable[[Any, str, int], Condition]] = {
    "and": _parse_and,
    "or": _parse_or,
    "not": _parse_not,
}


def _parse_column(column: str, column_spec: Any, field_path: str) -> Condition:
    """What one column must be."""
    check_text(column, "the name of a column")
    if not isinstance(column_spec, Mapping):
        return _parse_any_of(column, column_spec, field_path)
    if not column_spec:
        raise InputError(f"{field_path}: an empty object; {_EXPECTED_TESTS}")
    parts: list[Condition] = []
    if bounds := {name: value for name, value in column_spec.items() if name in RANGE_BOUNDS}:
        parts.append(_parse_range(column, bounds, field_path))
    for name, value in column_spec.items():
        if name not in RANGE_BOUNDS:
            if name not in TEST_PARSERS:
                hint = did_you_mean(str(name), [*TEST_PARSERS, *RANGE_BOUNDS])
                raise InputError(f"{field_path}: unknown test '{name}'; {hint}")
            parts.append(TEST_PARSERS[name](column, value, f"{field_path}.{name}"))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _parse_any_of(column: str, accepted_values: Any, field_path: str) -> Condition:
    values = _checked_values(accepted_values, field_path)
    if column in AVAILABILITY_COLUMNS:
        raise InputError(f'{field_path}: it is a time; give a range, e.g. {{"gte": "2026-02-01"}}')
    if column in ("id", "about"):
        texts = tuple(dict.fromkeys(_id_text(value) for value in values))
        if column == "id":
            return IdIn(texts)
        topics = tuple(About(" ".join(text.lower().split())) for text in texts)
        return topics[0] if len(topics) == 1 else Or(topics)
    return AnyOf(
        column,
        texts=tuple(dict.fromkeys(value.strip() for value in values if isinstance(value, str))),
        numbers=tuple(dict.fromkeys(_exact_numbers(values))),
        flags=tuple(dict.fromkeys(value for value in values if isinstance(value, bool))),
    )


def _parse_none_of(column: str, excluded_values: Any, field_path: str) -> Condition:
    return Not(_parse_any_of(column, excluded_values, field_path))


def _parse_all_of(column: str, required_values: Any, field_path: str) -> Condition:
    return And(
        tuple(
            _parse_any_of(column, [value], field_path)
            for value in _checked_values(required_values, field_path)
        )
    )


def _parse_exists(column: str, must_exist: Any, field_path: str) -> Condition:
    if not isinstance(must_exist, bool):
        raise InputError(f"{field_path}: it is true or false, this is {_short_repr(must_exist)}")
    if column in ("id", "about", *AVAILABILITY_COLUMNS):
        raise InputError(f"{field_path}: every item has one; ask for an attribute")
    return Exists(column) if must_exist else Not(Exists(column))


TEST_PARSERS: Mapping[str, Callable[[str, Any, str], Condition]] = {
    "in": _parse_any_of,
    "not_in": _parse_none_of,
    "all": _parse_all_of,
    "exists": _parse_exists,
}
RANGE_BOUNDS = ("gt", "gte", "lt", "lte")
_EXPECTED_TESTS = f"expected one of {', '.join((*TEST_PARSERS, *RANGE_BOUNDS))}"


def _parse_range(column: str, bounds: Mapping[str, Any], field_path: str) -> Condition:
    if column in ("id", "about"):
        subject_text = "ids have" if column == "id" else "topics have"
        raise InputError(f"{field_path}: {subject_text} no order; name what is meant")
    for strict_bound, inclusive_bound in (("gt", "gte"), ("lt", "lte")):
        if strict_bound in bounds and inclusive_bound in bounds:
            raise InputError(
                f"{field_path}: both {strict_bound} and {inclusive_bound}; leave one out"
            )
    numbers = {name: _parse_bound(value, f"{field_path}.{name}") for name, value in bounds.items()}
    return Range(
        column,
        low=numbers.get("gt", numbers.get("gte", -inf)),
        high=numbers.get("lt", numbers.get("lte", inf)),
        low_open="gt" in numbers,
        high_open="lt" in numbers,
    )


def _parse_bound(value: Any, field_path: str) -> float | int:
    approximate = parse_number(value)
    if approximate is None:
        raise InputError(
            f"{field_path}: {_short_repr(value)} is not a number; give one, or an ISO 8601 date"
        )
    if abs(approximate) < MAX_EXACT_FLOAT or isinstance(value, float):
        return approximate
    exact_number = parse_decimal(str(value))
    is_whole = exact_number is not None and exact_number == exact_number.to_integral_value()
    return int(exact_number) if exact_number is not None and is_whole else approximate


def parse_number(value: Any) -> float | None:
    """A number as it is, a date as seconds since 1970; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        finite_number = float(value)
        return finite_number if isfinite(finite_number) else None
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def parse_decimal(text: str) -> Decimal | None:
    """The exact number that a text is; None for anything else, also for a date."""
    text = text.strip()
    if not _NUMBER_PATTERN.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        return None


def _exact_numbers(values: Iterable[str | int | float]) -> Iterable[Decimal]:
    """The numbers among the values, as they were written."""
    for value in values:
        if isinstance(value, float):
            yield Decimal(repr(float(value)))
        elif not isinstance(value, bool | str):
            yield Decimal(value)


def _checked_values(value_or_values: Any, field_path: str) -> list[str | int | float]:
    is_list = isinstance(value_or_values, list | tuple)
    values = [_plain_value(value) for value in (value_or_values if is_list else [value_or_values])]
    if not 1 <= len(values) <= MAX_VALUES:
        raise InputError(f"{field_path}: {len(values):,} values; give 1 to {MAX_VALUES:,}")
    for value in values:
        check_text(value, field_path)
        infinite = isinstance(value, float) and not isfinite(value)
        if infinite or not isinstance(value, str | int | float):
            raise InputError(
                f"{field_path}: {_short_repr(value)} is no value; give text, a number or true/false"
            )
        if isinstance(value, float) and abs(value) >= MAX_EXACT_FLOAT:
            raise InputError(
                f"{field_path}: {value!r} is a floating-point number, which has lost its last "
                "digits; write it as a whole number without a point, or as text"
            )
        if isinstance(value, int) and value.bit_length() > MAX_NUMBER_BITS:
            raise InputError(f"{field_path}: a number has too many digits; write it as text")
    return values


def _plain_value(value: Any) -> Any:
    """A NumPy scalar as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _id_text(value: str | int | float) -> str:
    """A value as ids have it: 1995.0 is '1995', true is 'true'."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _short_repr(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
