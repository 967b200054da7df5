"""In: a database in which something was erased. Out: the same without copies of it in its own log.

What is deleted lives on where the database keeps the pages or rows of before: SQLite in its log as
long as another process reads an old state, PostgreSQL until a VACUUM. A note in `meta`, written in
the transaction that erases, says that this is due until it was done, also past a crash.
"""

from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import write_transaction
from foretaste.domain.patience import NOTE, patience

PURGE_KEY = "erasure:log_due"
"""Under this name `meta` says that the database's log still holds something that was erased."""
ERASED_TABLES = (
    schema.events,
    schema.users,
    schema.preferences,
    schema.recommendations,
    schema.consents,
    schema.conversations,
    schema.replaced_rows,
)
_CHECKPOINT_MILLISECONDS = int(NOTE.lock * 1000)
"""That the checkpoint of SQLite waits for readers: others cannot write meanwhile."""


def purge_note(connection: sa.Connection, erasures: int) -> dict[str, str]:
    """The row of `meta` for what this transaction erases: a number, and on PostgreSQL its own."""
    if connection.dialect.name == "sqlite":
        return {"name": PURGE_KEY, "text": str(erasures)}
    transaction = connection.scalar(sa.text("SELECT pg_current_xact_id()::xid::text"))
    return {"name": PURGE_KEY, "text": f"{erasures} {transaction}"}


def purge(engine: sa.Engine) -> bool:
    """Do what is due. → whether nothing is any more."""
    note_query = sa.select(schema.meta.c.text).where(schema.meta.c.name == PURGE_KEY)
    with engine.connect() as connection:
        note = connection.scalar(note_query)
    if note is None:
        return True
    is_purged = _empty_log(engine) if engine.dialect.name == "sqlite" else _vacuum(engine, note)
    if not is_purged:
        return False
    c = schema.meta.c
    deletion = sa.delete(schema.meta).where(c.name == PURGE_KEY, c.text == note)
    with patience(NOTE), write_transaction(engine) as connection:
        # none is deleted where another erasure has been made meanwhile
        return connection.execute(deletion).rowcount > 0


def _empty_log(engine: sa.Engine) -> bool:
    """Bring SQLite's log into its file and cut it to nothing. → False while somebody reads."""
    with engine.connect() as connection:
        database: Any = connection.connection.driver_connection
        database.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_MILLISECONDS}")
        try:
            with_readers, _, _ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except database.OperationalError:  # locked by a writer, or the disk is full
            return False
        return not with_readers


def _vacuum(engine: sa.Engine, note: str) -> bool:
    """Remove the dead rows of PostgreSQL. → False while a transaction may still see them."""
    transaction = note.split()[-1]
    readers = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND greatest(age(backend_xmin), age(backend_xid)) >= age(CAST(:erasure AS xid))"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.scalar(readers, {"erasure": transaction}):
            return False
        names = ", ".join(table.name for table in ERASED_TABLES)
        connection.execute(sa.text(f"VACUUM {names}"))
        return True
