"""In: a value such as `2.75 kg`. Out: its number and its unit.

Units are those that shops write behind weights, sizes and contents. Times are durations, which are
written in more ways, and have a type of their own; a per cent is of anything.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

_SPELLINGS: Mapping[str, Mapping[str, float]] = {
    "mass": {
        "mg": 1e-3,
        "g gr gram grams gramm gramme grammes gramo gramos": 1.0,
        "kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes": 1e3,
        "oz ounce ounces": 28.349523125,
        "lb lbs pound pounds": 453.59237,
    },
    "volume": {
        "ml milliliter milliliters millilitre": 1.0,
        "cl": 10.0,
        "dl": 100.0,
        "l ltr liter liters litre litres litro litros": 1e3,
        "fl oz": 29.5735295625,
    },
    "length": {
        "mm": 1.0,
        "cm centimeter centimeters": 10.0,
        "m meter meters metre metres metro metros mtr": 1e3,
        "km": 1e6,
        'in inch inches zoll pouce pouces pulgada pulgadas " ″ ”': 25.4,
        "ft feet foot": 304.8,
    },
    "power": {"w watt watts": 1.0, "kw": 1e3, "hp ps": 735.49875},
    "energy": {"wh": 1.0, "kwh": 1e3},
    "charge": {"mah": 1.0, "ah": 1e3},
    "nutrition": {"kj": 1.0, "kcal": 4.184},
    "voltage": {"mv": 1e-3, "v volt volts": 1.0},
    "frequency": {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9},
    "memory": {"kb": 1e-3, "mb": 1.0, "gb": 1e3, "tb": 1e6},
    "resolution": {"mp megapixel megapixels": 1.0},
    "pages": {"page pages pp seite seiten página páginas": 1.0},
}


class Unit(NamedTuple):
    """What something is measured in."""

    dimension: str
    """What is measured: mass, length."""
    factor: float
    """How many of the smallest usual unit of its dimension it is."""


UNITS: Mapping[str, Unit] = {
    spelling: Unit(dimension, factor)
    for dimension, spellings in _SPELLINGS.items()
    for names, factor in spellings.items()
    for spelling in ([names] if names == "fl oz" else names.split())
}
"""Spelling in small letters → the unit."""
_MEASURE = re.compile(
    r"(?<![\d.,'’ ])([+-]?\d[\d.,'’ ]*+|[+-]?[.,]\d++) ?([^\W\d_][^\W\d_ ]*(?: oz)?|[\"″”])\.?"
)
MAX_MEASURE_LENGTH = 40


@lru_cache(maxsize=20_000)
def split_measure(text: str) -> tuple[str, str] | None:
    """(the digits with their marks, the unit as it is written); None of what is no measure."""
    match = _MEASURE.fullmatch(text.strip()) if len(text) <= MAX_MEASURE_LENGTH else None
    if match is None or match[2].lower() not in UNITS:
        return None
    return match[1].strip(), match[2]


def measured_number(text: str) -> float | None:
    """The number before a unit, with a point or one comma before its decimals; None of any other
    text. Three digits behind a comma may be a thousand: then a column has to tell.
    """
    parts = split_measure(text)
    if parts is None:
        return None
    digits = parts[0]
    if digits.count(",") == 1 and "." not in digits and len(digits.partition(",")[2]) != 3:
        digits = digits.replace(",", ".")
    try:
        return float(digits)
    except ValueError:
        return None


def most_measured(texts: Iterable[str]) -> int:
    """How many of the texts are measures of one thing, of that which most are of."""
    counts: dict[str, int] = {}
    for text in texts:
        parts = None if measured_number(text) is None else split_measure(text)
        if parts is not None:
            dimension = UNITS[parts[1].lower()].dimension
            counts[dimension] = counts.get(dimension, 0) + 1
    return max(counts.values(), default=0)


def common_unit(texts: Iterable[str]) -> str:
    """The unit that most of the texts are written with; "" where none has one."""
    counts: dict[str, int] = {}
    for text in texts:
        parts = split_measure(text)
        if parts is not None:
            counts[parts[1]] = counts.get(parts[1], 0) + 1
    return max(counts, key=counts.__getitem__, default="")
