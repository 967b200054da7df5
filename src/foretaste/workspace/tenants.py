"""In: the folder of a workspace and the name of a tenant. Out: the tenant's own workspace.

A tenant is a workspace of its own, `ROOT/tenants/NAME`, with its own store, models and caches; the
root workspace is the tenant `default`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretaste.behaviour.keys import DEFAULT_TENANT
from foretaste.behaviour.opening import open_store
from foretaste.config.load import SETTINGS_FILE, load_config
from foretaste.domain.files import FOLDER_MODE
from foretaste.domain.store import FactStore
from foretaste.errors import InputError, StoreError
from foretaste.model.artefacts import ModelRegistry

TENANTS_FOLDER = "tenants"
FACT = "tenant"
"""Under this name each store says whose it is, so that two tenants cannot be given one store."""
_NAME_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def tenant_folder(root: Path, tenant: str) -> Path:
    """The folder of a tenant, which may not be there. Raises InputError for what is no name."""
    if tenant == DEFAULT_TENANT:
        return root
    if not _NAME_PATTERN.fullmatch(tenant):
        raise InputError(
            f"'{tenant[:60]}' cannot be the name of a tenant; use 1 to 40 lowercase letters, "
            "digits and hyphens, e.g. 'acme'"
        )
    return root / TENANTS_FOLDER / tenant


def tenant_names(root: Path) -> Iterator[str]:
    """Every tenant there is, the root first."""
    yield DEFAULT_TENANT
    folder = root / TENANTS_FOLDER
    if folder.is_dir():
        yield from sorted(
            entry.name for entry in folder.iterdir() if (entry / SETTINGS_FILE).is_file()
        )


def require_tenant(root: Path, tenant: str) -> None:
    """Raises InputError unless there is such a tenant."""
    if tenant not in (existing_names := list(tenant_names(root))):
        raise InputError(f"there is no tenant '{tenant}'; there are {', '.join(existing_names)}")


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a tenant has."""

    name: str
    folder: str
    events: int
    items: int
    model: str | None
    """The version that answers."""


def list_tenants(root: Path) -> list[Tenant]:
    """Every tenant, with what it has."""
    tenants = []
    for name in tenant_names(root):
        folder = tenant_folder(root, name)
        store = open_store(load_config(folder).behaviour, folder)
        try:
            counts = store.counts()
        finally:
            store.close()
        live_version = ModelRegistry(folder / "models").live_name()
        tenants.append(Tenant(name, str(folder), counts["events"], counts["items"], live_version))
    return tenants


def create_tenant(root: Path, tenant: str) -> Path:
    """A new tenant with the root's settings and an empty store. → its folder."""
    folder = tenant_folder(root, tenant)
    if folder == root or folder.exists():
        raise InputError(f"there is a tenant '{tenant}' already")
    config = load_config(root)
    database = config.behaviour.database
    if database and not database.startswith("postgres"):
        raise InputError(
            "behaviour.database of the root workspace names one SQLite file, which tenants cannot "
            "share; leave it out, or use PostgreSQL"
        )
    settings = root / SETTINGS_FILE
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    if database:
        text = _with_schema(text, _schema_name(tenant))
    folder.mkdir(FOLDER_MODE, parents=True)
    try:
        (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
        store = open_store(load_config(folder).behaviour, folder)
        try:
            claim(store, tenant)
        finally:
            store.close()
    except BaseException:
        (folder / SETTINGS_FILE).unlink(missing_ok=True)
        raise
    return folder


def require_own_schema(root: Path, tenant: str) -> None:
    """Where a tenant's settings name a PostgreSQL database and no schema in it, give them one."""
    folder = tenant_folder(root, tenant)
    behaviour = load_config(folder).behaviour
    database = behaviour.database or ""
    if folder == root or not database.startswith("postgres") or behaviour.database_schema:
        return
    settings = folder / SETTINGS_FILE
    text = settings.read_text(encoding="utf-8")
    settings.write_text(_with_schema(text, _schema_name(tenant)), encoding="utf-8")


def _schema_name(tenant: str) -> str:
    return f"tenant_{tenant.replace('-', '_')}"


def _with_schema(text: str, schema: str) -> str:
    """Settings in which the tenant has a schema of its own."""
    line = f'database_schema = "{schema}"  # of this tenant alone\n'
    text = re.sub(r"(?m)^database_schema *=.*\n?", "", text)
    header = re.search(r"(?m)^\[behaviour\].*\n?", text)
    if header is None:
        return f"{text}\n[behaviour]\n{line}"
    return f"{text[: header.end()].rstrip()}\n{line}{text[header.end() :]}"


def claim(store: FactStore, tenant: str) -> None:
    """Make sure that a store is this tenant's, and say so in it. Raises StoreError if it is not.

    A tenant's workspace may also be served on its own, as a root.
    """
    owner = store.meta_text(FACT)
    if owner is None:
        store.put_meta_text(FACT, tenant)
    elif owner != tenant and tenant != DEFAULT_TENANT:
        raise StoreError(
            f"the store of tenant '{tenant}' belongs to tenant '{owner}'; give it one of its own, "
            "with behaviour.database or behaviour.database_schema in its settings"
        )
