"""In: a database in which something was erased. Out: the same without copies of it in its own log.

What is deleted lives on where the database keeps the pages or rows of before: SQLite in its log as
long as another process reads an old state, PostgreSQL until a VACUUM. A note in `meta`, written in
the transaction that erases, says that this is due until it was done, also past a crash.

SQLite overwrites what it deletes, but not the copies that it left where it once moved a row to
another page: those go when the whole file is written anew, and a second note says that this is due.
"""

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import write_transaction
from foretaste.domain.patience import NOTE, UNLIMITED, patience

PURGE_KEY = "erasure:log_due"
"""Under this name `meta` says that the database's log still holds something that was erased."""
PAGES_KEY = "erasure:pages_due"
"""The same of the pages of SQLite's file."""
MAX_REWRITTEN_BYTES = 512 * 2**20
"""Of SQLite's file, up to which it is written anew while others wait to write, for some seconds."""
ERASED_TABLES = (
    schema.events,
    schema.users,
    schema.preferences,
    schema.recommendations,
    schema.consents,
    schema.conversations,
    schema.replaced_rows,
)
SQLITE_READERS_NOTE = "another process reads an old state; run it again when none does"
STATISTICS_NOTE = (
    "samples of values that the planner keeps in pg_statistic: have a superuser run "
    "VACUUM (FULL) pg_catalog.pg_statistic"
)
CHECKPOINT_NOTE = "pages that are not written to disk yet: the next checkpoint does it"
FREE_SPACE_NOTE = (
    "bytes of deleted rows in the free space of PostgreSQL's pages, until other rows are written "
    "there, or 'foretaste scrub' has rewritten all"
)
WAL_NOTE = (
    "the write-ahead log of PostgreSQL (pg_wal) and what is archived of it, until the server has "
    "written over it"
)
_CHECKPOINT_MILLISECONDS = int(NOTE.lock * 1000)
"""That the checkpoint of SQLite waits for readers: others cannot write meanwhile."""


def purge_notes(connection: sa.Connection, erasures: int) -> list[dict[str, str]]:
    """The rows of `meta` for what this transaction erases. erasures: the number of this one."""
    if connection.dialect.name == "sqlite":
        unique_text = f"{erasures} {uuid4().hex}"
        return [{"name": name, "text": unique_text} for name in (PURGE_KEY, PAGES_KEY)]
    transaction = connection.scalar(sa.text("SELECT pg_current_xact_id()::xid::text"))
    return [{"name": PURGE_KEY, "text": f"{erasures} {transaction}"}]


def purge(engine: sa.Engine) -> bool:
    """Do what is due in the database's log. → whether nothing is any more."""
    note = _note(engine, PURGE_KEY)
    if note is None:
        return True
    is_purged = _empty_log(engine) if engine.dialect.name == "sqlite" else _vacuum(engine, note)
    return is_purged and _take_off(engine, PURGE_KEY, note)


def pages_are_due(engine: sa.Engine) -> bool:
    """Whether pages of SQLite's file may still have copies of what was erased."""
    return _note(engine, PAGES_KEY) is not None


def rewrite_pages(engine: sa.Engine, max_bytes: int | None = MAX_REWRITTEN_BYTES) -> bool:
    """Write SQLite's file anew, where that is due and it is no larger than `max_bytes`. → whether
    it is due no more.
    """
    note = _note(engine, PAGES_KEY)
    if note is None:
        return True
    if max_bytes is not None and _file_bytes(engine) > max_bytes:
        return False
    return _rewrite_file(engine) and _empty_log(engine) and _take_off(engine, PAGES_KEY, note)


def _note(engine: sa.Engine, name: str) -> str | None:
    """What `meta` says to be due."""
    with engine.connect() as connection:
        text: str | None = connection.scalar(
            sa.select(schema.meta.c.text).where(schema.meta.c.name == name)
        )
    return text


def _take_off(engine: sa.Engine, name: str, note: str) -> bool:
    """It was done. → False where another erasure has been made meanwhile."""
    c = schema.meta.c
    deletion = sa.delete(schema.meta).where(c.name == name, c.text == note)
    with patience(NOTE), write_transaction(engine) as connection:
        return connection.execute(deletion).rowcount > 0


def _file_bytes(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        return int(pages or 0) * int(connection.scalar(sa.text("PRAGMA page_size")) or 0)


def lasting_copies(engine: sa.Engine) -> list[str]:
    """What of deleted rows is left after a purge that this database cannot be rid of by it."""
    return [] if engine.dialect.name == "sqlite" else [FREE_SPACE_NOTE, WAL_NOTE]


def scrub(engine: sa.Engine) -> list[str]:
    """Overwrite whatever the database's files still have of rows that were deleted: what a purge
    has freed, until something else is written there, and samples of values that PostgreSQL keeps
    for its planner. It locks a table for as long as that is rewritten. → what could not be done.
    """
    notes = list[str]()
    with patience(UNLIMITED):
        if engine.dialect.name == "sqlite":
            note = _note(engine, PAGES_KEY)
            is_rewritten = _rewrite_file(engine)
            if not (_empty_log(engine) and is_rewritten):
                return [SQLITE_READERS_NOTE]
            if note is not None:
                _take_off(engine, PAGES_KEY, note)
            return notes
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("SET statement_timeout = 0"))
            for table in schema.metadata.sorted_tables:
                connection.execute(sa.text(f"VACUUM (FULL, ANALYZE) {table.name}"))
                _forget_samples(connection, table)
            for statement, note in (
                ("VACUUM (FULL) pg_catalog.pg_statistic", STATISTICS_NOTE),
                ("CHECKPOINT", CHECKPOINT_NOTE),
            ):
                try:
                    connection.execute(sa.text(statement))
                except sa.exc.DBAPIError:  # it takes a right that this user of the database has not
                    notes.append(note)
    return [*notes, WAL_NOTE]


def _forget_samples(connection: sa.Connection, table: sa.Table) -> None:
    """Of an empty table PostgreSQL keeps the samples of before; a column that is given a type, also
    the one it has, loses them.
    """
    if connection.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)) is not None:
        return
    for column in table.columns:
        if isinstance(column.type, sa.Text):
            statement = f'ALTER TABLE {table.name} ALTER COLUMN "{column.name}" TYPE text'
            connection.execute(sa.text(statement))


def _rewrite_file(engine: sa.Engine) -> bool:
    """All of SQLite's file anew. → False while another process is at work in it."""
    with engine.connect() as connection:
        database: Any = connection.connection.driver_connection
        try:
            database.execute("VACUUM")
        except database.OperationalError:
            return False
    return True


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
