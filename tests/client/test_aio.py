"""The asynchronous client has the same calls and answers."""

import asyncio
import inspect
import shutil
from pathlib import Path

import pytest

from foretaste_client import AsyncClient, Client, ServiceError
from serve.workspace import serving

from .test_sync import failing


def test_it_has_the_same_calls() -> None:
    def calls(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(value).parameters)
            for name, value in vars(client).items()
            if inspect.isfunction(value) and not name.startswith("_")
        }

    assert calls(AsyncClient) == calls(Client)


def test_against_the_service(served_workspace: Path, tmp_path: Path) -> None:
    async def ask(url: str) -> None:
        async with AsyncClient(url, timeout=60) as shop:
            recommendation = await shop.recommend("p1", n=2)
            row = {"user": "p1", "item": recommendation.items[0].id, "kind": "click"}
            both = await asyncio.gather(shop.events([row]), shop.events([row]))
            assert [result.accepted for result in both] == [1, 1]
            assert len([row async for row in shop.all_items(n=10)]) == 24
            with pytest.raises(ServiceError, match="no item"):
                await shop.item("nothing")

    folder = shutil.copytree(served_workspace, tmp_path / "workspace")
    with serving(folder) as client:
        asyncio.run(ask(str(client.base_url)))


def test_what_fails_for_a_moment_is_tried_again() -> None:
    async def send(url: str) -> int:
        async with AsyncClient(url, pause=0.001) as client:
            return (await client.events([{"user": "u"}])).accepted

    with failing([None, 503, 200]) as (url, got):
        assert asyncio.run(send(url)) == 1
    assert len({body["events"][0]["event_id"] for body in got}) == 1
