"""In: a database. Out: how many connections this process keeps to it, none of which is given to
anybody where it is known to be dead, or has lain in the pool for long without a question.

A question to the server before each use, as `pool_pre_ping` has it, makes two of every read. One
that was used a moment ago is taken to be alive, until a connection of this engine breaks off.
"""

import time
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

FILE_CONNECTIONS, KEPT_FILE_CONNECTIONS = 50, 10
"""To SQLite at most, as many as threads that read and write; and those that stay open."""
SERVER_CONNECTIONS = 20
"""To a PostgreSQL at most, all of which stay open. It has 100 for all processes, and who asks for
more just when it is slow makes it slower, and is refused: to make one takes as long as many reads.
"""
WAIT_SECONDS = 5
"""That a thread waits while all connections are in use."""
TRUSTED_SECONDS = 1.0
"""After its last use, in which a connection is not asked whether it is alive."""
_USED_AT = "used_at"

_broken_at: WeakKeyDictionary[sa.Engine, float] = WeakKeyDictionary()


def pool_options(url: sa.URL) -> dict[str, Any]:
    """Of `sqlalchemy.create_engine`."""
    options = {"pool_timeout": WAIT_SECONDS, "pool_use_lifo": True}
    if url.drivername != "sqlite":
        return options | {"pool_size": SERVER_CONNECTIONS, "max_overflow": 0}
    overflow = FILE_CONNECTIONS - KEPT_FILE_CONNECTIONS
    return options | {"pool_size": KEPT_FILE_CONNECTIONS, "max_overflow": overflow}


def note_broken(engine: sa.Engine) -> None:
    """A connection broke off: those that were used before are asked before they are used again."""
    _broken_at[engine] = time.monotonic()


def check_idle_connections(engine: sa.Engine) -> None:
    """Have the pool of this engine do so."""

    @sa.event.listens_for(engine, "checkin")
    def note_use(_connection: Any, record: Any) -> None:
        record.info[_USED_AT] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, _proxy: Any) -> None:
        used_at = record.info.get(_USED_AT)
        if used_at is None:  # it is new
            return
        is_recent = time.monotonic() < used_at + TRUSTED_SECONDS
        if is_recent and used_at > _broken_at.get(engine, float("-inf")):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            note_broken(engine)
            raise sa.exc.InvalidatePoolError from error
