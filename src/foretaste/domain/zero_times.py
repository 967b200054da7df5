"""In: a time. Out: whether it is how some system writes that there is no time.

    0001-01-01              Go and .NET, in every zone; 1754-08-30 is Go's in nanoseconds
    0000-00-00, 00/00/0000  MySQL; PHP makes -0001-11-30 of it, Java 0002-11-30
    1899-12-30, 1900-01-00  spreadsheets, whose day 0 or 1 it is; 1904-01-01 on a Mac
    1601-01-01, 1753-01-01  the first times of Windows and of SQL Server
    1970-01-01              the second 0 of Unix, written as a date

Nothing that a shop sells or a person does is of these moments, so whoever sends one means none.
"""

import re
from datetime import UTC, date, datetime, time, timedelta

ZERO_DATES = frozenset(
    date(*parts)
    for parts in (
        (2, 11, 30),
        (1601, 1, 1),
        (1753, 1, 1),
        (1899, 12, 30),
        (1899, 12, 31),
        (1900, 1, 1),
        (1904, 1, 1),
        (1970, 1, 1),
    )
)
"""Of these the first moment; before them every moment of the year 1, as zones shift it."""
EPOCH = date(1970, 1, 1)
_FIRST_YEARS_END = datetime(2, 1, 1, tzinfo=UTC).timestamp()
_GO_NANOSECONDS = -6_795_364_578.871345
"""The least number of nanoseconds that has 64 bits, as seconds."""
_GO_NANOSECONDS_DATE = date(1754, 8, 30)
_ZERO_SECONDS = {datetime.combine(day, time(), UTC).timestamp() for day in ZERO_DATES - {EPOCH}}
_ZERO_TEXT = re.compile(
    r"[+-]?0{3,5}[01](?:\D|$)"  # the year 0, 1 or -1 first
    r"|000[01]\d{4}(?:\d{4}|\d{6})?$"  # the same without marks
    r"|\d{1,2}([./ -])\d{1,2}\1000[01](?!\d)"  # the year last
    r"|(?:0{1,2}[./ -]\d{1,2}|\d{1,2}[./ -]0{1,2})[./ -](?:00|0000|1900|1904)(?!\d)"
    r"|19(?:00|04)-\d{2}-00"
)
_ZERO_YEAR = re.compile(r" 000[01](?= |$)")
"""Amid a date in words."""


def is_zero_text(text: str) -> bool:
    """Whether a text is a zero time that no calendar has, or of the year 1."""
    return _ZERO_TEXT.match(text) is not None or (
        " 000" in text and _ZERO_YEAR.search(text) is not None
    )


def is_zero_moment(moment: datetime) -> bool:
    """Whether a moment is a zero time, by its own zone or in UTC."""
    if moment.year > EPOCH.year:
        return False
    if moment.year == 1 or moment.date() == _GO_NANOSECONDS_DATE:
        return True
    plain = moment.replace(tzinfo=None)
    offset = moment.utcoffset() or timedelta()
    return any(
        shown.time() == time() and shown.date() in ZERO_DATES for shown in (plain, plain - offset)
    )


def is_zero_day(day: date) -> bool:
    """Whether a date is a zero time."""
    return day.year == 1 or day in ZERO_DATES


def is_zero_seconds(seconds: float) -> bool:
    """Whether a number of seconds since 1970 is a zero time; 0 itself is for the caller to tell."""
    return (
        seconds < _FIRST_YEARS_END or seconds in _ZERO_SECONDS or abs(seconds - _GO_NANOSECONDS) < 1
    )
