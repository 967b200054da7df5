"""In: a time of a format that is known to be in UTC. Out: the same with its zone."""

import re
from typing import Any

from foretaste.behaviour.values import is_missing

_WITHOUT_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?")


def as_utc(cell: Any) -> Any:
    """A text such as "2026-01-02 10:31" has no zone and is given it; anything else stays."""
    if is_missing(cell):
        return None
    text = str(cell).strip()
    return f"{text}Z" if isinstance(cell, str) and _WITHOUT_ZONE.fullmatch(text) else cell
