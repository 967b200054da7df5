"""A window of time in, how many people took each item within it out; the counts hold for seconds.

Counting reads the log, and everybody who asks what is trending asks for the same few windows.
"""

from collections.abc import Mapping

from foretaste.domain.patience import BESIDE, patience
from foretaste.domain.store import Store

REFRESH_SECONDS, MAX_WINDOWS = 5.0, 64
"""Seconds for which counts of users hold, and windows whose counts are kept."""


class WindowCounts:
    """Counts of the users who took each item, for windows that end now."""

    def __init__(self, store: Store, event_weights: Mapping[str, float]) -> None:
        """event_weights: by event type; those above zero are of the kind that takes an item."""
        self.min_people = 1
        """Of an item that fewer took nothing is told."""
        self._store = store
        self._event_types = [name for name, weight in event_weights.items() if weight > 0]
        self._counts: dict[float, tuple[float, list[tuple[str, int]]]] = {}
        self._erasures: int | None = None

    def users_by_item(self, window: float, now: float) -> list[tuple[str, int]]:
        """(item, users) of the last `window` seconds, counted anew every few seconds and where
        events were erased or taken back.
        """
        erasures = self._store.erasure_count()
        if erasures != self._erasures:
            self._erasures, self._counts = erasures, {}
        counted_at, counts = self._counts.get(window, (None, []))
        if counted_at is None or not 0 <= now - counted_at < REFRESH_SECONDS:
            with patience(BESIDE):  # it reads the log, which takes longer than to ask for a list
                counts = self._store.user_counts(now - window, now, self._event_types)
            counts = [(item, people) for item, people in counts if people >= self.min_people]
            if len(self._counts) >= MAX_WINDOWS:
                self._counts.clear()
            self._counts[window] = (now, counts)
        return counts
