"""In: a path or a URL. Out: an engine on a database that has the newest tables.

Also the one place where an error of a database becomes a `StoreError` with what to do about it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.errors import MissingExtra, StoreError

BUSY = 30_000
"""Milliseconds that SQLite waits for another writer."""
CACHE = 65_536
"""KiB of pages that SQLite keeps: with its default of 2,000 an import is a sixth slower."""
THREADS = 50
"""Connections at most: a web server of Python runs 40 threads."""
AWAY = {"connect_timeout": "5", "tcp_user_timeout": "10000", "keepalives_idle": "30"}
"""How soon a PostgreSQL that does not answer is given up: seconds, milliseconds, seconds."""
LOCK = 0x666F7265  # "fore": the advisory locks in a PostgreSQL database that are ours
_LOCKED = sa.text(f"SELECT pg_advisory_xact_lock({LOCK}, hashtext(coalesce(current_schema(), '')))")

_SEARCH = "-csearch_path="

_migrating = Lock()  # Alembic keeps its context in a global variable

_REMEDIES = {
    "unable to open database file": "check that the folder is there and may be written to",
    "readonly database": "make the file and its folder writable, or open another store",
    "file is not a database": "this file is something else; name another, or move it away",
    "disk image is malformed": "restore it from a backup, or recover it with sqlite3 .recover",
    "disk is full": "make room; nothing of this batch was stored, so do the same again",
    "disk i/o error": "check the disk and that its file system allows locks",
    "database is locked": "another process is writing; wait for it or stop it",
    "no space left": "make room; nothing of this batch was stored, so do the same again",
    "password authentication failed": "check the user and the password in behaviour.database",
    "does not exist": "create it, or correct behaviour.database",
    "is the server running": "is PostgreSQL running there? Check behaviour.database",
    "connection refused": "is PostgreSQL running there? Check behaviour.database",
    "connection failed": "is PostgreSQL running there? Check behaviour.database",
    "connection is lost": "is PostgreSQL running? Do the same again when it is",
    "terminating connection": "is PostgreSQL running? Do the same again when it is",
    "server closed the connection": "is PostgreSQL running? Do the same again when it is",
    "permission denied": "give the database user the right to do it",
}


def url_of(database: str | Path | sa.URL) -> sa.URL:
    """The URL of a path to a SQLite file, or of a URL as people write them."""
    if isinstance(database, sa.URL):
        return database
    text = str(database)
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    for short in ("postgres://", "postgresql://"):
        if text.startswith(short):
            text = f"postgresql+psycopg://{text.removeprefix(short)}"
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise StoreError(
            "behaviour.database is not a URL; write it like postgresql://user@host/name"
        ) from None
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreError(
            f"no store for {url.drivername}; expected sqlite:///path or postgresql://user@host/name"
        )
    return url


def within(url: sa.URL, schema: str) -> sa.URL:
    """The URL of a schema in a PostgreSQL database: all its connections see that schema alone."""
    if url.drivername == "sqlite":
        raise StoreError("behaviour.database_schema is for PostgreSQL; leave it out with SQLite")
    given = url.query.get("options", "")
    kept = given if isinstance(given, str) else " ".join(given)
    return url.update_query_dict({"options": f"{kept} {_SEARCH}{schema}".strip()})


def _schema(url: sa.URL) -> str | None:
    options = url.query.get("options", "")
    last = options.split()[-1:] if isinstance(options, str) else []
    return last[0].removeprefix(_SEARCH) if last and last[0].startswith(_SEARCH) else None


def shown(url: sa.URL) -> str:
    """A database as a message names it, without the password."""
    if url.drivername == "sqlite":
        return url.database or "memory"
    return url.render_as_string(hide_password=True)


def opened(url: sa.URL) -> sa.Engine:
    """An engine on the database, which is created or migrated first where that is needed."""
    if url.drivername == "sqlite":
        _check_path(url)
    try:
        engine = sa.create_engine(
            url,
            pool_size=10,
            max_overflow=THREADS - 10,
            pool_pre_ping=url.drivername != "sqlite",
            connect_args={} if url.drivername == "sqlite" else {**AWAY, **url.query},
        )
    except ModuleNotFoundError:
        raise MissingExtra("the driver for PostgreSQL", "postgres") from None
    if url.drivername == "sqlite":
        _tune(engine)
    try:
        with errors(url):
            _make_schema(engine)
            migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make_schema(engine: sa.Engine) -> None:
    schema_name = _schema(engine.url)
    if schema_name is None:
        return
    with engine.connect() as connection:
        if connection.scalar(sa.text("SELECT current_schema()")) is not None:
            return
    with writing(engine) as connection:
        connection.execute(sa.schema.CreateSchema(schema_name, if_not_exists=True))


def _check_path(url: sa.URL) -> None:
    path = Path((url.database or "").removeprefix("file:"))
    if not url.database or url.database == ":memory:":
        raise StoreError("a store needs a file; name one, e.g. sqlite:///behaviour.db")
    if path.is_dir():
        raise StoreError(f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise StoreError(f"no folder {path.parent} for the store; make it, or correct the path")


def _tune(engine: sa.Engine) -> None:
    """What SQLite needs to be a store that is read while it is written."""

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, see below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{CACHE}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL and not NORMAL: in WAL mode NORMAL may lose the last commits when the power fails,
        # and an event that was acknowledged must not be lost. One fsync a batch.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A writer takes the lock when it begins: one that read first could not get it any more.
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes, one at a time in the whole database.

    On PostgreSQL two transactions that run at once may commit in another order than that of the
    numbers they drew. A reader that asks for all past number 10 would then see 12, remember it, and
    never see 11. With the lock, numbers become visible in order. SQLite has one writer anyway.
    A lock a schema: tenants that share a database do not wait for one another.
    """
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(_LOCKED)
        yield connection


def migrate(engine: sa.Engine, to: str = schema.HEAD) -> None:
    """Bring the tables to the newest form, in one transaction and under the writer's lock."""
    if table_revision(engine) == to:
        return
    with _migrating, writing(engine) as connection:
        _upgrade(connection, to)


def table_revision(engine: sa.Engine) -> str | None:
    """The form its tables have; None where there are none."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


def _upgrade(connection: sa.Connection, to: str) -> None:
    from alembic import command  # a third of a second, for new and older stores only
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if sa.inspect(connection).has_table("alembic_version"):
        found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        if found is not None and found not in known:
            raise StoreError(
                f"{shown(connection.engine.url)} was made by a newer Foretaste (revision {found}); "
                "install that one: pip install --upgrade foretaste"
            )
    command.upgrade(config, to)


@contextmanager
def errors(url: sa.URL) -> Iterator[None]:
    """What the database complains of, in one line and with a remedy."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        told = " ".join(str(error.orig).split())
        low = told.lower()
        remedy = next((what for sign, what in _REMEDIES.items() if sign in low), "")
        raise StoreError(f"{shown(url)}: {told}" + (f"; {remedy}" if remedy else "")) from error
    except sa.exc.TimeoutError as error:
        raise StoreError(f"{shown(url)}: all connections are in use; ask again") from error
