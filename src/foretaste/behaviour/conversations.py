"""In: conversations. Out: the same again by their ids.

A part of `SqlStore`, which has the connection.
"""

import json
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.schema import conversations
from foretaste.domain.preference import Conversation


class ConversationRows:
    """The table of conversations."""

    url: sa.URL
    _engine: sa.Engine

    def conversation(self, conversation_id: str) -> Conversation | None:
        """One, if it is there."""
        table = conversations
        with store_errors(self.url), self._engine.connect() as connection:
            row: Any = connection.execute(
                sa.select(table).where(table.c.id == conversation_id)
            ).first()
        if row is None:
            return None
        return conversation_from_row(row)

    def put_conversation(
        self, conversation: Conversation, *, delete_before: float | None = None
    ) -> None:
        """Create or replace; and delete those that have rested since a time."""
        c = conversations.c
        row = {
            "id": conversation.id,
            "user": conversation.user,
            "session": conversation.session,
            "at": conversation.at,
            "state": json.dumps(conversation.state, ensure_ascii=False),
            "owner": conversation.owner or conversation.user,
        }
        with store_errors(self.url), write_transaction(self._engine) as connection:
            connection.execute(sa.delete(conversations).where(c.id == conversation.id))
            connection.execute(sa.insert(conversations).values(row))
            if delete_before is not None:
                connection.execute(sa.delete(conversations).where(c.at < delete_before))


def conversation_from_row(row: Any) -> Conversation:
    """A row of `conversations` as a conversation."""
    state = json.loads(row.state)
    return Conversation(row.id, row.user, row.session, row.at, state, row.owner)
