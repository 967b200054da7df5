"""Conditions on items, once they are parsed (`conditions`), and how many a question may have."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isfinite

from foretaste.errors import InputError

MAX_CONDITIONS = 200
"""In one question, its filter and its rules together."""
MAX_TOPICS = 20
"""Of these what is told by the text of the items (`about`), which is read for it."""
MAX_ALL_VALUES = 10_000
"""Values in one question, all lists together."""


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
class IdIn:
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
class And:
    """All of the parts; of none: everything."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Or:
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


Condition = AnyOf | Range | Exists | IdIn | About | And | Or | Not


def nested_conditions(condition: Condition) -> Iterable[Condition]:
    """Itself, and every condition within it."""
    yield condition
    parts = condition.parts if isinstance(condition, And | Or) else ()
    for part in (condition.part,) if isinstance(condition, Not) else parts:
        yield from nested_conditions(part)


def condition_columns(condition: Condition) -> Iterable[str]:
    """The attributes it looks at."""
    for part in nested_conditions(condition):
        if isinstance(part, AnyOf | Range | Exists):
            yield part.column


def check_amount(conditions: Iterable[Condition], field_path: str) -> None:
    """Raises InputError where conditions, together, are more than is looked up for one question."""
    parts = [part for condition in conditions for part in nested_conditions(condition)]
    counts = {
        "conditions": (len(parts), MAX_CONDITIONS),
        "topics": (sum(isinstance(part, About) for part in parts), MAX_TOPICS),
        "values": (sum(map(_value_count, parts)), MAX_ALL_VALUES),
    }
    for noun, (count, max_count) in counts.items():
        if count > max_count:
            raise InputError(
                f"{field_path}: more than {max_count:,} {noun} ({count:,}); ask for fewer at once"
            )


def _value_count(condition: Condition) -> int:
    if isinstance(condition, IdIn):
        return len(condition.ids)
    if not isinstance(condition, AnyOf):
        return 0
    return len(condition.texts) + len(condition.numbers) + len(condition.flags)
