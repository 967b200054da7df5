"""In: the folder of a workspace and the name of a tenant. Out: the service of that tenant alone.

A tenant is a workspace of its own, `ROOT/tenants/NAME`, with its own store, models and caches; the
root workspace is the tenant `default`. A request is given the service of its key's tenant and no
other, so there is nothing in it that could name another tenant's data.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretaste.behaviour.store import open_store
from foretaste.config import FILE, load
from foretaste.errors import InputError
from foretaste.model.artefacts import Models
from foretaste.serve.keys import DEFAULT
from foretaste.serve.metrics import Metrics, Watch
from foretaste.serve.service import Service, claim

FOLDER = "tenants"
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


class Tenants:
    """The tenants of one root, each opened when first asked for. Shared by all requests."""

    def __init__(self, root: Path, *, most: int = 64) -> None:
        self.metrics = Metrics(self.opened)
        self._folder, self._most = root, most
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Service] = OrderedDict()
        self.root = Service(root, watch=Watch(self.metrics, DEFAULT))

    def service(self, tenant: str) -> Service:
        """The service of a tenant. Raises InputError if there is no such tenant."""
        if tenant == DEFAULT:
            return self.root
        with self._lock:
            found = self._open.get(tenant)
            if found is not None:
                self._open.move_to_end(tenant)
                return found
            folder = home(self._folder, tenant)
            if not (folder / FILE).is_file():
                raise InputError(f"the tenant '{tenant}' of this key is not there any more")
            found = self._open[tenant] = Service(
                folder, tenant=tenant, watch=Watch(self.metrics, tenant)
            )
            found.start()
            idle = self._open.popitem(last=False)[1] if len(self._open) > self._most else None
        if idle is not None:
            idle.close()
        return found

    def opened(self) -> dict[str, Service]:
        """Those that are open."""
        with self._lock:
            return {DEFAULT: self.root, **self._open}

    def close(self) -> None:
        """Let go of all of them."""
        for service in self.opened().values():
            service.close()
