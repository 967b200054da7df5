"""In: one time, as a file, a frame or JSON has it. Out: seconds since 1970 UTC.

ISO 8601 and numbers are read by Python, everything else by python-dateutil, which is asked twice,
with two dates to fill gaps from: what differs was no whole date (12:30, July 2015, Friday).
"""

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from foretaste.behaviour.reading.locales import LOCALE_SETTING, DateOrder
from foretaste.behaviour.settings import TimeUnit
from foretaste.behaviour.values import CellError, display_text, is_missing
from foretaste.domain.identifiers import normalise_text
from foretaste.domain.zero_times import (
    is_zero_day,
    is_zero_moment,
    is_zero_seconds,
    is_zero_text,
)

Remembered = TypeVar("Remembered", date, time)
SECONDS_PER_DAY = 86_400.0
MIN_PLAUSIBLE_SECONDS = 365 * SECONDS_PER_DAY
"""A number below it would be a second of 1970: it is a year, a day of a spreadsheet, a count."""
SECONDS_PER_UNIT: dict[str, float] = {
    "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60, "h": 3_600, "d": SECONDS_PER_DAY,
}  # fmt: skip
EXCEL_EPOCH = datetime(1899, 12, 30)
MAX_REMEMBERED_PARTS = 100_000
NO_TIME_WORDS = frozenset(("", "null", "none", "nan", "nat", "n/a", "na", "\\n", "undefined", "-"))
_TWO_DEFAULTS = datetime(2001, 1, 1), datetime(1996, 2, 2)
_THREE_NUMBERS = re.compile(r"(\d{1,4})([-./ ])(\d{1,2})\2(\d{1,4})")
_BEFORE_TIME = re.compile(r"(?<=\d{2})(?:[ ,]++|T)(?=\d{1,2}:\d{2})")
MAX_SECONDS = 253_402_300_799.0
"""The last second that calendars of computers have, of the year 9999."""
MAX_TIME_LENGTH = 100
"""Characters of a time; a longer text is none."""
_JAVASCRIPT_ZONE = re.compile(r"(?:GMT|UTC)(?=[+-]\d)")  # dateutil takes its sign the other way
_ZONE_NAME = re.compile(r" \([^()]*+\)$")
_APACHE_TIME = re.compile(r"(?<=\d{4}):(?=\d{2}:\d{2})")
_MICROSOFT_JSON_TIME = re.compile(r"\\?/Date\((-?\d{1,18})(?:[+-]\d{4})?\)\\?/")


