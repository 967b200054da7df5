"""In: the folder of a workspace. Out: its stores, and those of its tenants, with the newest tables.

Opening a store does the same; this is for doing it alone, before the processes that answer start.
"""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from foretaste.behaviour import postgres
from foretaste.behaviour.engine import store_errors, table_revision
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.schema import HEAD_REVISION
from foretaste.behaviour.store import store_url
from foretaste.config.load import load_config
from foretaste.workspace.tenants import tenant_folder, tenant_names


@dataclass(frozen=True, slots=True)
class Migration:
    """What the tables of a tenant were and are now."""

    tenant: str
    old_revision: str | None
    """None where there were no tables."""
    revision: str = HEAD_REVISION


def migrate_stores(root: Path) -> list[Migration]:
    """Make or migrate the tables of every tenant, the root first.

    Each store is migrated in one transaction. Raises StoreError where one cannot be opened, or was
    made by a newer Foretaste; those before it are migrated then, and the same again goes on.
    """
    migrations = []
    for tenant in tenant_names(root):
        folder = tenant_folder(root, tenant)
        settings = load_config(folder).behaviour
        old_revision = stored_revision(store_url(settings, folder))
        open_store(settings, folder).close()
        migrations.append(Migration(tenant, old_revision))
    return migrations


def stored_revision(url: sa.URL) -> str | None:
    """The form that the tables of a database have; None where there are none. Changes nothing."""
    connect_args: dict[str, object] = {}
    if url.drivername != "sqlite":
        connect_args = {**postgres.timeouts(url)}
    elif not Path(url.database or "").exists():
        return None
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=connect_args)
    with store_errors(url):
        return table_revision(engine)
