"""In: people who were erased. Out: when, by a keyed hash of their id: whoever has not both the key
and the id can name nobody by it.

The key and the hashes are kept in `meta`, those of the sessions on which they were the first too:
in a backup of a time before they signed in, what they did there is nobody's.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.schema import meta

TOMBSTONE_KEY, TOMBSTONE_PREFIX = "tombstone_key", "erased:"
"""Names in `meta`: of the key, and before the hash of each person who was erased."""
_SESSION_MARK = "\0session\0"  # before a session in what is hashed: no id of a user has a NUL


@dataclass(frozen=True)
class ErasureList:
    """Who was erased from a store, and which of its API keys have ended: what is done again to a
    backup of before. Times are seconds since 1970.
    """

    list_id: str
    """Of the store's key, and so of the store and its backups."""
    erased_at: dict[str, float] = field(default_factory=dict)
    """By the hash of a person or a session."""
    key_ends: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    """When a key was revoked and when it expires, by its id."""

    def merged(self, other: "ErasureList") -> "ErasureList":
        """What either says, of erasures the later and of keys the earlier time."""
        times = dict(self.erased_at)
        for person, at in other.erased_at.items():
            times[person] = max(at, times.get(person, at))
        ends = dict(self.key_ends)
        for key_id, end in other.key_ends.items():
            pairs = zip(end, ends.get(key_id, end), strict=True)
            revoked, expires = (
                min((time for time in pair if time is not None), default=None) for pair in pairs
            )
            ends[key_id] = revoked, expires
        return ErasureList(self.list_id, times, ends)


def put_tombstones(
    connection: sa.Connection, insert: Any, user: str, sessions: Collection[str], at: float
) -> None:
    """Write down, within the transaction that erases, that a user was erased at a time, with the
    sessions on which they were the first.
    """
    key = make_key(connection, insert)
    hashes = [user_hash(key, user), *(session_hash(key, session) for session in sessions)]
    put_times(connection, insert, dict.fromkeys(hashes, at))


def put_times(connection: sa.Connection, insert: Any, times: dict[str, float]) -> None:
    """Keep when each was erased, by their hashes."""
    statement = insert(meta)
    replacement = {"text": statement.excluded.text}
    rows = [{"name": TOMBSTONE_PREFIX + name, "text": repr(at)} for name, at in times.items()]
    if rows:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_=replacement), rows
        )


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


def read_list(connection: sa.Connection, key: str) -> ErasureList:
    """The list of a store that has this key."""
    query = sa.select(meta.c.name, meta.c.text).where(
        meta.c.name.startswith(TOMBSTONE_PREFIX, autoescape=True)
    )
    c = schema.api_keys.c
    ended = sa.or_(c.revoked.is_not(None), c.expires.is_not(None))
    return ErasureList(
        list_id_of(key),
        {
            name.removeprefix(TOMBSTONE_PREFIX): float(text)
            for name, text in connection.execute(query)
        },
        {
            key_id: (revoked, expires)
            for key_id, revoked, expires in connection.execute(
                sa.select(c.id, c.revoked, c.expires).where(ended)
            )
        },
    )


def list_id_of(key: str) -> str:
    """Names the lists of a key, and tells nothing of it."""
    return hashlib.sha256(b"list of " + bytes.fromhex(key)).hexdigest()[:12]


def user_hash(key: str, user: str) -> str:
    """HMAC-SHA-256 of a user's id, hexadecimal."""
    return hmac.new(bytes.fromhex(key), user.encode(), hashlib.sha256).hexdigest()


def session_hash(key: str, session: str) -> str:
    """HMAC-SHA-256 of a session's id, hexadecimal; another than that of a user of this name."""
    return user_hash(key, _SESSION_MARK + session)


def stored_users(connection: sa.Connection) -> Iterator[str]:
    """Every user of whom something is kept; some more than once."""
    preferences = schema.preferences.c
    yield from connection.scalars(
        sa.select(preferences.who).where(preferences.session.is_(sa.false())).distinct()
    )
    yield from connection.scalars(sa.select(schema.users.c.id))
    for table in (schema.events, schema.recommendations, schema.conversations):
        for name in {"user", "owner"} & set(table.c.keys()):
            column = table.c[name]
            yield from connection.scalars(sa.select(column).where(column.is_not(None)).distinct())


def stored_sessions(connection: sa.Connection) -> Iterator[str]:
    """Every session of which something is kept; some more than once."""
    preferences = schema.preferences.c
    yield from connection.scalars(
        sa.select(preferences.who).where(preferences.session.is_(sa.true())).distinct()
    )
    for table in (schema.events, schema.recommendations, schema.conversations):
        column = table.c.session
        yield from connection.scalars(sa.select(column).where(column.is_not(None)).distinct())
