"""In: the folder of a workspace and the name of a tenant. Out: the service of that tenant alone.

A tenant is a workspace of its own, `ROOT/tenants/NAME`, with its own store, models and caches; the
root workspace is the tenant `default`. A request is given the service of its key's tenant and no
other, so there is nothing in it that could name another tenant's data.
"""

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from foretaste.behaviour.keys import DEFAULT
from foretaste.behaviour.store import open_store
from foretaste.config.load import FILE, load
from foretaste.errors import InputError
from foretaste.model.artefacts import Models
from foretaste.serve.http.metrics import Metrics, Watch
from foretaste.serve.service import Service, claim

log = logging.getLogger("foretaste.serve")

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


@dataclass(slots=True)
class _Opened:
    """A tenant that is open."""

    service: Service
    uses: int = 0
    """Requests that use it now."""


class Tenants:
    """The tenants of one root, each opened when first asked for. Shared by all requests.

    The event loop only looks up and counts: what takes time, to open and to close, is done in other
    threads. A service is closed when no request uses it, however many there are.
    """

    def __init__(self, root: Path, *, most: int = 64) -> None:
        self.metrics = Metrics(self.all_lent)
        self._folder, self._most = root, most
        self._lock = threading.Lock()  # of what follows; held for moments
        self._open: OrderedDict[str, _Opened] = OrderedDict()
        self._closing: set[threading.Thread] = set()
        self.root = Service(root, watch=Watch(self.metrics, DEFAULT))

    @asynccontextmanager
    async def lent(self, tenant: str) -> AsyncIterator[Service]:
        """The service of a tenant, for one request. Raises InputError if there is none of it."""
        if tenant == DEFAULT:
            yield self.root
            return
        while (opened := self._borrowed(tenant)) is None:
            await run_in_threadpool(self._ensure_open, tenant)
        try:
            yield opened.service
        finally:
            self._give_back(opened)

    @contextmanager
    def all_lent(self) -> Iterator[Mapping[str, Service]]:
        """The services that are open, for as long as somebody looks at them."""
        with self._lock:
            borrowed = dict(self._open)
            for opened in borrowed.values():
                opened.uses += 1
        try:
            yield {DEFAULT: self.root} | {name: one.service for name, one in borrowed.items()}
        finally:
            for opened in borrowed.values():
                self._give_back(opened)

    def opened(self) -> set[str]:
        """The names of those that are open."""
        with self._lock:
            return {DEFAULT, *self._open}

    def close(self) -> None:
        """Let go of all of them, and wait for that."""
        with self._lock:
            services = [self.root, *(opened.service for opened in self._open.values())]
            self._open.clear()
            closing = list(self._closing)
        for service in services:
            service.close()
        for thread in closing:
            thread.join()

    def _borrowed(self, tenant: str) -> _Opened | None:
        """One that is open, counted as used."""
        with self._lock:
            opened = self._open.get(tenant)
            if opened is not None:
                self._open.move_to_end(tenant)
                opened.uses += 1
            return opened

    def _give_back(self, opened: _Opened) -> None:
        with self._lock:
            opened.uses -= 1
            self._evict()

    def _ensure_open(self, tenant: str) -> None:
        folder = home(self._folder, tenant)
        if not (folder / FILE).is_file():
            raise InputError(f"the tenant '{tenant}' of this key is not there any more")
        service = Service(folder, tenant=tenant, watch=Watch(self.metrics, tenant))
        with self._lock:
            if tenant in self._open:  # another request was faster
                return
            self._open[tenant] = _Opened(service)
            self._evict(spared=tenant)
        service.start()

    def _evict(self, spared: str | None = None) -> None:
        """Past the limit, close those that nobody uses; first what was not asked for longest."""
        idle = [name for name, opened in self._open.items() if not opened.uses and name != spared]
        for name in idle[: max(len(self._open) - self._most, 0)]:
            service = self._open.pop(name).service
            thread = threading.Thread(
                target=self._close, args=(service,), name="close-tenant", daemon=True
            )
            self._closing.add(thread)
            thread.start()

    def _close(self, service: Service) -> None:
        try:
            service.close()
        except Exception:  # whoever is asked next must not suffer for it
            log.exception("while closing a tenant")
        finally:
            with self._lock:
                self._closing.discard(threading.current_thread())
