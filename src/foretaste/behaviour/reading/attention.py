"""In: columns of events such as `ms_played`, `dwell_seconds`, `progress` or `skipped`. Out: how
much of its item each event took in, as a share from 0 to 1, which is the event's value.

A share is taken as it is. Of seconds it is a share of the item's length, where a column or the item
tells that; else of the time that the longest quarter of the events takes. How far somebody scrolled
is asked where neither is there: the end of a page is reached in two seconds as well. What was
skipped is little, where nothing says how much.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.reading.numbers import NumberParser, read_number_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import CellError, is_missing
from foretaste.domain.data import Item
from foretaste.domain.feature_types import (
    FLAG_VALUES,
    MINUTES_PER_UNIT,
    describe_feature,
    feature_number,
    find_feature_type,
)
from foretaste.domain.no_taste import column_words

_SHARE_NAMES = (
    "progress completion completionrate completionratio completionpercent completionpercentage "
    "percentcomplete percentcompleted percentwatched watchedpercent watchpercent "
    "watchedpercentage percentplayed playedpercent percentread readpercent readpercentage "
    "percentviewed watchratio listenratio playratio watchedshare readshare listenedshare "
    "watchedfraction fractionwatched fractionplayed fortschritt gelesenanteil anteilgelesen "
    "gelesenprozent progression progreso percent percentage watchedpct pctwatched pctcomplete "
    "completepct progresspct listenedpct pctlistened readpct pctread watchedratio playedratio "
    "prozentgesehen gesehenprozent anteilgesehen pourcentagevu porcentajevisto"
)
_SCROLL_NAMES = (
    "scroll scrolldepth scrollpercent scrollpercentage percentscrolled maxscroll maxscrolldepth "
    "scrolltiefe scrollprozent profondeurdefilement"
)
_TIME_NAMES = (
    "msplayed playedms secondsplayed playedseconds playseconds playtime playtimeseconds playtimems "
    "playduration minutesplayed watchtime watchtimeseconds watchseconds watchedseconds "
    "watchduration secondswatched minuteswatched watchminutes timewatched durationwatched viewtime "
    "viewingtime viewduration viewseconds listentime listenseconds listenedseconds listenedms "
    "listenms listeningtime listenduration secondslistened minuteslistened dwellseconds dwelltime "
    "dwelltimeseconds dwelltimems dwellms dwell readingtime readtime readseconds secondsread "
    "timeonpage timespent timespentseconds engagementtime engagementtimemsec activetime "
    "activeseconds durationplayed playbacktime playbackms playbackduration verweildauer lesedauer "
    "hordauer sehdauer wiedergabedauer verweilzeit lesezeit horzeit sehzeit besuchsdauer "
    "aufenthaltsdauer tempslecture tempspasse dureevisite dureeecoute tempsecoute "
    "tiemporeproduccion tiempolectura playhead playheadposition playheadseconds playbackposition "
    "positionseconds positionsec positionms resumeposition resumepoint lastposition "
    "lastpositionseconds stoppedatseconds wiedergabeposition"
)
_LENGTH_NAMES = (
    "duration durationms durationseconds durationsec trackduration trackdurationms trackduration "
    "tracklength songlength songduration videolength videoduration contentduration contentlength "
    "itemduration mediaduration episodelength episodeduration totalduration length lengthseconds "
    "lengthms runtime dauer laufzeit gesamtdauer spieldauer duree duracion"
)
_SKIPPED_NAMES = "skipped isskipped wasskipped skip ubersprungen saute omitido"
_NAMES: Mapping[str, frozenset[str]] = {
    role: frozenset(names.split())
    for role, names in (
        ("share", _SHARE_NAMES),
        ("scroll", _SCROLL_NAMES),
        ("time", _TIME_NAMES),
        ("length", _LENGTH_NAMES),
        ("skipped", _SKIPPED_NAMES),
    )
}
SKIPPED_SHARE = 0.1
"""Of what was skipped, where nothing says how much of it was taken in."""
MIN_TIMES = 20
"""Times without which nothing is concluded from them."""
MAX_MEDIAN_SECONDS = 20_000
"""A median above it, of a column that names no unit, is of milliseconds."""
_UNIT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("ms", "msec", "msplayed", "millis", "milliseconds", "millisekunden", "millisecondes"), "ms"
    ),
    **dict.fromkeys(("min", "mins", "minutes", "minuten", "minutos"), "min"),
    **dict.fromkeys(
        ("s", "sec", "secs", "seconds", "sek", "sekunden", "secondes", "segundos"), "s"
    ),
}
_IS_WRITTEN_OUT = re.compile(r":|[a-zA-Z]")
_SMALL_WORDS = ("in", "en", "the", "of", "der", "de", "percent", "prozent", "pct", "avg")


@dataclass(frozen=True)
class Attention:
    """How the value of each event is read from its row."""

    columns: Mapping[str, str]
    """share, time, length or skipped → its column."""
    numbers: Mapping[str, "_NumberColumn"] = field(default_factory=dict)
    """Column of shares or times → how its numbers are written."""
    divisor: float = 1.0
    """100 where shares are per cent."""
    seconds_per_unit: Mapping[str, float] = field(default_factory=dict)
    """Column of times → seconds of its unit."""
    usual_seconds: float | None = None
    """What counts as all of an item whose length is not known."""
    item_seconds: Callable[[str], float | None] = lambda item: None
    """→ the length of an item, if it is known."""

    def value(self, row: Mapping[str, Any], item: str | None) -> float | None:
        """From 0 to 1; None where the row does not say."""
        share = self._share(row, item)
        skipped = row.get(self.columns.get("skipped", ""))
        if share is None and not is_missing(skipped):
            is_skipped = FLAG_VALUES.get(str(skipped).strip().lower())
            return None if is_skipped is None else SKIPPED_SHARE if is_skipped else 1.0
        return share

    def _share(self, row: Mapping[str, Any], item: str | None) -> float | None:
        share_column = self.columns.get("share")
        if share_column is not None:
            number = self.numbers[share_column].number(row.get(share_column))
            return None if number is None else _bounded(number / self.divisor)
        taken = self._seconds(row, "time")
        if taken is None:
            return None
        length = self._seconds(row, "length") or (None if item is None else self.item_seconds(item))
        whole = length or self.usual_seconds
        return None if not whole else _bounded(taken / whole)

    def _seconds(self, row: Mapping[str, Any], role: str) -> float | None:
        column = self.columns.get(role)
        if column is None:
            return None
        return self.numbers[column].seconds(row.get(column), self.seconds_per_unit[column])

    def notes(self, counted_types: Collection[str]) -> list[str]:
        """What is said of it. counted_types: the event types whose values the settings count."""
        problems = [numbers.problem for numbers in self.numbers.values() if numbers.problem]
        return [self._note(counted_types), *problems]

    def _note(self, counted_types: Collection[str]) -> str:
        names = ", ".join(f"'{column}'" for column in self.columns.values())
        if "share" in self.columns:
            share = "a share"
        elif "time" in self.columns:
            share = (
                "a share of the item's length, or of what a long visit takes where none is known"
            )
        else:
            share = f"{SKIPPED_SHARE:g} of what was skipped and 1 of the rest"
        remedy = (
            f"it counts, as [behaviour.value.{sorted(counted_types)[0]}] says"
            if counted_types
            else "[behaviour.value.view] counts = true has it count"
        )
        return (
            f"{names}: how much of its item an event took in, {share}, was taken for its value, "
            f"from 0 to 1; {remedy}"
        )


class _NumberColumn:
    """Reads the numbers and written times of a column, by the decimal mark that the column has."""

    def __init__(
        self, column: str, head: Sequence[Mapping[str, Any]], settings: BehaviourSettings
    ) -> None:
        self.cells = [row.get(column) for row in head]
        reading = read_number_column(list(map(_without_percent, self.cells)), column, settings)
        self.problem = reading.problem
        """Why some of its numbers cannot be read, "1.234" that may be two; None where all can."""
        self._parse = reading.parse
        self._has_comma = isinstance(reading.parse, NumberParser) and reading.parse.mark == ","

    def number(self, cell: Any) -> float | None:
        """None of what is no number."""
        try:
            return self._parse(_without_percent(cell))
        except CellError:
            return None

    def seconds(self, cell: Any, seconds_per_unit: float) -> float | None:
        """Of a number, or of a time that is written out: 3:25."""
        number = self.number(cell)
        if number is not None:
            return None if number < 0 else number * seconds_per_unit
        if is_missing(cell) or not _IS_WRITTEN_OUT.search(str(cell)):
            return None
        text = str(cell).replace(",", ".") if self._has_comma else str(cell)
        minutes = feature_number(text, "duration")
        return None if minutes is None else 60 * minutes

    def all_numbers(self) -> list[float]:
        """Those of the first rows."""
        return [number for cell in self.cells if (number := self.number(cell)) is not None]


def _without_percent(cell: Any) -> Any:
    return cell.strip().removesuffix("%").strip() if isinstance(cell, str) else cell


def find_attention(
    columns: Iterable[str],
    used_columns: Collection[str | None],
    head: Sequence[Mapping[str, Any]],
    items: Callable[[], Iterable[Item]],
    settings: BehaviourSettings,
) -> Attention | None:
    """None of a table whose columns say nothing of it. items: those that are known."""
    by_role: dict[str, str] = {}
    for column in columns:
        role = _role(column)
        if role is not None and column not in used_columns:
            by_role.setdefault(role, column)
    numbers = {
        column: _NumberColumn(column, head, settings)
        for role, column in by_role.items()
        if role != "skipped"
    }
    of_shares = _attention_of_shares(by_role.get("share"), numbers)
    if of_shares is not None:
        return of_shares
    skipped = {"skipped": by_role["skipped"]} if _is_flag(by_role.get("skipped"), head) else {}
    return (
        _attention_of_times(by_role, skipped, numbers, items)
        or _attention_of_shares(by_role.get("scroll"), numbers)
        or (Attention(skipped) if skipped else None)
    )


def _role(column: str) -> str | None:
    """What a column says of attention, by its name with or without a unit: 'Verweildauer (s)'."""
    units = (*_UNIT_WORDS, *_SMALL_WORDS)
    bare_name = "".join(word for word in column_words(column) if word not in units)
    for name in (normalise_column(column), bare_name):
        for role, names in _NAMES.items():
            if name in names:
                return role
    return None


def _attention_of_shares(
    column: str | None, numbers: Mapping[str, _NumberColumn]
) -> Attention | None:
    """None where no such column has numbers from 0 to 100."""
    shares = [] if column is None else numbers[column].all_numbers()
    if column is None or not shares or not 0 <= min(shares) <= max(shares) <= 100:
        return None
    return Attention({"share": column}, numbers, 100.0 if max(shares) > 1 else 1.0)


def _attention_of_times(
    by_role: Mapping[str, str],
    skipped: Mapping[str, str],
    numbers: Mapping[str, _NumberColumn],
    items: Callable[[], Iterable[Item]],
) -> Attention | None:
    """None where no column has times, or too few of them to say what a long visit is."""
    if "time" not in by_role:
        return None
    roles: tuple[str, ...] = ("time", "length")
    time_columns = {role: by_role[role] for role in roles if role in by_role}
    units = {column: _unit(column, numbers[column]) for column in time_columns.values()}
    times = numbers[by_role["time"]]
    unit = units[by_role["time"]]
    seconds = [s for cell in times.cells if (s := times.seconds(cell, unit)) is not None]
    if len(seconds) < MIN_TIMES and "length" not in by_role:
        return None
    lengths = {} if "length" in by_role else _lengths(items())
    usual = quantiles(seconds, n=4)[-1] if len(seconds) >= MIN_TIMES else None
    columns = {**time_columns, **skipped}
    return Attention(columns, numbers, 1.0, units, usual, lengths.get)


def _is_flag(column: str | None, head: Sequence[Mapping[str, Any]]) -> bool:
    cells = [row.get(column) for row in head if column is not None]
    texts = {str(cell).strip().lower() for cell in cells if not is_missing(cell)}
    return bool(texts) and texts <= FLAG_VALUES.keys()


def _bounded(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _unit(column: str, numbers: _NumberColumn) -> float:
    """Seconds of the unit that the name or the size of the numbers tells."""
    unit = next((_UNIT_WORDS[word] for word in column_words(column) if word in _UNIT_WORDS), None)
    if unit is None:
        all_numbers = numbers.all_numbers()
        unit = "ms" if all_numbers and median(all_numbers) > MAX_MEDIAN_SECONDS else "s"
    return 60 * MINUTES_PER_UNIT[unit]


def _lengths(items: Iterable[Item]) -> dict[str, float]:
    """Item → its length in seconds, by the column of the items that is a duration."""
    values: dict[str, dict[str, str]] = {}
    for item in items:
        for column, cells in item.attributes.items():
            if cells:
                values.setdefault(column, {})[item.id] = cells[0]
    for column, by_item in values.items():
        texts = list(by_item.values())
        if find_feature_type(column, texts) != "duration":
            continue
        per_unit = 60 * MINUTES_PER_UNIT[describe_feature(column, "duration", texts).unit]
        read = {item: _length(text, per_unit) for item, text in by_item.items()}
        return {item: seconds for item, seconds in read.items() if seconds}
    return {}


def _length(text: str, seconds_per_unit: float) -> float | None:
    """Seconds of an item's length, a number or a time that is written out."""
    number = feature_number(text)
    if number is not None:
        return number * seconds_per_unit
    minutes = feature_number(text, "duration")
    return None if minutes is None else 60 * minutes
