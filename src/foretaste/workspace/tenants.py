"""In: the folder of a workspace and the name of a tenant. Out: the tenant's own workspace.

A tenant is a workspace of its own, `ROOT/tenants/NAME`, with its own store, models and caches; the
root workspace is the tenant `default`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretaste.behaviour.keys import DEFAULT
from foretaste.behaviour.store import open_store
from foretaste.config.load import FILE, load
from foretaste.domain.store import FactStore
from foretaste.errors import InputError, StoreError
from foretaste.model.artefacts import Models

FOLDER = "tenants"
FACT = "tenant"
"""Under this name each store says whose it is, so that two tenants cannot be given one store."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def home(root: Path, tenant: str) -> Path:
    """The folder of a tenant, which may not be there. Raises InputError for what is no name."""
    if tenant == DEFAULT:
        return root
    if not _NAME.fullmatch(tenant):
        raise InputError(
            f"'{tenant[:60]}' cannot be the name of a tenant; use 1 to 40 lowercase letters, "
            "digits and hyphens, e.g. 'acme'"
        )
    return root / FOLDER / tenant


def names(root: Path) -> Iterator[str]:
    """Every tenant there is, the root first."""
    yield DEFAULT
    folder = root / FOLDER
    if folder.is_dir():
        yield from sorted(one.name for one in folder.iterdir() if (one / FILE).is_file())


def check(root: Path, tenant: str) -> None:
    """Raises InputError unless there is such a tenant."""
    if tenant not in (there := list(names(root))):
        raise InputError(f"there is no tenant '{tenant}'; there are {', '.join(there)}")


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a tenant has."""

    name: str
    folder: str
    events: int
    items: int
    model: str | None
    """The version that answers."""


def listed(root: Path) -> list[Tenant]:
    """Every tenant, with what it has."""
    found = []
    for name in names(root):
        folder = home(root, name)
        store = open_store(load(folder).behaviour, folder)
        try:
            counts = store.counts()
        finally:
            store.close()
        live = Models(folder / "models").live()
        found.append(Tenant(name, str(folder), counts["events"], counts["items"], live))
    return found


def create(root: Path, tenant: str) -> Path:
    """A new tenant with the root's settings and an empty store. → its folder."""
    folder = home(root, tenant)
    if folder == root or folder.exists():
        raise InputError(f"there is a tenant '{tenant}' already")
    config = load(root)
    database = config.behaviour.database
    if database and not database.startswith("postgres"):
        raise InputError(
            "behaviour.database of the root workspace names one SQLite file, which tenants cannot "
            "share; leave it out, or use PostgreSQL"
        )
    settings = root / FILE
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    if database:
        schema = f"tenant_{tenant.replace('-', '_')}"
        text = _with_schema(text, schema)
    folder.mkdir(parents=True)
    try:
        (folder / FILE).write_text(text, encoding="utf-8")
        store = open_store(load(folder).behaviour, folder)
        try:
            claim(store, tenant)
        finally:
            store.close()
    except BaseException:
        (folder / FILE).unlink(missing_ok=True)
        raise
    return folder


def _with_schema(text: str, schema: str) -> str:
    """Settings in which the tenant has a schema of its own."""
    line = f'database_schema = "{schema}"  # of this tenant alone\n'
    text = re.sub(r"(?m)^database_schema *=.*\n?", "", text)
    head = re.search(r"(?m)^\[behaviour\].*\n?", text)
    if head is None:
        return f"{text}\n[behaviour]\n{line}"
    return f"{text[: head.end()].rstrip()}\n{line}{text[head.end() :]}"


def claim(store: FactStore, tenant: str) -> None:
    """Make sure that a store is this tenant's, and say so in it. Raises StoreError if it is not.

    A tenant's workspace may also be served on its own, as a root.
    """
    owner = store.fact(FACT)
    if owner is None:
        store.put_fact(FACT, tenant)
    elif owner != tenant and tenant != DEFAULT:
        raise StoreError(
            f"the store of tenant '{tenant}' belongs to tenant '{owner}'; give it one of its own, "
            "with behaviour.database or behaviour.database_schema in its settings"
        )
