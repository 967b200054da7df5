"""In: a type of event and a time. Out: the store without such events of before it.

A part of `SqlStore`, which has the connection. Some are deleted in one transaction, so that nobody
waits for long; who is identified on a session stays known until the person is erased.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.purge import purge_notes
from foretaste.behaviour.schema import events, meta
from foretaste.behaviour.spent_events import ERASURE_COUNT_KEY
from foretaste.domain.data import IDENTIFY_EVENT
from foretaste.domain.store import OlderEvents

EVENTS_PER_DELETION = 1_000


class RetentionRows:
    """The table of events, as far as they are old."""

    url: sa.URL
    _engine: sa.Engine
    _insert: Any

    def delete_older_events(
        self, until: float, event_type: str | None, other_than: Collection[str] = ()
    ) -> OlderEvents:
        """Delete some of the oldest events of a type, None for all but those `other_than`, that are
        of before a time.
        """
        c = events.c
        query = sa.select(c.seq, c.text, c.query).where(c.at < until).order_by(c.at)
        if event_type is not None:
            query = query.where(c.kind == event_type)
        else:
            query = query.where(c.kind.not_in([*other_than, IDENTIFY_EVENT]))
        with store_errors(self.url), write_transaction(self._engine) as connection:
            rows = connection.execute(query.limit(EVENTS_PER_DELETION)).all()
            if not rows:
                return OlderEvents(0, frozenset(), has_more=False)
            numbers = [row.seq for row in rows]
            for start in range(0, len(numbers), 500):
                chunk = numbers[start : start + 500]
                connection.execute(sa.delete(events).where(c.seq.in_(chunk)))
            self._note_deletion(connection)
        texts = frozenset(text for row in rows for text in (row.text, row.query) if text)
        return OlderEvents(len(rows), texts, has_more=len(rows) == EVENTS_PER_DELETION)

    def _note_deletion(self, connection: sa.Connection) -> None:
        """That the database's own files still hold them, see `purge`."""
        count_query = sa.select(meta.c.text).where(meta.c.name == ERASURE_COUNT_KEY)
        erasures = int(connection.scalar(count_query) or 0)
        insert = self._insert(meta).values(purge_notes(connection, erasures))
        replacement = {"text": insert.excluded.text}
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=replacement))
