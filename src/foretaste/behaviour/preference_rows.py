"""In: what a person changed about their lists. Out: the same again, also on their other devices.

A part of `SqlStore`, which has the connection. A change made on a session that nobody was known on
belongs to the first who is identified on it, as its events do; nothing is rewritten for that.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.identity import IdentityRows
from foretaste.behaviour.schema import preferences
from foretaste.domain.preference import Preference

Holder = tuple[str, bool]
"""(a user or a session, whether it is a session)"""
MAX_HOLDERS_READ_SINGLY = 8
"""Holders that are asked for one by one."""


class PreferenceRows(IdentityRows):
    """The table of changes."""

    _insert: Any
    _fetch_all: Callable[[sa.Select[Any]], list[Any]]

    def preferences(self, user: str | None, session: str | None) -> tuple[Preference, ...]:
        """What this person changed, oldest first: as the user, and on sessions that became theirs.

        As `history`: a session on which a user was identified is that user.
        """
        if user is None and session is None:
            return ()
        holders = self._holders(user, session)
        if len(holders) > MAX_HOLDERS_READ_SINGLY:
            rows = self._fetch_all(_CHANGES.where(belongs_to(holders)))
        else:
            row_lists = (
                self._raw_select(_CHANGES_OF_HOLDER, who=holder_id, visit=is_session)
                for holder_id, is_session in holders
            )
            rows = [row for holder_rows in row_lists for row in holder_rows]
        rows.sort(key=lambda row: (row[-1], row[0]))
        changes_by_name = {row[0]: _change_from_row(row) for row in rows}  # of one name, the last
        return tuple(sorted(changes_by_name.values(), key=lambda change: (change.at, change.name)))

    def put_preferences(
        self,
        user: str | None,
        session: str | None,
        new_changes: Sequence[Preference],
        names_to_remove: Sequence[str] | None = (),
    ) -> None:
        """Remove the changes named `names_to_remove`, None for all; then put, in one transaction.

        A change of the same name is replaced.
        """
        holders = self._holders(user, session)
        holder_id, is_session = holders[0]
        c = preferences.c
        deletion = sa.delete(preferences).where(belongs_to(holders))
        if names_to_remove is not None:
            deletion = deletion.where(
                c.name.in_([*names_to_remove, *(change.name for change in new_changes)])
            )
        rows = [
            {
                "who": holder_id,
                "session": is_session,
                "name": preference.name,
                "what": json.dumps(preference.filter, ensure_ascii=False),
                "act": preference.act,
                "nats": preference.nats,
                "said": preference.wording,
                "at": preference.at,
            }
            for preference in new_changes
        ]
        with store_errors(self.url), write_transaction(self._engine) as connection:
            connection.execute(deletion)
            if rows:
                connection.execute(sa.insert(preferences), rows)
        if self.listener is not None:
            self.listener.preferences_put(user, session)

    def preferences_since(self, at: float) -> list[tuple[Holder, Preference]]:
        """What anybody changed from a time on, and who."""
        c = preferences.c
        query = sa.select(c.who, c.session, *_CHANGES.selected_columns).where(c.at >= at)
        return [
            ((holder_id, bool(is_session)), _change_from_row(row))
            for holder_id, is_session, *row in self._fetch_all(query.order_by(c.at))
        ]

    def _holders(self, user: str | None, session: str | None) -> list[Holder]:
        """Whose rows a person's are; the first is where new ones go."""
        if user is None and session is not None:
            user = self.user_of_session(session)
        if user is None:
            return [(session or "", True)]
        own_sessions = self.sessions_first_of(user)
        if (
            session is not None
            and session not in own_sessions
            and self.user_of_session(session) is None
        ):
            own_sessions.append(session)
        return [(user, False), *((visit, True) for visit in own_sessions)]


def belongs_to(holders: Sequence[Holder]) -> sa.ColumnElement[bool]:
    """Whether a row is one of theirs."""
    c = preferences.c
    users = [holder_id for holder_id, is_session in holders if not is_session]
    sessions = [holder_id for holder_id, is_session in holders if is_session]
    return sa.or_(
        sa.and_(c.session.is_(sa.false()), c.who.in_(users)),
        sa.and_(c.session.is_(sa.true()), c.who.in_(sessions)),
    )


def _change_from_row(row: Any) -> Preference:
    name, item_filter, act, nats, source_words, at = row
    return Preference(name, json.loads(item_filter), act, nats, source_words, at)


_CHANGES = sa.select(
    *(preferences.c[name] for name in ("name", "what", "act", "nats", "said", "at"))
)
_CHANGES_OF_HOLDER = _CHANGES.where(
    preferences.c.who == sa.bindparam("who"), preferences.c.session == sa.bindparam("visit")
)
