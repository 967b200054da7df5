"""In: a store with ids as they are, and a key. Out: the same with pseudonyms in their place.

One transaction: all ids or none. What is read by number or by item stays as it is, so models and
lists do not change. It cannot be taken back: nothing leads from a pseudonym to an id.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.pseudonyms import PSEUDONYMS_FACT, Pseudonyms
from foretaste.behaviour.schema import (
    consents,
    conversations,
    events,
    meta,
    preferences,
    recommendations,
    replaced_rows,
    users,
)
from foretaste.behaviour.store import SqlStore
from foretaste.domain.patience import UNLIMITED, patience

IDS_PER_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class PseudonymMove:
    """What was rewritten."""

    users: int
    sessions: int
    notes: tuple[str, ...] = ()
    """What may still hold ids."""


def move_to_pseudonyms(store: SqlStore, pseudonyms: Pseudonyms) -> PseudonymMove:
    """Rewrite every id; then overwrite what the database's files still have of them.

    store: opened without a key; nobody else may have it open.
    """
    user_columns = [
        (events.c.user, None), (recommendations.c.user, None), (recommendations.c.owner, None),
        (conversations.c.user, None), (conversations.c.owner, None), (users.c.id, None),
        (preferences.c.who, preferences.c.session.is_(sa.false())),
        (consents.c.who, consents.c.session.is_(sa.false())),
    ]  # fmt: skip
    session_columns = [
        (events.c.session, None),
        (recommendations.c.session, None),
        (conversations.c.session, None),
        (preferences.c.who, preferences.c.session.is_(sa.true())),
        (consents.c.who, consents.c.session.is_(sa.true())),
    ]
    names: dict[str, set[str]] = {"users": set(), "sessions": set()}
    engine = store._engine
    with store_errors(store.url), patience(UNLIMITED), write_transaction(engine) as connection:
        for column, condition in user_columns:
            names["users"] |= _rewrite(connection, column, condition, pseudonyms.user)
        for column, condition in session_columns:
            names["sessions"] |= _rewrite(connection, column, condition, pseudonyms.session)
        # an undone import would bring them back under their own ids
        is_user = replaced_rows.c.record_type == users.name
        connection.execute(sa.delete(replaced_rows).where(is_user))
        connection.execute(sa.delete(meta).where(meta.c.name == PSEUDONYMS_FACT))
        fact = {"name": PSEUDONYMS_FACT, "text": pseudonyms.fingerprint}
        connection.execute(sa.insert(meta).values(fact))
    return PseudonymMove(len(names["users"]), len(names["sessions"]), tuple(store.scrub()))


def _rewrite(
    connection: sa.Connection,
    column: sa.Column[Any],
    condition: sa.ColumnElement[bool] | None,
    pseudonym: Callable[[str], str],
) -> set[str]:
    """Put pseudonyms into a column. → the ids that were there."""
    table = column.table
    query = sa.select(column).where(column.is_not(None)).distinct()
    names = set(connection.scalars(query if condition is None else query.where(condition)))
    statement = sa.update(table).where(column == sa.bindparam("old_id"))
    if condition is not None:
        statement = statement.where(condition)
    statement = statement.values({column.name: sa.bindparam("new_id")})
    for chunk in _chunks(sorted(names)):
        rows = [{"old_id": name, "new_id": pseudonym(name)} for name in chunk]
        connection.execute(statement, rows)
    return names


def _chunks(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), IDS_PER_CHUNK):
        yield names[start : start + IDS_PER_CHUNK]
