"""Each lane has threads of its own, and an end."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from foretaste.domain.switching import SHORT_TURN_SECONDS
from foretaste.serve.app import ROUTERS
from foretaste.serve.http.lanes import Lane, LaneRoute, Lanes
from foretaste.serve.http.problems import ProblemError


def test_of_so_many_at_once_the_others_wait_and_those_past_the_queue_are_refused() -> None:
    async def story() -> None:
        lane, gate = Lane("writes", threads=2, max_waiting=1, wait_seconds=60.0), threading.Event()
        begun = threading.Semaphore(0)

        def work() -> int:
            begun.release()
            assert gate.wait(60)
            return threading.get_ident()

        at_work = [asyncio.create_task(lane.run(work)) for _ in range(3)]
        for _ in range(2):
            await asyncio.to_thread(begun.acquire)
        with pytest.raises(ProblemError, match="too many writes at once: 1 are waiting") as refused:
            await lane.run(work)
        assert refused.value.status_code == 503
        assert (refused.value.headers or {})["Retry-After"] == "2"
        assert not begun.acquire(blocking=False), "the third has not begun"
        gate.set()
        assert len(await asyncio.gather(*at_work)) == 3
        assert await lane.run(lambda: 5) == 5, "it is free again"

    asyncio.run(story())


def test_who_waits_too_long_is_refused_and_takes_no_place() -> None:
    async def story() -> None:
        lane, gate = Lane("reads", threads=1, max_waiting=5, wait_seconds=0.01), threading.Event()
        at_work = asyncio.create_task(lane.run(lambda: gate.wait(60)))
        await asyncio.sleep(0)
        with pytest.raises(ProblemError, match=r"no turn came in 0\.01 s"):
            await lane.run(lambda: True)
        gate.set()
        assert await at_work
        assert await lane.run(lambda: 1) == 1

    asyncio.run(story())


def test_what_writes_has_short_turns() -> None:
    """It asks the store a dozen times, and waits at each answer for threads that compute."""

    async def story() -> None:
        usual, lanes = sys.getswitchinterval(), Lanes(10)
        short = pytest.approx(SHORT_TURN_SECONDS, abs=3e-6)
        assert await lanes.writes.run(sys.getswitchinterval) == short
        assert await lanes.reads.run(sys.getswitchinterval) == pytest.approx(usual, abs=3e-6)

    asyncio.run(story())


def test_what_the_work_raises_is_raised_and_frees_its_place() -> None:
    async def story() -> None:
        lane = Lane("writes", threads=1, max_waiting=0, wait_seconds=60.0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await lane.run(lambda: 1 // 0)

    asyncio.run(story())


def test_every_route_that_blocks_has_the_lane_of_what_it_does() -> None:
    async def lanes_of_routes() -> dict[str, str]:
        lanes = Lanes(1)
        names: dict[Any, str] = {lanes.reads: "read", lanes.writes: "write"}
        names[lanes.operator] = "operator"
        return {
            f"{method} {route.path}": names[lanes.of_route(route)]
            for router in ROUTERS
            for route in router.routes
            if isinstance(route, LaneRoute)
            for method in route.methods or ()
        }

    lanes = asyncio.run(lanes_of_routes())
    is_write: Callable[[str], bool] = lambda name: lanes[name] == "write"  # noqa: E731
    for name in ("recommend", "search", "similar", "rank"):
        assert lanes[f"POST /v1/{name}"] == "read"
    for name in ("POST /v1/events", "POST /v1/items", "PUT /api/feedback", "POST /v1/chat"):
        assert is_write(name)
    operators = {name for name, lane in lanes.items() if lane == "operator"}
    for name in ("GET /v1/outcomes", "GET /v1/status", "POST /v1/models/compare"):
        assert name in operators, "what is counted for a page takes no thread of a list"
    others = lanes.keys() - operators
    assert all(is_write(name) for name in others if name.startswith(("DELETE", "PATCH", "PUT")))
    assert not any(is_write(name) for name in lanes if name.startswith("GET"))


def dependency_calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """What FastAPI calls before the function of a route."""
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from dependency_calls(dependency)


def test_what_a_request_needs_takes_no_thread_of_its_own() -> None:
    """A plain function would be run in a thread beside the lanes: a third of a millisecond."""
    calls = {
        call
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for call in dependency_calls(route.dependant)
    }
    takes_thread = [
        call
        for call in calls
        if not (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__))
    ]
    assert len(calls) > 3
    assert takes_thread == []
