"""The first rows of a file without times in; whether they say what each user values most first."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import CellError

MIN_FALLS = 20
"""Pairs of rows of one user, one after the other, whose value falls."""
MAX_RISE_SHARE = 0.02
"""Of the pairs whose values differ; in any other order about half of them rise."""
LAST_ROW_SECONDS = 1_000_000_000
"""The time of a first row that is the newest: those after it are each a second older."""


def falls_within_users(
    head: Sequence[Row], user: str | None, value: str | None, parse: Callable[[Any], float | None]
) -> bool:
    """Whether the rows of each user go from the highest value to the lowest, as counts of plays are
    often listed. Such an order is no order in time: what counts most would be the oldest.

    user, value: their columns; None where there is none. parse: a cell → its number.
    """
    if user is None or value is None:
        return False
    falls = rises = 0
    for row, later_row in pairwise(head):
        if row.get(user) == later_row.get(user):
            try:
                number, later_number = parse(row.get(value)), parse(later_row.get(value))
            except CellError:
                continue
            if number is not None and later_number is not None:
                falls += later_number < number
                rises += later_number > number
    return falls >= MIN_FALLS and rises <= MAX_RISE_SHARE * (falls + rises)
