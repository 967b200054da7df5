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

from foretaste.behaviour.keys import DEFAULT_TENANT
from foretaste.config.load import SETTINGS_FILE
from foretaste.errors import InputError
from foretaste.serve.http.metrics import Metrics, TenantMetrics
from foretaste.serve.service import Service
from foretaste.workspace.tenants import tenant_folder

log = logging.getLogger("foretaste.serve")


@dataclass(slots=True)
class _OpenTenant:
    """A tenant that is open."""

    service: Service
    active_requests: int = 0
    """Requests that use it now."""


class TenantPool:
    """The tenants of one root, each opened when first asked for. Shared by all requests.

    The event loop only looks up and counts: what takes time, to open and to close, is done in other
    threads. A service is closed when no request uses it, however many there are.
    """

    def __init__(self, root: Path, *, max_open: int = 64) -> None:
        self.metrics = Metrics(self.lend_all)
        self._folder, self._max_open = root, max_open
        self._lock = threading.Lock()  # of what follows; held for moments
        self._open_tenants: OrderedDict[str, _OpenTenant] = OrderedDict()
        self._closing_threads: set[threading.Thread] = set()
        self.root = Service(root, metrics=TenantMetrics(self.metrics, DEFAULT_TENANT))

    @asynccontextmanager
    async def lend(self, tenant: str) -> AsyncIterator[Service]:
        """The service of a tenant, for one request. Raises InputError if there is none of it."""
        if tenant == DEFAULT_TENANT:
            yield self.root
            return
        while (open_tenant := self._borrow(tenant)) is None:
            await run_in_threadpool(self._ensure_open, tenant)
        try:
            yield open_tenant.service
        finally:
            self._give_back(open_tenant)

    @contextmanager
    def lend_all(self) -> Iterator[Mapping[str, Service]]:
        """The services that are open, for as long as somebody looks at them."""
        with self._lock:
            open_tenants = dict(self._open_tenants)
            for open_tenant in open_tenants.values():
                open_tenant.active_requests += 1
        try:
            yield {DEFAULT_TENANT: self.root} | {
                name: tenant.service for name, tenant in open_tenants.items()
            }
        finally:
            for open_tenant in open_tenants.values():
                self._give_back(open_tenant)

    def open_names(self) -> set[str]:
        """The names of those that are open."""
        with self._lock:
            return {DEFAULT_TENANT, *self._open_tenants}

    def close(self) -> None:
        """Let go of all of them, and wait for that."""
        with self._lock:
            services = [
                self.root,
                *(open_tenant.service for open_tenant in self._open_tenants.values()),
            ]
            self._open_tenants.clear()
            threads = list(self._closing_threads)
        for service in services:
            service.stop()
        for service in services:
            service.close()
        for thread in threads:
            thread.join()

    def _borrow(self, tenant: str) -> _OpenTenant | None:
        """One that is open, counted as used."""
        with self._lock:
            open_tenant = self._open_tenants.get(tenant)
            if open_tenant is not None:
                self._open_tenants.move_to_end(tenant)
                open_tenant.active_requests += 1
            return open_tenant

    def _give_back(self, open_tenant: _OpenTenant) -> None:
        with self._lock:
            open_tenant.active_requests -= 1
            self._evict()

    def _ensure_open(self, tenant: str) -> None:
        folder = tenant_folder(self._folder, tenant)
        if not (folder / SETTINGS_FILE).is_file():
            raise InputError(f"the tenant '{tenant}' of this key is not there any more")
        service = Service(folder, tenant=tenant, metrics=TenantMetrics(self.metrics, tenant))
        with self._lock:
            if tenant in self._open_tenants:  # another request was faster
                return
            self._open_tenants[tenant] = _OpenTenant(service)
            self._evict(kept_tenant=tenant)
        service.start()

    def _evict(self, kept_tenant: str | None = None) -> None:
        """Past the limit, close those that nobody uses; first what was not asked for longest."""
        idle = [
            name
            for name, open_tenant in self._open_tenants.items()
            if not open_tenant.active_requests and name != kept_tenant
        ]
        for name in idle[: max(len(self._open_tenants) - self._max_open, 0)]:
            service = self._open_tenants.pop(name).service
            thread = threading.Thread(
                target=self._close, args=(service,), name="close-tenant", daemon=True
            )
            self._closing_threads.add(thread)
            thread.start()

    def _close(self, service: Service) -> None:
        try:
            service.close()
        except Exception:  # whoever is asked next must not suffer for it
            log.exception("while closing a tenant")
        finally:
            with self._lock:
                self._closing_threads.discard(threading.current_thread())
