"""In: a path or the name of a database's driver. Out: a store with nothing in its tables."""

import os
import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.domain.files import FILE_MODE

WAL_VERSIONS = slice(18, 20)
"""Bytes of the header that are 2 where a file has a write-ahead log, which a database in memory
cannot be given (sqlite.org/fileformat2.html, 1.3.3)."""


def make_store_file(path: Path) -> None:
    """A new SQLite file, put in its place as a whole, readable by nobody else: a file without a
    byte in it is never one that is being made.
    """
    if path.exists():
        return
    aside = path.with_name(f".{path.name}.{uuid4().hex}.new")
    try:
        with open(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE), "wb") as file:
            file.write(_new_store())
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except (OSError, sqlite3.Error):
        return  # another process was faster; or SQLite itself says why it cannot be
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@cache
def _new_store() -> bytes:
    """The content of such a file: to write it takes a fifth of the time that its tables take."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for statement in creation_statements("sqlite"):
            connection.execute(statement)
        connection.execute("COMMIT")
        content = connection.serialize()
    return content[: WAL_VERSIONS.start] + b"\2\2" + content[WAL_VERSIONS.stop :]


@cache
def creation_statements(drivername: str) -> tuple[str, ...]:
    """What makes the newest tables in an empty database, and notes their revision."""
    statements = []

    def note(statement: sa.ExecutableDDLElement, *_: Any, **__: Any) -> None:
        statements.append(str(statement.compile(dialect=mock.dialect)))

    mock = sa.create_mock_engine(f"{drivername}://", note)
    schema.metadata.create_all(mock, checkfirst=False)
    return (
        *statements,
        # as Alembic makes it
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
        f"INSERT INTO alembic_version (version_num) VALUES ('{schema.HEAD_REVISION}')",
    )
