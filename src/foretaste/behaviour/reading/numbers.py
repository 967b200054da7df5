"""In: a column of numbers or prices. Out: each as a float, by one decimal mark for the column."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import parse_number


def read_number_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings
) -> ColumnReading:
    """field: the field or the column's own name, for messages."""
    return read_column(cells, "numbers", partial(parse_number, field=field))


def read_price_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings
) -> ColumnReading:
    """As `read_number_column`; refuses prices below 0, and the decision names the currency."""
    return read_number_column(cells, field, settings)
