"""Where events have an end."""

from collections.abc import Collection
from typing import NamedTuple, Protocol


class OlderEvents(NamedTuple):
    """Events that were deleted as they were kept long enough."""

    event_count: int
    texts: frozenset[str]
    """Words of searches and reviews among them."""
    has_more: bool
    """Whether there are others to be deleted."""


class RetentionStore(Protocol):
    """Events by their age."""

    def delete_older_events(
        self, until: float, event_type: str | None, other_than: Collection[str] = ()
    ) -> OlderEvents:
        """Delete some of the oldest events of a type, None for all but those `other_than`, that are
        of before a time.
        """
