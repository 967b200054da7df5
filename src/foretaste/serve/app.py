"""In: the folder of a workspace. Out: the ASGI application that serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from foretaste.serve import page, problems, routes
from foretaste.serve.guard import Guard
from foretaste.serve.openapi import document
from foretaste.serve.service import Service

ABOUT = """\
Behaviour goes in, a ranked and explained list comes out, and what people do with the list goes back
in. Every error is a problem document (RFC 9457) that says what is wrong, with which value, and what
to do.
"""


def create_app(folder: str | Path) -> FastAPI:
    """The service for the workspace in a folder. `/readyz` says when it answers."""
    service = Service(Path(folder))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await run_in_threadpool(service.close)

    app = FastAPI(
        title="Foretaste",
        description=ABOUT,
        version=version("foretaste"),
        lifespan=lifespan,
        docs_url=None,  # the usual pages load their scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    app.add_middleware(Guard)
    problems.install(app)
    app.include_router(routes.router)
    app.include_router(routes.v1)
    app.include_router(page.router)
    app.openapi = partial(document, app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app
