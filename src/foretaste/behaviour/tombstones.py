"""In: people who were erased. Out: when, by a keyed hash of their id: whoever has not both the key
and the id can name nobody by it.

The key and the hashes are kept in `meta`.
"""

import hashlib
import hmac
import secrets
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.schema import meta

TOMBSTONE_KEY, TOMBSTONE_PREFIX = "tombstone_key", "erased:"
"""Names in `meta`: of the key, and before the hash of each person who was erased."""


def put_tombstone(connection: sa.Connection, insert: Any, user: str, at: float) -> None:
    """Write down, within the transaction that erases, that a user was erased at a time."""
    name = TOMBSTONE_PREFIX + user_hash(make_key(connection, insert), user)
    statement = insert(meta).values(name=name, text=repr(at))
    replacement = {"text": statement.excluded.text}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=replacement))


def make_key(connection: sa.Connection, insert: Any) -> str:
    """The key of this store's hashes, which is made where there is none."""
    key = stored_key(connection)
    if key is None:
        key = secrets.token_hex(32)
        connection.execute(insert(meta).values(name=TOMBSTONE_KEY, text=key))
    return key


def stored_key(connection: sa.Connection) -> str | None:
    """The key of this store's hashes; None where nobody was erased and nothing backed up yet."""
    key: str | None = connection.scalar(sa.select(meta.c.text).where(meta.c.name == TOMBSTONE_KEY))
    return key


def erasure_time(connection: sa.Connection, user: str) -> float | None:
    """When a user was last erased, seconds since 1970; None for who never was."""
    key = stored_key(connection)
    if key is None:
        return None
    name = TOMBSTONE_PREFIX + user_hash(key, user)
    text = connection.scalar(sa.select(meta.c.text).where(meta.c.name == name))
    return None if text is None else float(text)


def user_hash(key: str, user: str) -> str:
    """HMAC-SHA-256 of a user's id, hexadecimal."""
    return hmac.new(bytes.fromhex(key), user.encode(), hashlib.sha256).hexdigest()
