"""In: a column of text. Out: what a person reads of it; markup, addresses and code are no text."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.values import parse_text


def read_text_column(cells: Sequence[Any], field: str) -> ColumnReading:
    """`problem` says why a column is no text: addresses, ids, code."""
    return read_column(cells, "text", partial(parse_text, field=field))
