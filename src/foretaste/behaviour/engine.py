"""In: a path or a URL. Out: an engine on a database that has the newest tables.

Also the one place where an error of a database becomes a `StoreError` with what to do about it.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from foretaste.behaviour import postgres, schema
from foretaste.behaviour.connection_pool import check_idle_connections, pool_options
from foretaste.behaviour.database_address import display_url, schema_of
from foretaste.behaviour.new_store import creation_statements, make_store_file
from foretaste.behaviour.reconnect import READ_ONLY_STATE, until_reached
from foretaste.behaviour.transactions import JointTransaction, entered, joint_transaction_of
from foretaste.behaviour.writers import WriterTurns
from foretaste.domain.patience import UNLIMITED, current_patience, patience
from foretaste.domain.switching import short_turns
from foretaste.errors import InputError, MissingExtra, StoreBusy, StoreError

log = logging.getLogger(__name__)

CACHE_KIB = 65_536
"""KiB of pages that SQLite keeps: with its default of 2,000 an import is a sixth slower."""
ADVISORY_LOCK_ID = 0x666F7265  # "fore": the advisory locks in a PostgreSQL database that are ours
TABLE_LOCK_SECONDS, TABLE_RETRY_SECONDS, TABLE_PATIENCE_SECONDS = 1, 2.0, 600.0
"""A change of a table waits so long for those who read it, tries again after so long, and gives up
after so long."""
_LOCK_NOT_AVAILABLE = "55P03"
_SCHEMA_LOCK = (
    f"pg_advisory_xact_lock({ADVISORY_LOCK_ID}, hashtext(coalesce(current_schema(), '')))"
)
TAKE_SCHEMA_LOCK = f"SELECT {_SCHEMA_LOCK}"
"""Be the one writer of the current schema until the transaction ends."""
_TAKE_WRITE_LOCK = sa.text(
    "SELECT set_config('lock_timeout', :lock, true),"
    f" set_config('statement_timeout', :answer, true), {_SCHEMA_LOCK}"
)  # in this order: the timeouts hold from here to the end of the transaction
_NEVER_IDLE = sa.text("SELECT set_config('idle_in_transaction_session_timeout', '0', true)")

_migration_lock = Lock()  # Alembic keeps its context in a global variable
_writer_turns: WeakKeyDictionary[sa.Engine, WriterTurns] = WeakKeyDictionary()

_REMEDIES = {
    "unable to open database file": "check that the folder is there and may be written to",
    "readonly database": "make the file and its folder writable, or open another store",
    "file is not a database": "this file is something else; name another, or move it away",
    "disk image is malformed": "restore it from a backup, or recover it with sqlite3 .recover",
    "disk is full": "make room; nothing of this batch was stored, so do the same again",
    "disk i/o error": "check the disk and that its file system allows locks",
    "database is locked": "another process is writing; wait for it or stop it",
    "due to lock timeout": "another process is writing; wait for it or stop it",
    "due to statement timeout": "the database is too slow or too busy; ask again later",
    "no answer within": "is PostgreSQL, or what is before it, stopped? Ask again when it answers",
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
_BUSY_SIGNS = ("database is locked", "due to lock timeout")


def open_engine(url: sa.URL, *, in_use: bool = False) -> sa.Engine:
    """An engine on the database, which is created or migrated first where that is needed.

    in_use: whether a PostgreSQL is told that its schema is in use, see `postgres`.
    """
    if url.drivername == "sqlite":
        make_store_file(_checked_path(url))
    try:
        engine = sa.create_engine(
            url,
            **pool_options(url),
            connect_args={} if url.drivername == "sqlite" else postgres.timeouts(url),
        )
    except ModuleNotFoundError:
        raise MissingExtra("the driver for PostgreSQL", "postgres") from None
    if url.drivername == "sqlite":
        _tune(engine)
    else:
        _connect_patiently(engine, in_use=in_use)
    try:
        with store_errors(url):
            _make_schema(engine)
            migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make_schema(engine: sa.Engine) -> None:
    schema_name = schema_of(engine.url)
    if schema_name is None:
        return
    with engine.connect() as connection:
        if connection.scalar(sa.text("SELECT current_schema()")) is not None:
            return
    with write_transaction(engine) as connection:
        connection.execute(sa.schema.CreateSchema(schema_name, if_not_exists=True))


def _checked_path(url: sa.URL) -> Path:
    path = Path((url.database or "").removeprefix("file:"))
    if not url.database or url.database == ":memory:":
        raise StoreError("a store needs a file; name one, e.g. sqlite:///behaviour.db")
    if path.is_dir():
        raise StoreError(f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise StoreError(f"no folder {path.parent} for the store; make it, or correct the path")
    if path.exists() and not path.stat().st_size:
        raise StoreError(
            f"{path} is empty, 0 bytes: a store never is, so what was in it is lost; restore it "
            "from a backup, or delete the file to begin anew"
        )
    return path


def _tune(engine: sa.Engine) -> None:
    """What SQLite needs to be a store that is read while it is written."""

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, see below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds(current_patience().lock)}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL and not NORMAL: in WAL mode NORMAL may lose the last commits when the power fails,
        # and an event that was acknowledged must not be lost. One fsync a batch.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A writer takes the lock when it begins: one that read first could not get it any more.
        options = connection.get_execution_options()
        if "lock_seconds" in options:
            limit = milliseconds(options["lock_seconds"])
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {limit}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")


def limit_cache(engine: sa.Engine, kibibytes: int) -> None:
    """See `SqlStore.limit_cache`; nothing where the database is a server's."""
    if engine.dialect.name != "sqlite":
        return

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA cache_size = -{kibibytes}")

    engine.dispose()


