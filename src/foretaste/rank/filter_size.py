"""Filters as people write them in, how much they ask for out: told before anything is made of it.

What a filter costs grows with its conditions, its values and its topics, and a level of the
fallback chain that takes over pays it again; so a request has a limit of each over its filter and
all its rules, and one beyond it is refused by its first few hundred conditions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from foretaste.domain.data import Request
from foretaste.errors import InputError

MAX_CONDITIONS = 200
"""In one filter."""
MAX_REQUEST_CONDITIONS = 500
"""In the filter and the rules of one request."""
MAX_REQUEST_VALUES = 10_000
"""Likewise; in one list of values there are fewer."""
MAX_REQUEST_TOPICS = 20
"""Texts of `about` likewise: each is read by the language model."""


@dataclass
class FilterSize:
    """How much filters ask for; one that is too large is not measured to its end."""

    conditions: int = 0
    values: int = 0
    topics: int = 0

    @property
    def is_too_large(self) -> bool:
        """Whether no request may ask for so much."""
        return (
            self.conditions > MAX_REQUEST_CONDITIONS
            or self.values > MAX_REQUEST_VALUES
            or self.topics > MAX_REQUEST_TOPICS
        )

    def add(self, filter_specs: Iterable[Any]) -> None:
        """Count these too. What is no filter is passed over: who reads it says what is wrong."""
        pending = list(filter_specs)
        while pending and not self.is_too_large:
            filter_spec = pending.pop()
            if not isinstance(filter_spec, Mapping):
                continue
            self.conditions += max(len(filter_spec), 1)
            for key, value in islice(filter_spec.items(), MAX_REQUEST_CONDITIONS):
                if key in ("and", "or"):
                    parts = value if isinstance(value, list | tuple) else ()
                    pending += parts[: MAX_REQUEST_CONDITIONS + 1]
                elif key == "not":
                    pending.append(value)
                else:
                    self._add_column(str(key), value)

    def _add_column(self, column: str, column_spec: Any) -> None:
        """The values of one column, plain or in tests."""
        is_tests = isinstance(column_spec, Mapping)
        for value in islice(column_spec.values(), 10) if is_tests else (column_spec,):
            count = len(value) if isinstance(value, list | tuple) else 1
            self.values += count
            if column == "about":
                self.topics += count


def check_filter_size(filter_spec: Any, field_path: str) -> None:
    """Raises InputError where one filter has more conditions than it may."""
    size = FilterSize()
    size.add([filter_spec])
    if size.conditions > MAX_CONDITIONS:
        raise InputError(
            f"{field_path}: more than {MAX_CONDITIONS} conditions; ask for fewer at once"
        )
    _check(size, field_path)


def check_request_size(request: Request) -> None:
    """Raises InputError where the filter and the rules of a request ask for too much together."""
    size = FilterSize()
    size.add([request.filter])
    for rule in islice(request.rules, MAX_REQUEST_CONDITIONS):
        size.add(rule.values() if isinstance(rule, Mapping) else ())
    _check(size, "filter and rules")


def _check(size: FilterSize, field_path: str) -> None:
    for count, maximum, noun in (
        (size.conditions, MAX_REQUEST_CONDITIONS, "conditions"),
        (size.values, MAX_REQUEST_VALUES, "values"),
        (size.topics, MAX_REQUEST_TOPICS, "topics of 'about'"),
    ):
        if count > maximum:
            raise InputError(
                f"{field_path}: more than {maximum:,} {noun} in one request; ask for fewer at once"
            )
