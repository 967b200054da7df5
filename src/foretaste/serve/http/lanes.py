"""In: the work of a request, which blocks. Out: the same in a thread of its lane, or a refusal.

What writes may have to wait for others who write, what reads need not; so they have threads of
their own, and whoever runs the service learns whether it is ready whatever the others wait for. A
lane has an end: who would wait too long is refused with 503 and may ask again.
"""

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from foretaste.domain.patience import (
    BESIDE,
    LIST,
    RECONNECT_SECONDS,
    REQUEST,
    current_patience,
    patience,
)
from foretaste.domain.switching import short_turns
from foretaste.serve.http.guard import is_streamed_body
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import declared_scopes

T = TypeVar("T")

READING_THREADS, MAX_WAITING_READS, READ_WAIT_SECONDS = 32, 1_000, 10.0
"""Threads, requests that wait for one, and for how long."""
WRITING_THREADS, WRITE_WAIT_SECONDS = 16, 5.0
"""Likewise; how many wait is in the settings."""
READINESS_THREADS = 4
OPERATOR_THREADS, MAX_WAITING_LOOKS, OPERATOR_WAIT_SECONDS = 2, 40, 20.0
"""Of whoever runs the shop: what they count and compare must not take the threads of lists."""
RETRY_SECONDS = 2
"""Seconds after which to ask again."""


class Lane:
    """So many threads, and a queue before them."""

    def __init__(
        self,
        name: str,
        threads: int,
        max_waiting: int,
        wait_seconds: float,
        reconnect_seconds: float = 0.0,
        *,
        is_mostly_waiting: bool = False,
    ) -> None:
        """reconnect_seconds: how long work in it waits for a database that is away.

        is_mostly_waiting: whether it computes little and asks the store often. Each answer waits
        for its turn beside threads that compute, so turns are short while there is such work.
        """
        self._name, self._max_waiting, self._wait_seconds = name, max_waiting, wait_seconds
        self._reconnect_seconds = reconnect_seconds
        self._turns = short_turns if is_mostly_waiting else nullcontext
        self._free = asyncio.Semaphore(threads)
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns or raises. Raises `ProblemError` where it is not begun."""
        await self._enter()
        work = functools.partial(_run_patiently, work, self._reconnect_seconds)
        try:  # the thread is of no pool that others use: who has entered begins at once
            with self._turns():
                return await run_sync(work, limiter=_unlimited())
        finally:
            self._free.release()

    async def _enter(self) -> None:
        if self._free.locked() and self._waiting >= self._max_waiting:
            raise self._refusal(f"{self._waiting} are waiting")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise self._refusal(f"no turn came in {self._wait_seconds:g} s") from None
        finally:
            self._waiting -= 1

    def _refusal(self, reason: str) -> ProblemError:
        return ProblemError(
            "unavailable",
            f"too many {self._name} at once: {reason}; ask again in {RETRY_SECONDS} s",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )


def _run_patiently(work: Callable[[], T], reconnect_seconds: float) -> T:
    with patience(replace(current_patience(), reconnect=reconnect_seconds)):
        return work()


class Lanes:
    """Those of one application."""

    def __init__(self, max_waiting_writes: int) -> None:
        self.reads = Lane("reads", READING_THREADS, MAX_WAITING_READS, READ_WAIT_SECONDS)
        self.writes = Lane(
            "writes",
            WRITING_THREADS,
            max_waiting_writes,
            WRITE_WAIT_SECONDS,
            RECONNECT_SECONDS,
            is_mostly_waiting=True,
        )
        self.operator = Lane(
            "looks of the console", OPERATOR_THREADS, MAX_WAITING_LOOKS, OPERATOR_WAIT_SECONDS
        )
        self.readiness = Lane("looks", READINESS_THREADS, MAX_WAITING_READS, WRITE_WAIT_SECONDS)

    def of_route(self, route: APIRoute) -> Lane:
        """By what the route declares."""
        if isinstance(route, LaneRoute) and route.is_for_operator:
            return self.operator
        is_read = declared_scopes(route) in ((), ("read",)) or route.methods == {"GET"}
        return self.reads if is_read else self.writes


async def run_readiness(request: Request, work: Callable[[], T]) -> T:
    """A look at whether the service is ready, in a thread that waits for no other request."""
    lanes: Lanes = request.app.state.lanes

    def look() -> T:
        with patience(LIST):
            return work()

    return await lanes.readiness.run(look)


class LaneRoute(APIRoute):
    """A route whose blocking function runs in its lane."""

    is_for_operator: ClassVar[bool] = False
    """Whether it has the lane of whoever runs the shop."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _in_lane(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with the lane of the route."""
        handle = super().get_route_handler()

        async def handle_in_lane(request: Request) -> Response:
            self.enter_lane(request)
            return await handle(request)

        return handle_in_lane

    def enter_lane(self, request: Request) -> None:
        """What the endpoint does for this request runs in the lane of the route."""
        lanes: Lanes = request.app.state.lanes
        _lane.set(lanes.of_route(self))


class RequestPatienceMiddleware:
    """A request waits for the store for some seconds, not as long as a training does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        is_bulk = scope["type"] == "http" and is_streamed_body(scope)
        with patience(BESIDE if is_bulk else REQUEST):
            await self._app(scope, receive, send)


_lane: ContextVar[Lane] = ContextVar("lane")


def _in_lane(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The function, run in the lane of its request; one that does not block as it is."""
    if inspect.iscoroutinefunction(endpoint):
        return endpoint

    async def run(**arguments: Any) -> Any:
        return await _lane.get().run(functools.partial(endpoint, **arguments))

    # a partial: of a function FastAPI looks up the source lines at its first request
    return functools.update_wrapper(functools.partial(run), endpoint)


@functools.cache
def _unlimited() -> CapacityLimiter:
    return CapacityLimiter(float("inf"))
