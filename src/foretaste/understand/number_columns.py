"""What a number in words is of in, the attribute of the catalogue out.

An attribute is known by its name, in any of the four languages, and by its values: years lie
between 1000 and 2200, dates are dates, flags and ids are no amounts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from foretaste.domain.data import Catalogue, Feature, Floats
from foretaste.domain.feature_types import FeatureType, feature_number
from foretaste.domain.words import BAND_SUFFIX
from foretaste.errors import InputError
from foretaste.rank.index import Mask
from foretaste.understand.grammar_patterns import Dimension
from foretaste.understand.numbers import MONTHS_PER_YEAR, Bound

NAME_WORDS: Mapping[str, tuple[str, ...]] = {
    "year": (
        *("year", "released", "release", "published", "publication", "date", "aired", "premiere"),
        *("jahr", "datum", "erschienen", "annee", "année", "sortie", "año", "ano", "fecha"),
        *("issued", "edition", "pubdate", "pubyear", "created", "vintage"),
    ),
    "price": (
        *("price", "cost", "amount", "preis", "prix", "precio", "msrp", "rrp", "eur", "usd", "gbp"),
        *("kosten", "tarif", "importe"),
    ),
    "length": (
        *("runtime", "duration", "length", "minutes", "minute", "min", "mins", "pages", "page"),
        *("laufzeit", "dauer", "lange", "länge", "seiten", "seitenzahl", "duree", "durée"),
        *("minuten", "duracion", "duración", "minutos", "paginas", "páginas", "words", "num_pages"),
        *("seconds", "reading", "hours"),
    ),
    "rating": (
        *("rating", "ratings", "score", "stars", "vote", "votes", "bewertung", "note"),
        *("puntuacion", "puntuación", "average"),
    ),
}
UNIT_WORDS: Mapping[str, tuple[str, ...]] = {
    "pages": ("page", "pages", "seiten", "seitenzahl", "paginas", "páginas"),
    "minutes": (
        *("runtime", "duration", "minutes", "minute", "min", "mins", "laufzeit", "dauer"),
        *("duree", "durée", "duracion", "duración", "minuten", "minutos", "length", "reading"),
    ),
}
_NO_AMOUNT_TEXT = """
    id ids isbn isbn13 sku ean count counts position rank index is has flag code zip number
    quantity stock tax featured visibility work order ref menu
