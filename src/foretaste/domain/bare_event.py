"""An event as far as lists are made from it: most of what is kept of events is for other uses."""

from typing import NamedTuple


class BareEvent(NamedTuple):
    """The fields are those of `Event`."""

    item: str | None
    kind: str
    value: float | None
    at: float
    text: str | None
    query: str | None
