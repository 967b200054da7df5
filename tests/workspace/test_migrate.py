"""The newest tables, made or migrated before anything answers, on SQLite and PostgreSQL."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from foretaste.behaviour.database_address import database_url
from foretaste.behaviour.engine import migrate, open_engine
from foretaste.behaviour.schema import HEAD_REVISION
from foretaste.behaviour.store import STORE_FILE
from foretaste.errors import StoreError
from foretaste.workspace.migrate import Migration, migrate_stores, stored_revision
from foretaste.workspace.tenants import create_tenant

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