def _connect_patiently(engine: sa.Engine, *, in_use: bool) -> None:
    """What PostgreSQL needs besides: waits that end, and who is there."""
    schema_name, server_order = schema_of(engine.url), postgres.ServerOrder()
    check_idle_connections(engine)

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
        ordered = {**parameters, **server_order.last_first(parameters)}
        connection = postgres.connect(*arguments, in_use=in_use, schema_name=schema_name, **ordered)
        server_order.note(connection)
        return connection

    @sa.event.listens_for(engine, "handle_error")
    def leave_standby(context: sa.engine.ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY_STATE:
            context.is_disconnect = True  # it was the primary; the next connection is to another


def milliseconds(seconds: float) -> int:
    """As databases take it; never 0, which is no limit."""
    return min(max(int(seconds * 1000), 1), 2**31 - 1)


@contextmanager
def write_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes, one at a time in the whole database.

    On PostgreSQL two transactions that run at once may commit in another order than that of the
    numbers they drew. A reader that asks for all past number 10 would then see 12, remember it, and
    never see 11. With the lock, numbers become visible in order. SQLite has one writer anyway.
    A lock a schema: tenants that share a database do not wait for one another. It is waited for
    within the current patience, also by this process's own threads; then StoreBusy is raised. So is
    a database that is away, see `reconnect`.
    Within a `joint_transaction` of this thread it is that one.
    """
    joint = joint_transaction_of(engine)
    if joint is not None:
        yield joint.connection
        return
    with until_reached(engine, lambda: _entered_transaction(engine)) as connection:
        yield connection


@contextmanager
def left(stack: ExitStack, connection: sa.Connection) -> Iterator[sa.Connection]:
    """The connection; with the end of the block all of the stack is left."""
    with stack:
        yield connection


def _entered_transaction(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """A transaction that has the writer's lock: its end is that of the context."""
    with ExitStack() as stack:
        seconds = stack.enter_context(_writer_turns.setdefault(engine, WriterTurns()).turn())
        options = {"writing": True, "lock_seconds": seconds}
        connection = stack.enter_context(engine.connect().execution_options(**options))
        stack.enter_context(connection.begin())
        if engine.dialect.name == "postgresql":
            stack.enter_context(short_turns())  # others wait: threads that compute give way
            limits = {"lock": seconds, "answer": current_patience().answer}
            values = {name: str(milliseconds(limit)) for name, limit in limits.items()}
            connection.execute(_TAKE_WRITE_LOCK, values)
        return left(stack.pop_all(), connection)


@contextmanager
def joint_transaction(engine: sa.Engine) -> Iterator[JointTransaction]:
    """One transaction for all that this thread does with the database in the block: everything in
    it is stored, or nothing.
    """
    open_joint = joint_transaction_of(engine)
    if open_joint is not None:
        yield open_joint
        return
    with write_transaction(engine) as connection:
        if engine.dialect.name == "postgresql":  # it may be idle while rows are read from a file
            connection.execute(_NEVER_IDLE)
        with entered(JointTransaction(engine, connection)) as joint:
            yield joint
    for action in joint.after_commit:
        action()


def migrate(engine: sa.Engine, revision: str = schema.HEAD_REVISION) -> None:
    """Bring the tables to the newest form, in one transaction and under the writer's lock.

    A new store gets its tables at once: all migrations one after another take ten times as long.
    While somebody reads a table for long, a change of it waits a moment, gives up what it has and
    begins anew: else all who read it after that would wait behind the change.
    """
    if table_revision(engine) == revision:
        return
    end = time.monotonic() + TABLE_PATIENCE_SECONDS
    while True:
        try:
            _migrate_once(engine, revision)
            return
        except sa.exc.OperationalError as error:
            is_in_use = getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
            if not is_in_use or time.monotonic() >= end:
                raise
        log.warning("a table is read for long; its change is tried again")
        time.sleep(TABLE_RETRY_SECONDS)


def _migrate_once(engine: sa.Engine, revision: str) -> None:
    with patience(UNLIMITED), _migration_lock, write_transaction(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TABLE_LOCK_SECONDS}s'")
        is_new = _revision_of(connection) is None
        if is_new and revision == schema.HEAD_REVISION:
            for statement in creation_statements(engine.url.drivername):
                connection.exec_driver_sql(statement)
        else:
            _upgrade(connection, revision)


def table_revision(engine: sa.Engine) -> str | None:
    """The form its tables have; None where there are none."""
    with engine.connect() as connection:
        return _revision_of(connection)


def _revision_of(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


def _upgrade(connection: sa.Connection, revision: str) -> None:
    from alembic import command  # a third of a second, for older stores only
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known_revisions = {
        script.revision for script in ScriptDirectory.from_config(config).walk_revisions()
    }
    stored_revision = _revision_of(connection)
    if stored_revision is not None and stored_revision not in known_revisions:
        raise StoreError(
            f"{display_url(connection.engine.url)} was made by a newer Foretaste (revision "
            f"{stored_revision}); "
            "install that one: pip install --upgrade foretaste"
        )
    command.upgrade(config, revision)


@contextmanager
def store_errors(url: sa.URL) -> Iterator[None]:
    """What the database complains of, in one line and with a remedy.

    A text or a number that no database takes is a mistake of whoever sent it: an InputError.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        half_character = error.object[error.start]
        raise InputError(
            f"a text holds half a character, {half_character!a}; write the text as UTF-8"
        ) from None
    except OverflowError:
        raise InputError("a number is too large to be looked up; send a smaller one") from None
    except sa.exc.DataError as error:
        first_line = str(error.orig).partition("\n")[0]
        raise InputError(f"a value cannot be stored or looked up: {first_line}") from None
    except sa.exc.DBAPIError as error:
        message = " ".join(str(error.orig).split())
        lower_message = message.lower()
        remedy = next((advice for sign, advice in _REMEDIES.items() if sign in lower_message), "")
        is_busy = any(sign in lower_message for sign in _BUSY_SIGNS)
        raise (StoreBusy if is_busy else StoreError)(
            f"{display_url(url)}: {message}" + (f"; {remedy}" if remedy else "")
        ) from error
    except sa.exc.TimeoutError as error:
        raise StoreError(f"{display_url(url)}: all connections are in use; ask again") from error