"""
NO_AMOUNT_WORDS = frozenset(_NO_AMOUNT_TEXT.split())
"""Words of names whose numbers nobody compares."""
_NAME_SPLIT = re.compile(r"[^\W\d_]+")
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
TYPE_DIMENSIONS: Mapping[FeatureType, Dimension | Literal["any"]] = {
    "price": "price",
    "duration": "length",
    "year": "year",
    "date": "year",
}
"""What the values of a column said when it was imported, whatever its name: “VK brutto”."""
MIN_NUMBER_SHARE = 0.8
EARLIEST_YEAR, LATEST_YEAR = 1000, 2200


@dataclass(frozen=True)
class NumberColumn:
    """An attribute that has hardly anything but numbers."""

    name: str
    dimension: Dimension | Literal["any"]
    is_date: bool
    """Whether its numbers are seconds since 1970."""
    low: float
    high: float
    coverage: float
    """The share of items that have it."""

    def test_of(self, bound: Bound) -> dict[str, float | str]:
        """The bound as a filter of this attribute; a year of a date is its first or last day."""
        if bound.is_days:
            return _test_of_days(bound, is_date=self.is_date)
        if not self.is_date or (bound.low is not None and bound.low > LATEST_YEAR):
            return {
                test: float(int(number)) if bound.is_month else number
                for test, number in bound.as_test().items()
            }
        tests: dict[str, float | str] = {}
        for test, year in bound.as_test().items():
            months = round(year * MONTHS_PER_YEAR)
            if test in ("lte", "gt"):  # the whole year, or month, is meant
                months += 1 if bound.is_month else MONTHS_PER_YEAR
            whole_years, month = divmod(months, MONTHS_PER_YEAR)
            first_day = f"{whole_years:04d}-{month + 1:02d}-01"
            tests[{"gt": "gte", "lte": "lt"}.get(test, test)] = first_day
        return tests


def _test_of_days(bound: Bound, *, is_date: bool) -> dict[str, float | str]:
    """From the first day to the last; of years, those that have such days."""
    tests: dict[str, float | str] = {}
    first, last = bound.first_day, bound.last_day
    if first is not None:
        tests["gte"] = first.isoformat() if is_date else float(first.year)
    if last is not None and is_date:
        tests["lt"] = (last + timedelta(1)).isoformat()
    elif last is not None:
        ends_year = (last.month, last.day) == (12, 31) or first is not None
        tests["lte" if ends_year else "lt"] = float(last.year)
    return tests


class NumberColumns:
    """The attributes of a catalogue that are numbers."""

    def __init__(self, catalogue: Catalogue) -> None:
        columns = (_number_column(feature, len(catalogue)) for feature in catalogue.features)
        self.columns = tuple(column for column in columns if column is not None)
        self._features = {feature.column: feature for feature in catalogue.features}
        self._index = catalogue.index
        self._parsed_values: dict[str, Floats] = {}

    def column_for(self, bound: Bound) -> NumberColumn:
        """The attribute that a bound is of. Raises InputError where there is none."""
        columns = self._candidates(bound.subject, bound.unit)
        if bound.subject == "year" and not (columns or self._of("year") or bound.is_days):
            columns = self._containing(bound)
        if bound.subject == "any":
            columns = self._containing(bound)
        if not columns:
            raise InputError(NO_COLUMN[bound.subject])
        return columns[0]

    def has_column_for(self, bound: Bound) -> bool:
        """Whether an attribute has such numbers."""
        try:
            self.column_for(bound)
        except InputError:
            return False
        return True

    @property
    def has_days(self) -> bool:
        """Whether the items have days, and not years alone."""
        return any(column.is_date for column in self._of("year"))

    def of_dimension(self, dimension: Dimension) -> NumberColumn | None:
        """The attribute that "newer" or "cheaper" compares."""
        columns = self._of(dimension)
        return columns[0] if columns else None

    def values_of(self, column: NumberColumn, items: Sequence[str]) -> list[float]:
        """Its numbers of these items."""
        feature = self._features[column.name]
        numbers = (
            feature_number(feature.values[code], feature.feature_type)
            for item in items
            if item in self._index
            for code in feature.item_codes(self._index[item])
        )
        return [number for number in numbers if number is not None]

    def values_where(self, column: NumberColumn, mask: Mask | None = None) -> Floats:
        """Its numbers of the items of a mask [items], of all without one; in ascending order."""
        feature = self._features[column.name]
        codes = feature.codes
        if mask is not None:
            codes = codes[np.repeat(mask, np.diff(feature.offsets))]
        numbers = self._numbers_by_code(column.name)[codes]
        return np.sort(numbers[~np.isnan(numbers)])

    def _numbers_by_code(self, name: str) -> Floats:
        """[values], NaN where a value is no number."""
        numbers = self._parsed_values.get(name)
        if numbers is None:
            feature = self._features[name]
            parsed = [feature_number(value, feature.feature_type) for value in feature.values]
            numbers = np.array([np.nan if n is None else n for n in parsed], np.float64)
            self._parsed_values[name] = numbers
        return numbers

    def _of(self, dimension: str) -> list[NumberColumn]:
        columns = [column for column in self.columns if column.dimension == dimension]
        return sorted(columns, key=lambda column: -column.coverage)

    def _candidates(self, subject: str, unit: str) -> list[NumberColumn]:
        columns = self._of(subject)
        if unit:
            columns = [c for c in columns if set(_name_words(c.name)) & set(UNIT_WORDS[unit])]
        return columns

    def _containing(self, bound: Bound) -> list[NumberColumn]:
        """A price before a length before what else it may be of; the values must be near."""
        order = ("price", "length", "rating", "any")
        numbers = [number for number in (bound.low, bound.high) if number is not None]
        likely = [
            column
            for column in self.columns
            if column.dimension in order
            and any(column.low <= number <= column.high for number in numbers)
        ]
        prices = self._of("price")
        return prices or sorted(likely, key=lambda column: order.index(column.dimension))


NO_COLUMN: Mapping[str, str] = {
    "year": "no attribute of the items is a year",
    "price": "no attribute of the items is a price",
    "length": "no attribute of the items is a length",
    "rating": "no attribute of the items is a rating",
    "any": "no attribute of the items has such numbers",
}


def _name_words(column: str) -> list[str]:
    spaced = _CAMEL_CASE.sub(" ", column)
    return [word.lower() for word in _NAME_SPLIT.findall(spaced.replace("_", " "))]


def _number_column(feature: Feature, item_count: int) -> NumberColumn | None:
    """The column if it is an amount."""
    if feature.column.endswith(BAND_SUFFIX):  # of a number that is a column itself
        return None
    if not feature.values or set(_name_words(feature.column)) & NO_AMOUNT_WORDS:
        return None
    parsed = [feature_number(value, feature.feature_type) for value in feature.values]
    numbers = [number for number in parsed if number is not None]
    if len(numbers) < MIN_NUMBER_SHARE * len(feature.values):
        return None
    low, high = min(numbers), max(numbers)
    if set(numbers) <= {0.0, 1.0}:
        return None  # a flag
    is_date = high > LATEST_YEAR and _is_date(feature.values)
    words = _name_words(feature.column)
    dimension = TYPE_DIMENSIONS.get(feature.feature_type, "any")
    names: tuple[Dimension, ...] = ("price", "length", "rating", "year")
    names = names if dimension == "any" else ()
    for name in names:
        if set(words) & set(NAME_WORDS[name]):
            dimension = name
            break
    has_years = is_date or (low >= EARLIEST_YEAR and high <= LATEST_YEAR)
    if dimension == "year" and not has_years and not _mostly_years(numbers):
        dimension = "any"
    if dimension == "any" and has_years:
        dimension = "year"
    coverage = float((np.diff(feature.offsets) > 0).mean()) if item_count else 0.0
    return NumberColumn(feature.column, dimension, is_date, low, high, coverage)


def _mostly_years(numbers: Sequence[float]) -> bool:
    """Books may be older than years are in films."""
    years = [number for number in numbers if abs(number) <= LATEST_YEAR]
    return len(years) == len(numbers) and float(np.median(numbers)) > EARLIEST_YEAR


def _is_date(values: Sequence[str]) -> bool:
    try:
        datetime.fromisoformat(values[0].strip()).replace(tzinfo=UTC)
    except ValueError:
        return False
    return not values[0].strip().replace(".", "").isdigit()
