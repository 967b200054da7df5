"""In: people, by their user or session. Out: what each of them was shown.

A part of `SqlStore`. Few workspaces are told what was shown; in the others a list costs nothing
more, as what the newest events are is looked at once in a while only.
"""

from collections.abc import Sequence
from time import monotonic

import sqlalchemy as sa

from foretaste.behaviour.histories import HistoryRows
from foretaste.behaviour.recommendations import RecommendationRows
from foretaste.behaviour.schema import events
from foretaste.domain.data import Event
from foretaste.domain.impressions import IMPRESSION_EVENT

NEWEST_EVENTS = 2_000
"""Among so many of the newest events an impression is looked for; a page that reports them does so
with each list."""
SECONDS_BETWEEN_LOOKS = 10.0


class ImpressionRows(HistoryRows, RecommendationRows):
    """The impressions of one person."""

    _looked_at = -SECONDS_BETWEEN_LOOKS
    _has_impressions = False

    def impressions(self, user: str | None, session: str | None, n: int) -> list[tuple[str, float]]:
        """See `domain.impressions.ImpressionStore`."""
        if not self._receives_impressions():
            return []
        shown = self.history(user, session, n, (IMPRESSION_EVENT,))
        lists = {event.recommendation_id for event in shown if event.item is None}
        served = self.recommendations_by_id([name for name in lists if name is not None])
        pairs: list[tuple[str, float]] = []
        for event in shown:
            if event.item is not None:
                pairs.append((event.item, event.at))
            elif event.recommendation_id in served:
                pairs += [(entry[0], event.at) for entry in served[event.recommendation_id].items]
        return pairs

    def note_impressions(self, new_events: Sequence[Event]) -> None:
        """What this process took in itself it need not look for."""
        if any(event.kind == IMPRESSION_EVENT for event in new_events):
            self._has_impressions, self._looked_at = True, monotonic()

    def _receives_impressions(self) -> bool:
        """Whether impressions are among the newest events, as of a few seconds ago."""
        now = monotonic()
        if now - self._looked_at >= SECONDS_BETWEEN_LOOKS:
            newest = (
                sa.select(events.c.kind).order_by(events.c.at.desc()).limit(NEWEST_EVENTS)
            ).subquery()
            query = sa.select(newest.c.kind).where(newest.c.kind == IMPRESSION_EVENT).limit(1)
            self._has_impressions = bool(self._fetch_all(query))
            self._looked_at = now
        return self._has_impressions
