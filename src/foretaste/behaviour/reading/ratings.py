"""In: a column of ratings. Out: their scale, and from which value on a rating is a positive."""

from collections.abc import Sequence
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading
from foretaste.behaviour.reading.numbers import read_number_column
from foretaste.behaviour.settings import BehaviourSettings


def read_rating_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings
) -> ColumnReading:
    """field: value, or the column's own name, for messages."""
    return read_number_column(cells, field, settings)
