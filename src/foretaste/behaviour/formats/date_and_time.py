"""In: a table with a column of days and one of times of day. Out: what puts the two together.

Tills and some exports write `Date` 2023-05-01 and `Time` 18:30 apart; either alone is not when
something happened.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.formats.row_steps import RowStep, StepContext
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import RejectedRow

_KINDS = ("", "order", "sale", "event", "transaction", "invoice", "purchase", "visit", "start")
_PAIRS = (
    *((f"{kind}date", f"{kind}time") for kind in _KINDS),
    *(("day", "time"), ("datum", "zeit"), ("datum", "uhrzeit"), ("tag", "uhrzeit")),
    *(("date", "heure"), ("fecha", "hora"), ("data", "ora"), ("data", "hora"), ("datum", "tijd")),
)
_TIME_OF_DAY = re.compile(r"\d{1,2}[:.h]\d{2}(:\d{2}([.,]\d{1,9})?)?\s*([AaPp]\.?[Mm]\.?)?")


@dataclass(frozen=True, slots=True)
class JoinDateAndTime:
    """Both columns hold the moment afterwards, whichever is taken for the time."""

    date_column: str
    time_column: str

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        context.notes[f"the time of an event is '{self.date_column}' with '{self.time_column}'"] = (
            None
        )
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            moment = _moment(row.get(self.date_column), row.get(self.time_column))
            yield line, {**row, self.date_column: moment, self.time_column: moment}


def date_and_time_steps(columns: Iterable[str], head: Sequence[Row]) -> tuple[RowStep, ...]:
    """One step where the columns are a day and a time of day, else none."""
    by_name = {normalise_column(column): column for column in columns}
    for date_name, time_name in _PAIRS:
        if date_name in by_name and time_name in by_name:
            time_column = by_name[time_name]
            cells = [cell for row in head if not is_missing(cell := row.get(time_column))]
            if cells and all(map(_is_time_of_day, cells)):
                return (JoinDateAndTime(by_name[date_name], time_column),)
    return ()


def _is_time_of_day(cell: Any) -> bool:
    if isinstance(cell, time):
        return True
    return isinstance(cell, str) and _TIME_OF_DAY.fullmatch(cell.strip()) is not None


def _moment(day: Any, clock: Any) -> Any:
    """The day alone where there is no time of day; None without a day."""
    if is_missing(day) or is_missing(clock):
        return None if is_missing(day) else day
    if isinstance(day, datetime):
        day = day.date()
    if isinstance(day, date) and isinstance(clock, time):
        return datetime.combine(day, clock)
    return f"{day} {clock}"
