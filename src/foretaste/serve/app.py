"""In: the folder of a workspace. Out: the ASGI application that serves it and its tenants."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from foretaste.config.load import load_config
from foretaste.config.serve_settings import ServeSettings
from foretaste.loop import Foretaste
from foretaste.serve.admin import (
    catalogue_routes,
    data_routes,
    key_routes,
    model_routes,
    outcomes_route,
    people_routes,
    rule_routes,
    status_route,
)
from foretaste.serve.admin.desk import OperatorDesk
from foretaste.serve.api import (
    about,
    browser,
    bulk,
    catalogue,
    chat,
    consent,
    generation,
    gorse,
    gorse_lists,
    identity,
    item_aspects,
    operation,
    pictures,
    placements,
    search,
    shop_pages,
    take_back,
)
from foretaste.serve.api import lists as routes
from foretaste.serve.api import preferences as control
from foretaste.serve.docs.openapi import openapi_document
from foretaste.serve.http import problems
from foretaste.serve.http.access import AccessMiddleware, KeyLimits
from foretaste.serve.http.encoded_path import EncodedPathMiddleware
from foretaste.serve.http.guard import GuardMiddleware
from foretaste.serve.http.hosts import HostMiddleware
from foretaste.serve.http.keys import Keyring
from foretaste.serve.http.lanes import Lanes, RequestPatienceMiddleware
from foretaste.serve.http.limits import RateLimiter
from foretaste.serve.http.metrics import Metrics
from foretaste.serve.http.security import RouteScopes
from foretaste.serve.http.traces import Tracer
from foretaste.serve.http.user_access import USER_TOKEN_HEADER
from foretaste.serve.http.visitors import TrustedProxies
from foretaste.serve.pages import routes as pages
from foretaste.serve.rehearsal import rehearse_lists
from foretaste.serve.tenant_pool import TenantPool
from foretaste.serve.warm_up import rehearsal_bodies

log = logging.getLogger("foretaste.serve")

ROUTERS = (
    routes.router,
    routes.direct,
    routes.v1,
    search.v1,
    pictures.v1,
    item_aspects.v1,
    identity.v1,
    take_back.v1,
    control.v1,
    consent.v1,
    chat.v1,
    generation.v1,
    shop_pages.v1,
    placements.v1,
    bulk.router,
    gorse.api,
    gorse_lists.api,
    operation.router,
    browser.router,
    about.v1,
    pages.router,
    status_route.v1,
    outcomes_route.v1,
    model_routes.v1,
    rule_routes.v1,
    data_routes.v1,
    key_routes.v1,
    catalogue_routes.v1,
    people_routes.v1,
    catalogue.v1,  # last: an id in these addresses may hold any character
    catalogue.users_router,
)
API_DESCRIPTION = """\
Behaviour goes in, a ranked and explained list comes out, and what people do with the list goes back
in. Every error is a problem document (RFC 9457) that says what is wrong, with which value, and what
to do.
"""


def create_app(
    folder: str | Path, *, host: str | None = None, on_start: Callable[[], None] | None = None
) -> FastAPI:
    """The service for the workspace in a folder. `/readyz` says when it answers.

    host: the name or address it listens on, which is one of its names.
    on_start: called when the server starts, in its thread.
    """
    settings = load_config(Path(folder)).serve
    tracer = Tracer() if settings.traces else None
    desk = OperatorDesk()
    tenants = TenantPool(Path(folder), max_open=settings.max_open_tenants)
    limits = _key_limits(settings, tenants.metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if on_start is not None:
            on_start()
        loop = asyncio.get_running_loop()
        tenants.root.rehearse = partial(_rehearse, app, loop)
        tenants.root.start()
        yield
        await run_in_threadpool(desk.close)
        await run_in_threadpool(tenants.close)
        await limits.close()
        if tracer is not None:
            await run_in_threadpool(tracer.close)

    app = FastAPI(
        title="Foretaste",
        description=API_DESCRIPTION,
        version=version("foretaste"),
        lifespan=lifespan,
        openapi_url=None,  # FastAPI's own route would make the document in the event loop
    )
    app.state.tenants, app.state.metrics = tenants, tenants.metrics
    app.state.desk, app.state.image_origins = desk, settings.image_origins
    app.state.lanes = Lanes(settings.waiting_writes)
    _add_middleware(app, tenants, settings, limits, tracer, host)
    problems.install_handlers(app)
    for router in ROUTERS:  # `include_router` would build each route a second time: 0.1 s of CPU
        app.router.routes.extend(router.routes)
    app.openapi = partial(openapi_document, app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _key_limits(settings: ServeSettings, metrics: Metrics) -> KeyLimits:
    """How often a key may ask, counted where the settings say."""
    limiter = RateLimiter(settings.requests_per_second, settings.burst)
    if settings.limits_server is None:
        return limiter
    from foretaste.serve.http.shared_limits import SharedRateLimiter

    return SharedRateLimiter(settings.limits_server, limiter, note_local=metrics.note_local_limit)


def _rehearse(app: FastAPI, loop: asyncio.AbstractEventLoop, workspace: Foretaste) -> None:
    """Answer through all layers, in the loop that answers everybody; called from another thread. A
    failure is no reason not to answer.
    """
    lists = rehearse_lists(app, rehearsal_bodies(workspace))
    try:
        statuses = asyncio.run_coroutine_threadsafe(lists, loop).result()
        if set(statuses) != {200}:
            log.warning("rehearsed lists were answered with %s", sorted(set(statuses)))
    except (Exception, CancelledError) as error:
        lists.close()
        log.warning("the first request may take longer: %s while rehearsing", type(error).__name__)


def route_scopes() -> RouteScopes:
    """What each address needs of a key."""
    routes_in_order = (route for router in ROUTERS for route in router.routes)
    return RouteScopes(routes_in_order)


def _add_middleware(
    app: FastAPI,
    tenants: TenantPool,
    settings: ServeSettings,
    limits: KeyLimits,
    tracer: Tracer | None,
    host: str | None,
) -> None:
    """What each request passes on its way in; the last one added is the first it meets."""
    app.add_middleware(
        AccessMiddleware,
        tenants=tenants,
        keys=Keyring(lambda: tenants.root.workspace.store.keys),
        limits=limits,
        scopes=route_scopes(),
        proxies=TrustedProxies(settings.trusted_proxies),
        local_metrics=settings.local_metrics,
    )
    app.add_middleware(RequestPatienceMiddleware)
    if settings.cors_origins:  # before keys are looked at: a browser asks first, without one
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "X-API-Key",
                "X-Request-ID",
                USER_TOKEN_HEADER,
            ],
            expose_headers=["X-Request-ID", "Retry-After"],
            max_age=600,
        )
    app.add_middleware(HostMiddleware, hosts=settings.hosts, listens_on=host or None)
    app.add_middleware(
        GuardMiddleware, metrics=tenants.metrics, tracer=tracer, body_seconds=settings.body_seconds
    )
    app.add_middleware(EncodedPathMiddleware)
