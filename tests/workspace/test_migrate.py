"""The newest tables, made or migrated before anything answers, on SQLite and PostgreSQL."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from foretaste.behaviour import engine as engine_module
from foretaste.behaviour.database_address import database_url
from foretaste.behaviour.engine import migrate, open_engine
from foretaste.behaviour.schema import HEAD_REVISION
from foretaste.behaviour.store import STORE_FILE
from foretaste.errors import StoreError
from foretaste.workspace.migrate import Migration, migrate_stores, stored_revision
from foretaste.workspace.tenants import create_tenant
from serve.workspace import until

OLD_REVISION = "0012"


def made_at(url: sa.URL, revision: str) -> None:
    """A database as an earlier Foretaste left it."""
    engine = sa.create_engine(url)
    migrate(engine, revision)
    engine.dispose()


def test_tables_are_made_then_found(tmp_path: Path) -> None:
    assert stored_revision(database_url(tmp_path / STORE_FILE)) is None
    assert not (tmp_path / STORE_FILE).exists()  # looking makes nothing
    assert migrate_stores(tmp_path) == [Migration("default", None, HEAD_REVISION)]
    assert migrate_stores(tmp_path) == [Migration("default", HEAD_REVISION, HEAD_REVISION)]


def test_older_tables_are_migrated_for_each_tenant(tmp_path: Path) -> None:
    (tmp_path / "foretaste.toml").write_text("")
    made_at(database_url(tmp_path / STORE_FILE), OLD_REVISION)
    tenant_store = create_tenant(tmp_path, "acme") / STORE_FILE
    tenant_store.unlink()
    made_at(database_url(tenant_store), OLD_REVISION)

    assert migrate_stores(tmp_path) == [
        Migration("default", OLD_REVISION, HEAD_REVISION),
        Migration("acme", OLD_REVISION, HEAD_REVISION),
    ]


def test_tables_of_a_newer_foretaste_are_left_alone(tmp_path: Path) -> None:
    engine = open_engine(database_url(tmp_path / STORE_FILE))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    untouched = shutil.copy(tmp_path / STORE_FILE, tmp_path / "copy.db")
    with pytest.raises(StoreError, match="newer"):
        migrate_stores(tmp_path)
    assert stored_revision(database_url(untouched)) == "9999"
    assert stored_revision(database_url(tmp_path / STORE_FILE)) == "9999"


def test_a_schema_of_postgresql_is_migrated(tmp_path: Path, empty_postgres: str) -> None:
    (tmp_path / "foretaste.toml").write_text(
        f'[behaviour]\ndatabase = "{empty_postgres}"\ndatabase_schema = "shop_a"\n'
    )
    assert migrate_stores(tmp_path) == [Migration("default", None, HEAD_REVISION)]
    assert migrate_stores(tmp_path) == [Migration("default", HEAD_REVISION, HEAD_REVISION)]


@pytest.fixture
def long_reader(
    empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[sa.Engine, sa.Connection]]:
    """(a database of an earlier version, a transaction that has read what the next one changes)."""
    monkeypatch.setattr(engine_module, "TABLE_LOCK_SECONDS", 0.05)
    monkeypatch.setattr(engine_module, "TABLE_RETRY_SECONDS", 0.05)
    made_at(database_url(empty_postgres), OLD_REVISION)
    engine = sa.create_engine(empty_postgres)
    with engine.connect() as reader:
        reader.execute(READ_SHOWN)
        yield engine, reader
    engine.dispose()


READ_SHOWN = sa.text("SELECT count(*) FROM recommendations")


def test_who_reads_a_table_for_long_holds_up_no_other_reader(
    long_reader: tuple[sa.Engine, sa.Connection], caplog: pytest.LogCaptureFixture
) -> None:
    engine, reader = long_reader
    with ThreadPoolExecutor(1) as pool:
        migration = pool.submit(migrate, engine, "0013")
        until(lambda: caplog.text.count("is tried again") > 1, "the change of a table")
        with engine.connect() as other:
            other.execute(sa.text("SET lock_timeout = '5s'"))
            other.execute(READ_SHOWN)
        assert not migration.done()
        reader.rollback()
        migration.result()
    assert stored_revision(database_url(engine.url)) == "0013"


def test_a_table_that_is_never_free_is_left_as_it_was(
    long_reader: tuple[sa.Engine, sa.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "TABLE_PATIENCE_SECONDS", 0.0)
    engine, _ = long_reader
    with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
        migrate(engine, "0013")
    assert stored_revision(database_url(engine.url)) == OLD_REVISION
