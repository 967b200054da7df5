"""In: columns of events such as `ms_played`, `dwell_seconds`, `progress` or `skipped`. Out: how
much of its item each event took in, as a share from 0 to 1, which is the event's value.

A share is taken as it is. Of seconds it is a share of the item's length, where a column or the item
tells that; else of the time that the longest quarter of the events takes. What was skipped is
little, where nothing says how much.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.values import is_missing
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
    "watchedfraction fractionwatched fractionplayed scrolldepth scrollpercent scrollpercentage "
    "fortschritt progression progreso"
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
    "hordauer sehdauer wiedergabedauer tempslecture dureeecoute tempsecoute tiemporeproduccion"
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
    **dict.fromkeys(("ms", "msec", "msplayed", "millis", "milliseconds"), "ms"),
    **dict.fromkeys(("min", "mins", "minutes"), "min"),
    **dict.fromkeys(("s", "sec", "secs", "seconds"), "s"),
}


@dataclass(frozen=True)
class Attention:
    """How the value of each event is read from its row."""

    columns: Mapping[str, str]
    """share, time, length or skipped → its column."""
    divisor: float = 1.0
    """100 where shares are per cent."""
    seconds_per_unit: Mapping[str, float] | None = None
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
        if "share" in self.columns:
            number = _number(row.get(self.columns["share"]))
            return None if number is None else _bounded(number / self.divisor)
        taken = self._seconds(row, "time")
        if taken is None:
            return None
        length = self._seconds(row, "length") or (None if item is None else self.item_seconds(item))
        whole = length or self.usual_seconds
        return None if not whole else _bounded(taken / whole)

    def _seconds(self, row: Mapping[str, Any], role: str) -> float | None:
        column = self.columns.get(role)
        if column is None or self.seconds_per_unit is None:
            return None
        return _seconds(row.get(column), self.seconds_per_unit[column])

    def note(self) -> str:
        """What is said of it."""
        names = ", ".join(f"'{column}'" for column in self.columns.values())
        if "share" in self.columns:
            share = "a share"
        elif "time" in self.columns:
            share = (
                "a share of the item's length, or of what a long visit takes where none is known"
            )
        else:
            share = f"{SKIPPED_SHARE:g} of what was skipped and 1 of the rest"
        return (
            f"{names}: how much of its item an event took in, {share}, was taken for its value, "
            "from 0 to 1; [behaviour.value.view] counts = true has it count"
        )


def find_attention(
    columns: Iterable[str],
    used_columns: Collection[str | None],
    head: Sequence[Mapping[str, Any]],
    items: Callable[[], Iterable[Item]],
) -> Attention | None:
    """None of a table whose columns say nothing of it. items: those that are known."""
    by_role: dict[str, str] = {}
    for column in columns:
        name = normalise_column(column)
        role = next((role for role, names in _NAMES.items() if name in names), None)
        if role is not None and column not in used_columns:
            by_role.setdefault(role, column)
    numbers = [n for row in head if (n := _number(row.get(by_role.get("share", "")))) is not None]
    if by_role and "share" in by_role and numbers and 0 <= min(numbers) <= max(numbers) <= 100:
        divisor = 100.0 if max(numbers) > 1 else 1.0
        return Attention({"share": by_role["share"]}, divisor)
    skipped = {"skipped": by_role["skipped"]} if _is_flag(by_role.get("skipped"), head) else {}
    if "time" not in by_role:
        return Attention(skipped) if skipped else None
    roles: tuple[str, ...] = ("time", "length")
    time_columns = {role: by_role[role] for role in roles if role in by_role}
    units = {column: _unit(column, head) for column in time_columns.values()}
    taken = by_role["time"]
    seconds = [s for row in head if (s := _seconds(row.get(taken), units[taken])) is not None]
    if len(seconds) < MIN_TIMES and "length" not in by_role:
        return Attention(skipped) if skipped else None
    lengths = {} if "length" in by_role else _lengths(items())
    usual = quantiles(seconds, n=4)[-1] if len(seconds) >= MIN_TIMES else None
    return Attention({**time_columns, **skipped}, 1.0, units, usual, lengths.get)


def _is_flag(column: str | None, head: Sequence[Mapping[str, Any]]) -> bool:
    cells = [row.get(column) for row in head if column is not None]
    texts = {str(cell).strip().lower() for cell in cells if not is_missing(cell)}
    return bool(texts) and texts <= FLAG_VALUES.keys()


def _bounded(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _number(cell: Any) -> float | None:
    return None if is_missing(cell) else feature_number(str(cell).strip().removesuffix("%").strip())


def _seconds(cell: Any, seconds_per_unit: float) -> float | None:
    """Of a number, or of a time that is written out: 3:25."""
    number = _number(cell)
    if number is None and not is_missing(cell):
        minutes = feature_number(str(cell), "duration")
        return None if minutes is None else 60 * minutes
    return None if number is None or number < 0 else number * seconds_per_unit


def _unit(column: str, head: Sequence[Mapping[str, Any]]) -> float:
    """Seconds of the unit that the name or the size of the numbers tells."""
    unit = next((_UNIT_WORDS[word] for word in column_words(column) if word in _UNIT_WORDS), None)
    if unit is None:
        numbers = [n for row in head if (n := _number(row.get(column))) is not None]
        unit = "ms" if numbers and median(numbers) > MAX_MEDIAN_SECONDS else "s"
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
        read = {item: _seconds(text, per_unit) for item, text in by_item.items()}
        return {item: seconds for item, seconds in read.items() if seconds}
    return {}
