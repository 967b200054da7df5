"""In: a column of items or users and its values. Out: what type of feature it is.

The one place that decides it, for files, for items sent alone and for the catalogue of a model that
was trained before there were types. A number, a year, a date, a price and a duration have an order:
near ones are alike, in the model, in filters and in what is said of an item.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from statistics import median
from typing import Any, Literal, Protocol, TypeVar, get_args

from pydantic import field_validator

from foretaste.domain.measured_columns import is_measure_name
from foretaste.domain.measures import common_unit, measured_number, most_measured
from foretaste.domain.no_taste import (
    column_words,
    is_release_time,
    no_taste_reason,
    spoken_words,
)
from foretaste.domain.part_columns import usual_name
from foretaste.domain.settings import Settings
from foretaste.domain.words import BAND_SUFFIX, CURRENCY_SUFFIX, is_descriptive

FeatureType = Literal[
    "category",
    "list",
    "number",
    "year",
    "date",
    "price",
    "duration",
    "flag",
    "id",
    "count",
    "office",
    "text",
    "address",
]
FEATURE_TYPES: tuple[FeatureType, ...] = get_args(FeatureType)
ORDERED_TYPES: frozenset[FeatureType] = frozenset(("number", "year", "date", "price", "duration"))
"""Types whose values are numbers."""
TASTELESS_TYPES: frozenset[FeatureType] = frozenset(("id", "count", "office", "address"))
"""Types that tell nobody what they would like: a count is of votes, copies in stock or places in an
order; what is for a back office may be anything."""
_TYPE_BY_REASON: Mapping[str, FeatureType] = {
    "it has addresses": "address",
    "it has ids": "id",
    "it is for a back office": "office",
    "it has objects": "office",
    "it has running numbers": "id",
    "it has places in an order": "count",
    "it has scores of others": "count",
    "it has counts": "count",
}
MAX_SAMPLE_VALUES = 1_000
"""Different values of a column that are looked at."""
MIN_TYPE_SHARE = 0.9
"""Of the values, those that must be of a type for the column to be of it."""
MIN_TEXT_LENGTH = 60
"""Mean characters of a value from which a column is free text."""
YEARS = range(1000, 2101)
NAMELESS_YEARS = range(1850, 2101)
"""What is a year in a column that is not called so."""
_NUMBER = re.compile(r"\A[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?", re.ASCII)
_BAND = re.compile(r"\A(\d++(?:\.\d++)?)(?:-\d++(?:\.\d++)?|\+)", re.ASCII)
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_ISO_DURATION = re.compile(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?", re.ASCII)
_DURATION_WORDS = re.compile(
    r"\A(?:(\d++) ?h(?:ours?|rs?|\.)?)?(?:,? ?(?:and )?(\d++) ?m(?:in(?:ute)?s?|\.)?\.?)?"
    r"(?: ?(\d++) ?s(?:ec(?:ond)?s?)?)?",
    re.IGNORECASE | re.ASCII,
)
MAX_DURATION_LENGTH = 40
_WITH_MONTH = re.compile(r"(\d{1,2}[ -])?[A-Za-z]{3,9}\.?[ -](\d{1,2},? )?\d{4}", re.ASCII)
CALENDAR = (
    datetime(1, 1, 2, tzinfo=UTC).timestamp(),
    datetime(9999, 12, 31, tzinfo=UTC).timestamp(),
)
"""The first and the last moment that has a date, in seconds since 1970, whatever the time zone."""
FLAG_VALUES: Mapping[str, bool] = {
    **dict.fromkeys(("true", "yes", "y", "ja", "oui", "sí", "si", "1"), True),
    **dict.fromkeys(("false", "no", "n", "nein", "non", "0"), False),
}
_YEAR_NAMES = "year years yr jahr année annee año ano vintage jahrgang"
_YEAR_WORDS = frozenset(_YEAR_NAMES.split())
_NAMES_OF_DURATIONS = (
    "duration runtime runningtime playtime minutes mins laufzeit dauer durée duree duración "
    "duracion"
)
_DURATION_NAMES = frozenset(_NAMES_OF_DURATIONS.split())
_NAMES_OF_GROUPS = (
    "category cat brand genre genres type group department section class zip code size "
    "postcode postal postleitzahl plz zipcode codepostal"
)
_GROUP_WORDS = frozenset(_NAMES_OF_GROUPS.split())
"""Columns whose numbers name things."""
_UNIT_NAMES = "kg g mg lb oz km m cm mm in ft l ml cl kb mb gb w kw v pages watts"
_UNITS = frozenset(_UNIT_NAMES.split())
_DURATION_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("ms", "milliseconds", "millis"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hours"), "h"),
}
MINUTES_PER_UNIT: Mapping[str, float] = {"ms": 1 / 60_000, "s": 1 / 60, "min": 1.0, "h": 60.0}
MAX_MEDIAN_MINUTES = 600
MAX_MEDIAN_SECONDS = 50_000


class FeatureSettings(Settings):
    """What a column of items is, where its values do not tell."""

    type: FeatureType | None = None
    """category, list, number, year, date, price, duration, flag or text; or id, count, office or
    address, which say nothing of taste."""
    label: str | None = None
    """What people call it, e.g. "director". Empty is the name of the column in words."""
    unit: str | None = None
    """What its numbers count, e.g. "kg"; of a duration ms, s, min or h."""
    phrase: str | Mapping[str, str] | None = None
    """How a reason says it, with the value in braces: "directed by {value}"; or one a language:
    `{en = "directed by {value}", de = "von {value}"}`."""

    @field_validator("phrase")
    @classmethod
    def _phrase(cls, phrase: str | Mapping[str, str] | None) -> str | Mapping[str, str] | None:
        phrases = phrase.values() if isinstance(phrase, Mapping) else [phrase or "{value}"]
        for text in phrases:
            if text.count("{value}") != 1 or text.replace("{value}", "").strip("{}") != (
                text.replace("{value}", "")
            ):
                raise ValueError(
                    "it needs {value} once, and no other braces, e.g. 'directed by {value}'"
                )
        return phrase


@dataclass(frozen=True, slots=True)
class FeatureTyping:
    """What the settings say of columns."""

    settings: Mapping[str, FeatureSettings] = field(default_factory=dict)
    kept_columns: frozenset[str] = frozenset()
    """That tell of taste, whatever they look like."""

    def find_type(
        self,
        column: str,
        values: Sequence[Any],
        *,
        has_several: bool = False,
        is_priced: bool = False,
    ) -> FeatureType:
        """The type of a column: as the settings say, else as `find_feature_type` finds."""
        setting = self.settings.get(column) or self.settings.get(usual_name(column))
        if setting is not None and setting.type is not None:
            return setting.type
        return find_feature_type(
            column,
            values,
            has_several=has_several,
            is_priced=is_priced,
            may_be_tasteless=column not in self.kept_columns,
        )


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """What a column is, and how it is spoken of."""

    column: str
    type: FeatureType
    label: str
    """In words: "page count"."""
    unit: str = ""
    """Of its numbers; "" where it has none or is not known."""
    phrases: Mapping[str, str] | None = None
    """Language → phrase, of the settings; "" is every language. None where they have none."""

    @property
    def is_ordered(self) -> bool:
        """Whether its values are numbers, of which near ones are alike."""
        return self.type in ORDERED_TYPES

    @property
    def tells_taste(self) -> bool:
        """Whether it says what somebody would like."""
        return self.type not in TASTELESS_TYPES


def find_feature_type(
    column: str,
    values: Sequence[Any],
    *,
    has_several: bool = False,
    is_priced: bool = False,
    may_be_tasteless: bool = True,
) -> FeatureType:
    """The type of a column.

    values: as they come in the rows, without empty ones. has_several: whether an item has several.
    is_priced: whether it was read as prices. may_be_tasteless: False where somebody said that the
    column tells of taste.
    """
    texts = [str(value).strip() for value in values[:MAX_SAMPLE_VALUES]]
    if column.endswith(CURRENCY_SUFFIX) or not texts:
        return "list" if has_several else "category"
    if is_priced or (column.endswith(BAND_SUFFIX) and _share(texts, "price") == 1):
        return "price"
    reason = no_taste_reason(column, texts) if may_be_tasteless else None
    if reason == "it has times":
        return "date" if is_release_time(column) else "office"
    if reason is not None:
        return _TYPE_BY_REASON[reason]
    ordered_type = _ordered_type(column, texts)
    if ordered_type is not None:
        return ordered_type
    if not has_several and {text.lower() for text in texts} <= FLAG_VALUES.keys():
        return "flag"
    if has_several:
        return "list"
    return "text" if sum(map(len, texts)) > MIN_TEXT_LENGTH * len(texts) else "category"


class TypedColumn(Protocol):
    """A column of the catalogue; `domain.data.Feature` is one."""

    @property
    def column(self) -> str: ...
    @property
    def feature_type(self) -> FeatureType: ...


Column = TypeVar("Column", bound=TypedColumn)


def descriptive_features(features: Sequence[Column]) -> tuple[Column, ...]:
    """Those that say what items are: a number that has a band is told by the band, and ids, counts
    and what a back office writes down tell nobody what they would like.
    """
    columns = {feature.column for feature in features}
    return tuple(
        feature
        for feature in features
        if is_descriptive(feature.column, columns) and feature.feature_type not in TASTELESS_TYPES
    )


def _ordered_type(column: str, texts: Sequence[str]) -> FeatureType | None:
    """None for a column that has no numbers, or whose numbers name things."""
    words = set(column_words(column))
    if _is_flag(words, texts):
        return None
    measured_count = most_measured(texts)
    if measured_count >= MIN_TYPE_SHARE * len(texts) and not _DURATION_NAMES & words:
        return "number"
    numbers = [number for text in texts if (number := _number(text)) is not None]
    is_numeric = len(numbers) >= MIN_TYPE_SHARE * len(texts)
    if _DURATION_NAMES & words and (is_numeric or _share(texts, "duration") >= MIN_TYPE_SHARE):
        return "duration"
    if is_numeric:
        if words & _GROUP_WORDS:
            return None
        if is_measure_name(column):
            return "number"
        years = YEARS if words & _YEAR_WORDS else NAMELESS_YEARS
        whole_numbers = [int(number) for number in numbers if number.is_integer()]
        year_count = sum(number in years for number in whole_numbers)
        return "year" if year_count >= MIN_TYPE_SHARE * len(texts) else "number"
    for feature_type in ("duration", "date"):
        if _share(texts, feature_type) >= MIN_TYPE_SHARE:
            return feature_type
    return None


def _is_flag(words: set[str], texts: Sequence[str]) -> bool:
    """0 and 1 are numbers unless there is nothing else."""
    lowered = {text.lower() for text in texts}
    return lowered <= FLAG_VALUES.keys() and not words & (_DURATION_NAMES | _YEAR_WORDS)


def _share(texts: Sequence[str], feature_type: FeatureType) -> float:
    """Of the texts, those that are values of this type."""
    return sum(feature_number(text, feature_type) is not None for text in texts) / len(texts)


def is_on_calendar(seconds: float) -> bool:
    """Whether a time in seconds since 1970 is in the years 1 to 9999."""
    return CALENDAR[0] <= seconds <= CALENDAR[1]


def feature_number(value: str, feature_type: FeatureType = "number") -> float | None:
    """The number that a value is, as filters compare it; None for one that is none.

    A date is seconds since 1970 in UTC; a duration that is written out ("1 h 35 min", "1:35:00",
    "PT1H35M") is minutes; a band of prices is its lower end.
    """
    text = str(value).strip()
    number = _number(text)
    if number is not None:
        return None if feature_type == "date" and not is_on_calendar(number) else number
    if feature_type == "duration":
        return _written_minutes(text)
    if feature_type == "number":
        measured = measured_number(text)
        return _seconds(text) if measured is None else measured
    if feature_type == "price":
        band = _BAND.fullmatch(text)
        return float(band[1]) if band else None
    return _seconds(text)


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if isfinite(number) else None


def _seconds(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _written_date(text) if _WITH_MONTH.fullmatch(text) else None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@lru_cache(maxsize=10_000)
def _written_date(text: str) -> float | None:
    """Of a date with the name of its month in English: the month alone is its first day."""
    words = " ".join(text.replace(",", " ").replace(".", " ").replace("-", " ").split())
    for form in ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%b %Y", "%B %Y"):
        with suppress(ValueError):
            return datetime.strptime(words, form).replace(tzinfo=UTC).timestamp()
    return None


def _written_minutes(text: str) -> float | None:
    if len(text) > MAX_DURATION_LENGTH:
        return None
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        hours, minutes, seconds = (
            clock.groups() if clock[3] is not None else ("0", clock[1], clock[2])
        )
        return 60 * float(hours) + float(minutes) + float(seconds) / 60
    match = _ISO_DURATION.fullmatch(text.upper()) or _DURATION_WORDS.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 60 * hours + minutes + seconds / 60


def describe_feature(
    column: str,
    feature_type: FeatureType,
    values: Sequence[str] = (),
    setting: FeatureSettings | None = None,
) -> FeatureDescription:
    """How a column is spoken of. values: of its numbers, for their unit."""
    setting = setting or FeatureSettings()
    words = column_words(column.removesuffix(BAND_SUFFIX))
    unit = setting.unit or _unit(feature_type, words, values)
    plain_words = words[:-1] if len(words) > 1 and words[-1] in _UNITS else words
    phrase = setting.phrase
    phrases = phrase if phrase is None or isinstance(phrase, Mapping) else {"": phrase}
    label = setting.label or spoken_words(column.removesuffix(BAND_SUFFIX), plain_words) or column
    return FeatureDescription(column, feature_type, label, unit, phrases)


def _unit(feature_type: FeatureType, words: Sequence[str], values: Sequence[str]) -> str:
    if feature_type != "duration":
        unit = common_unit(values[:MAX_SAMPLE_VALUES]) if feature_type == "number" else ""
        return unit or (words[-1] if len(words) > 1 and words[-1] in _UNITS else "")
    for word in words:
        if word in _DURATION_UNITS:
            return _DURATION_UNITS[word]
    numbers = [
        number for value in values[:MAX_SAMPLE_VALUES] if (number := _number(value)) is not None
    ]
    if not numbers or median(numbers) <= MAX_MEDIAN_MINUTES:
        return "min"
    return "s" if median(numbers) <= MAX_MEDIAN_SECONDS else "ms"
