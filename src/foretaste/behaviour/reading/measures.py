"""In: a column of attributes. Out: the unit and the decimal mark of its numbers, and its cells by
them: `2,75 kg` and `500 g` become `2.75 kg` and `0.5 kg`.

The column decides, as for prices: the unit is that which most of its cells have, and the others
are converted to it. Numbers without a unit are read here where they have a decimal comma.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from foretaste.behaviour.reading.locales import DecimalMark, decimal_mark
from foretaste.behaviour.reading.numbers import LOCALES_BY_MARK, Amount, readings_of
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import scalar_text
from foretaste.domain.identifiers import normalise_text
from foretaste.domain.measures import UNITS, common_unit, split_measure

MIN_MEASURE_SHARE = 0.9
"""Of the values, those that must be numbers of one kind."""
THOUSAND = 1000
_BETWEEN = re.compile(r" ?[/;|] ?|, ")


class Measure(NamedTuple):
    """How the numbers of a column are written."""

    unit: str
    """"" where they have none."""
    mark: DecimalMark

    def read(self, value: Any) -> Any:
        """A cell with each number as programs write it, in the unit of the column; what is no
        number stays as it is.
        """
        if not isinstance(value, str):
            return value
        whole = self._number(value)
        if whole is not None:
            return whole
        parts = [self._number(part) for part in _BETWEEN.split(value)]
        return value if None in parts else parts

    def _number(self, text: str) -> str | None:
        amount_and_unit = _number_and_unit(text)
        if amount_and_unit is None:
            return None
        readings, unit = amount_and_unit
        amount = readings.get(self.mark) or next(iter(readings.values()))
        if not self.unit or not unit:
            return f"{amount.number:.10g}"
        cell_unit, column_unit = UNITS[unit.lower()], UNITS[self.unit.lower()]
        if cell_unit.dimension != column_unit.dimension:
            return None
        return f"{amount.number * cell_unit.factor / column_unit.factor:.6g} {self.unit}"


def find_measure(values: Sequence[Any], settings: BehaviourSettings) -> Measure | None:
    """None of a column that holds anything else, or that programs read as it stands."""
    texts = [text for value in values for text in _texts_of(value)]
    amounts = [own for text in texts if (own := _number_and_unit(text)) is not None]
    if not texts or len(amounts) < MIN_MEASURE_SHARE * len(texts):
        return None
    unit = common_unit(texts)
    if unit:
        dimension = UNITS[unit.lower()].dimension
        alike = [own for own in amounts if own[1] and UNITS[own[1].lower()].dimension == dimension]
        if len(alike) < MIN_MEASURE_SHARE * len(texts):
            return None
    readings = [own for own, _ in amounts]
    mark = _mark_of(readings, settings)
    has_groups = _mark_of_thousands(readings) is not None
    return Measure(unit, mark) if unit or mark == "," or has_groups else None


def _texts_of(value: Any) -> list[str]:
    """The values of a cell as texts."""
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts_of(part)]
    if not isinstance(value, str):
        return [scalar_text(value, "") if isinstance(value, int | float) else ""]
    parts = _BETWEEN.split(value)
    return parts if len(parts) > 1 and all(map(_number_and_unit, parts)) else [value]


def _number_and_unit(text: str) -> tuple[dict[DecimalMark, Amount], str] | None:
    """({decimal mark: the number by it}, its unit or ""); None of what is no number."""
    parts = split_measure(normalise_text(text))
    readings = readings_of(normalise_text(text) if parts is None else parts[0])
    if not readings or any(amount.currency for amount in readings.values()):
        return None
    return readings, "" if parts is None else parts[1]


def _mark_of(
    readings: Sequence[dict[DecimalMark, Amount]], settings: BehaviourSettings
) -> DecimalMark:
    """The mark that all numbers can be read by; the point, as programs write, where both will do
    and no setting decides.
    """
    set_mark = decimal_mark(settings.locale)
    if set_mark is not None:
        return set_mark
    counts = {mark: sum(mark in amounts for amounts in readings) for mark in LOCALES_BY_MARK}
    if counts[","] == counts["."]:
        return _mark_of_thousands(readings) or "."
    return "," if counts[","] > counts["."] else "."


def _mark_of_thousands(readings: Sequence[dict[DecimalMark, Amount]]) -> DecimalMark | None:
    """The mark by which numbers of two meanings (1.200 or 1,200) go on where the others (850) end,
    rather than stand far below them; None where the numbers do not tell.
    """
    plain_numbers, smaller = [0.0], dict[DecimalMark, list[float]]()
    for amounts in readings:
        if len(amounts) < len(LOCALES_BY_MARK):
            return None
        by_point, by_comma = abs(amounts["."].number), abs(amounts[","].number)
        if by_point == by_comma:
            plain_numbers.append(by_point)
        else:  # the mark is that by which it is a thousand and more
            mark: DecimalMark = "," if by_point < by_comma else "."
            smaller.setdefault(mark, []).append(min(by_point, by_comma))
    if len(smaller) != 1:
        return None
    ((mark, numbers),) = smaller.items()
    go_on = 10 * max(numbers) < max(plain_numbers) < THOUSAND
    return mark if go_on else None
