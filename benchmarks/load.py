"""Requests to send in; how long each took and what went wrong out. One process, 127.0.0.1 only.

Two ways: at a given rate, where a request's time counts from when it was due, also if the one
before kept it waiting (an open loop); or as fast as answers come, on some connections (a closed
loop).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np

PATIENCE = aiohttp.ClientTimeout(total=30)
OPEN = 256
"""Connections at most."""


@dataclass(frozen=True)
class Shot:
    """One request."""

    path: str
    body: Mapping[str, Any]


Shots = Callable[[], Shot]
"""Gives the next one."""


@dataclass
class Fired:
    """What became of many."""

    ms: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    """Answers other than 200, and failures, by what they were."""
    seconds: float = 0.0
    degraded: int = 0
    """Lists that not all experts scored, or in which something is missing; they say so."""

    def add(self, other: "Fired") -> None:
        """What became of others too."""
        self.ms += other.ms
        self.wrong += other.wrong
        self.seconds += other.seconds
        self.degraded += other.degraded

    def __len__(self) -> int:
        return len(self.ms)

    @property
    def rate(self) -> float:
        """Good answers a second; a list that is only of what is popular is none."""
        return (len(self.ms) - self.wrong.total() - self.degraded) / self.seconds

    def at(self, percent: float) -> float:
        """Milliseconds."""
        return float(np.percentile(self.ms, percent))


class Gun:
    """Sends to one service."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Gun":
        connector = aiohttp.TCPConnector(limit=OPEN)
        self._session = aiohttp.ClientSession(self._url, connector=connector, timeout=PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, shot: Shot) -> Any:
        """The answer's JSON. Raises ClientError where it is not 200."""
        assert self._session is not None
        async with self._session.post(shot.path, json=shot.body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _fire(self, shot: Shot, due: float, fired: Fired) -> None:
        assert self._session is not None
        try:
            async with self._session.post(shot.path, json=shot.body) as answer:
                told = await answer.read()
                fired.degraded += b'"degraded":{' in told
                if answer.status != 200:
                    fired.wrong[f"{shot.path} {answer.status} {told[:120]!r}"] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            fired.wrong[f"{shot.path} {type(error).__name__}"] += 1
        fired.ms.append((time.perf_counter() - due) * 1e3)

    async def steady(self, shots: Shots, rate: float, seconds: float) -> Fired:
        """At a rate, evenly."""
        fired, under_way = Fired(), set()
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            task = asyncio.create_task(self._fire(shots(), due, fired))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if under_way:
            await asyncio.wait(under_way)
        fired.seconds = time.perf_counter() - began
        return fired

    async def flat_out(
        self,
        shots: Shots,
        connections: int,
        *,
        seconds: float = float("inf"),
        most: float = float("inf"),
    ) -> Fired:
        """As fast as answers come, for so long or so many."""
        fired = Fired()
        began, sent = time.perf_counter(), 0

        async def one() -> None:
            nonlocal sent
            while time.perf_counter() < began + seconds and sent < most:
                sent += 1
                await self._fire(shots(), time.perf_counter(), fired)

        await asyncio.gather(*(one() for _ in range(connections)))
        fired.seconds = time.perf_counter() - began
        return fired
