"""In: conversations. Out: the same again by their ids.

A part of `SqlStore`, which has the connection.
"""

import json
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import errors, writing
from foretaste.behaviour.schema import conversations
from foretaste.domain.preference import Conversation


class ConversationRows:
    """The table of conversations."""

    url: sa.URL
    _engine: sa.Engine

    def conversation(self, name: str) -> Conversation | None:
        """One, if it is there."""
        table = conversations
        with errors(self.url), self._engine.connect() as connection:
            row: Any = connection.execute(sa.select(table).where(table.c.id == name)).first()
        if row is None:
            return None
        return conversation(row)

    def put_conversation(self, one: Conversation, *, forget_before: float | None = None) -> None:
        """Create or replace; and delete those that have rested since a time."""
        c = conversations.c
        row = {
            "id": one.id,
            "user": one.user,
            "session": one.session,
            "at": one.at,
            "state": json.dumps(one.state, ensure_ascii=False),
        }
        with errors(self.url), writing(self._engine) as connection:
            connection.execute(sa.delete(conversations).where(c.id == one.id))
            connection.execute(sa.insert(conversations).values(row))
            if forget_before is not None:
                connection.execute(sa.delete(conversations).where(c.at < forget_before))


def conversation(row: Any) -> Conversation:
    """A row of `conversations` as a conversation."""
    return Conversation(row.id, row.user, row.session, row.at, json.loads(row.state))
