"""In: erasures, each with the least number of its events. Out: from which number on the log of a
model is another than the one it counted.

A model that was trained on the log up to a number need not be counted anew where only later events
are gone. Kept in `meta`, beside the number of erasures.
"""

import json
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.schema import meta

ERASED_NUMBERS_KEY = "erased_numbers"
MAX_ERASURES = 200
"""Erasures that are kept; of those before, nothing is known."""


def erased_numbers_row(
    connection: sa.Connection, count: int, first_number: int | None
) -> dict[str, str]:
    """The row of `meta` with one more erasure. count: its number. first_number: of its events the
    least; None where no event went.
    """
    known = _read(connection) or {"since": count - 1, "numbers": []}
    # an earlier erasure of later events says nothing more
    numbers = [row for row in known["numbers"] if first_number is None or row[1] < first_number]
    if first_number is not None:
        numbers.append([count, first_number])
    since = known["since"]
    if len(numbers) > MAX_ERASURES:
        since, numbers = numbers[-MAX_ERASURES - 1][0], numbers[-MAX_ERASURES:]
    return {
        "name": ERASED_NUMBERS_KEY,
        "text": json.dumps({"since": since, "numbers": numbers}),
    }


def first_number_past(connection: sa.Connection, after_count: int) -> int | None:
    """The least number of an event that went with an erasure past the first `after_count`; None
    where none did, 0 where that is not known.
    """
    known = _read(connection)
    if known is None or after_count < known["since"]:
        return 0
    return min((number for count, number in known["numbers"] if count > after_count), default=None)


def _read(connection: sa.Connection) -> dict[str, Any] | None:
    text = connection.scalar(sa.select(meta.c.text).where(meta.c.name == ERASED_NUMBERS_KEY))
    return None if text is None else json.loads(text)