class MomentParser:
    """Reads the times of one column, by what was decided for it."""

    def __init__(
        self,
        field: str,
        *,
        zone: tzinfo = UTC,
        unit: TimeUnit | None = None,
        order: DateOrder | None = None,
        min_seconds: float | None = None,
        dates_are_days: bool = False,
    ) -> None:
        self.field, self.zone, self.unit, self.order = field, zone, unit, order
        self._min_seconds = -math.inf if min_seconds is None else min_seconds
        self._min_plain_seconds = MIN_PLAUSIBLE_SECONDS if unit is None else math.inf
        """From here on a number is seconds: 20260301 lies below."""
        self._until_end = field == "available_until"
        self._dates_are_days = dates_are_days
        self._max_seconds_number = 1e12 if field.startswith("available") else 1e11
        self._dates: dict[str, date] = {}
        self._times: dict[str, time] = {}

    def __call__(self, cell: Any) -> float | None:
        """Seconds since 1970; None for an empty cell or a zero time. Raises `CellError`."""
        if cell.__class__ is str:
            if cell[:3] == "000" and is_zero_text(cell):
                return None
            try:
                return self._from_number(float(cell), cell)
            except ValueError:
                pass
            except OverflowError:
                raise self._error(cell) from None
        if is_missing(cell):
            return None
        try:
            return self._from_value(cell)
        except (TypeError, ValueError, OverflowError, OSError):
            raise self._error(cell) from None

    def _from_value(self, cell: Any) -> float | None:
        if isinstance(cell, str):
            return self._from_text(cell)
        if isinstance(cell, datetime):
            is_day = self._dates_are_days and cell.timetz() == time(tzinfo=cell.tzinfo)
            return self._seconds_of_day(cell.date()) if is_day else self._seconds(cell)
        if isinstance(cell, date):
            return self._seconds_of_day(cell)
        if hasattr(cell, "start_time") and hasattr(cell, "end_time"):  # a pandas Period
            return self._from_period(cell)
        if type(cell).__name__ == "datetime64":
            return self._from_value(cell.astype("datetime64[us]").item())
        is_number = isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)
        if not is_number and (not hasattr(cell, "dtype") or cell.dtype.kind not in "iuf"):
            raise ValueError(cell)
        return self._from_number(float(cell), cell)

    def _from_period(self, period: Any) -> float | None:
        if self._until_end:
            return self._seconds_of_day(period.end_time.date())
        if self.field == "at" and period.end_time - period.start_time > timedelta(days=1):
            raise CellError(
                self.field,
                period,
                f"time '{period}' is longer than a day",
                "give the day or the moment",
            )
        return self._seconds(period.start_time)

    # Numbers ------------------------------------------------------------------------------------

    def _from_number(self, number: float, cell: Any) -> float | None:
        seconds = self._seconds_of_number(number, cell)
        if seconds is not None and abs(seconds) > MAX_SECONDS:
            raise CellError(
                self.field,
                cell,
                f"time '{display_text(cell)}' is past the year 9999",
                "write ISO 8601, e.g. 2026-01-31T18:30:00Z, or leave the cell empty",
            )
        return seconds

    def _seconds_of_number(self, number: float, cell: Any) -> float | None:
        if self._min_plain_seconds <= number < self._max_seconds_number:
            return number
        if not math.isfinite(number):
            if isinstance(cell, str) and cell.strip().lower() == "nan":
                return None
            raise self._error(cell)
        if self.unit == "excel":
            return self._from_excel(number)
        if self.unit is not None:
            seconds: float | None = number * SECONDS_PER_UNIT[self.unit]
        elif number == 0:
            return None  # how many systems write that there is no time
        else:
            seconds = self._from_plain_number(number, cell)
        is_zero = seconds is not None and -MAX_SECONDS <= seconds < 0 and is_zero_seconds(seconds)
        return None if is_zero else seconds

    def _from_plain_number(self, number: float, cell: Any) -> float | None:
        """By its size it counts seconds, milliseconds and so on, or is the digits of a date."""
        size = abs(number)
        if size < self._max_seconds_number:
            if 19_000_101 <= size <= 21_001_231 and (compact := _compact_time(f"{size:.0f}")):
                return self._seconds_of_day(compact.date())
            if 0 <= number < self._min_seconds:
                raise self._implausible(number, cell)
            return number
        if size < 1e14:
            compact = _compact_time(f"{size:.0f}") if number.is_integer() else None
            return number / 1e3 if compact is None else self._seconds(compact)
        return number / 1e6 if size < 1e17 else number / 1e9

    def _from_excel(self, number: float) -> float | None:
        moment = EXCEL_EPOCH + timedelta(milliseconds=round(number * SECONDS_PER_DAY * 1e3))
        return self._seconds_of_day(moment.date()) if number.is_integer() else self._seconds(moment)

    def _implausible(self, number: float, cell: Any) -> CellError:
        return CellError(
            self.field,
            cell,
            f"time '{display_text(cell)}' would be a second of 1970",
            "write ISO 8601, e.g. 2026-01-31T18:30:00Z"
            + ("; in a file, --at-unit says what its numbers count" * (self.field == "at")),
        )

    # Text ---------------------------------------------------------------------------------------

    def _from_text(self, cell: str) -> float | None:
        if len(cell) > MAX_TIME_LENGTH:
            raise ValueError("it is too long")
        text = normalise_text(cell)
        if text.casefold() in NO_TIME_WORDS or is_zero_text(text):
            return None
        json_time = _MICROSOFT_JSON_TIME.fullmatch(text)
        if json_time is not None:
            return self._from_number(float(json_time[1]) / 1e3, cell)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return self._from_free_text(text)
        if len(text) <= len("2026-03-01"):
            return self._seconds_of_day(moment.date())
        return self._seconds(moment)

    def _from_free_text(self, text: str) -> float | None:
        text = _APACHE_TIME.sub(" ", _ZONE_NAME.sub("", _JAVASCRIPT_ZONE.sub("", text)))
        if text.endswith((" UTC", " GMT")):
            text = text[:-4] + "+00:00"
        if ":" not in text:
            return self._seconds_of_day(self._date_of(text))
        gaps = list(_BEFORE_TIME.finditer(text))
        if gaps:  # a column has few dates and few times: each is read once
            day, time_of_day = text[: gaps[-1].start()], text[gaps[-1].end() :]
            try:
                return self._seconds(
                    datetime.combine(self._date_of(day), self._time_of(time_of_day))
                )
            except ValueError:
                pass  # the year comes after the time
        return self._seconds(self._parsed(text))

    def _date_of(self, text: str) -> date:
        day = self._dates.get(text)
        if day is None:
            day = _remember(self._dates, text, self._parsed(text).date())
        return day

    def _time_of(self, text: str) -> time:
        day_time = self._times.get(text)
        if day_time is None:
            try:
                day_time = time.fromisoformat(f"0{text}" if text[1] == ":" else text)
            except ValueError:
                moment = self._parsed(f"{_TWO_DEFAULTS[0].date()} {text}")
                if moment.date() != _TWO_DEFAULTS[0].date():
                    raise
                day_time = moment.timetz()
            _remember(self._times, text, day_time)
        return day_time

    def _parsed(self, text: str) -> datetime:
        from dateutil import parser  # only for what is not ISO 8601

        order = self._order_of(text)
        moments = [
            parser.parse(
                text,
                default=default,
                dayfirst=order == "day",
                yearfirst=order == "year",
                tzinfos=_zone_of,
            )
            for default in _TWO_DEFAULTS
        ]
        if moments[0].date() != moments[1].date():
            raise ValueError(text)
        return moments[0]

    def _order_of(self, text: str) -> DateOrder:
        """What the date of this cell begins with."""
        numbers = _THREE_NUMBERS.match(text)
        if numbers is None:
            return "month"  # it has a name
        if self.order == "year" and len(numbers[4]) <= 2:
            return "year"
        order = order_of_numbers(numbers)
        if order is None and self.order != "year":
            order = self.order
        if order is None:
            raise CellError(
                self.field,
                text,
                f"time '{display_text(text)}' could be two dates, by which number is the month",
                f"say how your files write dates with {LOCALE_SETTING}",
            )
        return order

    # Both ---------------------------------------------------------------------------------------

    def _seconds(self, moment: datetime) -> float | None:
        """None for a zero time."""
        zoned_moment = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        return None if is_zero_moment(zoned_moment) else zoned_moment.timestamp()

    def _seconds_of_day(self, day: date) -> float | None:
        """Of its first moment; of an end, which is the end of that day, the moment after it. None
        for a zero time.
        """
        if is_zero_day(day):
            return None
        if self._until_end and day < date.max:
            day += timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()

    def _error(self, cell: Any) -> CellError:
        return CellError(
            self.field,
            cell,
            f"time '{display_text(cell)}' cannot be read",
            "write ISO 8601, e.g. 2026-01-31T18:30:00Z, or seconds since 1970",
        )


