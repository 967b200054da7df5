"""In: the name of a tenant. Out: the service of its workspace alone, open while it is used.

A request is given the service of its key's tenant and no other, so there is nothing in it that
could name another tenant's data. The workspaces are those of `workspace.tenants`.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from foretaste.behaviour.keys import DEFAULT
from foretaste.config.load import FILE
from foretaste.errors import InputError
from foretaste.serve.http.metrics import Metrics, Watch
from foretaste.serve.service import Service
from foretaste.workspace.tenants import home

log = logging.getLogger("foretaste.serve")


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
