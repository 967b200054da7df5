"""In: a column of times or dates. Out: seconds since 1970 UTC."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import parse_time


def read_time_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings, now: float
) -> ColumnReading:
    """field: at, available_from or available_until; now: seconds since 1970."""
    return read_column(cells, "times", partial(parse_time, field=field))