def order_of_numbers(numbers: re.Match[str]) -> DateOrder | None:
    """What a date like 21-07-2015 begins with, by itself; None where two readings are dates."""
    first, mark, second, third = numbers.groups()
    if len(first) > 2:
        return "year"
    if len(third) <= 2 and int(first) > 31:
        return "year"
    if mark == ".":  # nobody writes the month first with points
        return "day"
    if len(third) <= 2 and mark == "-" and int(third) <= 31:
        return None  # 15-07-21 may begin with the year
    if int(first) > 12:
        return "day"
    if int(second) > 12:
        return "month"
    return "day" if first.zfill(2) == second.zfill(2) else None


def match_numbers(text: str) -> re.Match[str] | None:
    """The three numbers at the beginning of a date."""
    return _THREE_NUMBERS.match(text)


def zone_of(name: str) -> tzinfo:
    """The zone of the setting `behaviour.timezone`."""
    return UTC if name == "UTC" else ZoneInfo(name)


def _compact_time(digits: str) -> datetime | None:
    """20260301, 202603011830 or 20260301183000; None for other numbers."""
    pattern = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(digits))
    if pattern is None or not "1900" <= digits[:4] <= "2100":
        return None
    try:
        return datetime.strptime(digits, pattern)
    except ValueError:
        return None


def _zone_of(name: str | None, offset: int | None) -> tzinfo | None:
    """Only zones with an offset: what dateutil knows by name are those of this machine."""
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is not None:
        raise ValueError(f"the zone {name} is not the same everywhere")
    return None


def _remember(memory: dict[str, Remembered], text: str, value: Remembered) -> Remembered:
    if len(memory) >= MAX_REMEMBERED_PARTS:
        memory.clear()
    memory[text] = value
    return value
