"""The SDK's own client against the real server process, by stdio and over HTTP."""

import json
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from faults.nursery import Nursery
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.loop import Foretaste
from foretaste.serve.http.keys import create_key as make_key
from serve.workspace import DEADLINE, until


@pytest.fixture
def folder(served_workspace: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(served_workspace, tmp_path / "shop"))


async def used(client: Client) -> None:
    """What an agent does."""

    async def call(tool: str, **args: Any) -> dict[str, Any]:
        done = await client.call_tool(tool, args)
        assert not done.is_error, done.content
        told: dict[str, Any] = done.structured_content or {}
        return told

    tools = {one.name: one for one in (await client.list_tools()).tools}
    assert set(tools) == {"recommend", "search", "explain", "record", "profile", "steer"}
    assert "next_page_of" in tools["recommend"].input_schema["properties"]

    found = await call("recommend", user="p1", n=3)
    assert len(found["items"]) == 3
    first = found["items"][0]
    why = await call("explain", item=first["id"], user="p1")
    assert why["shown"]
    assert why["terms"]
    list_id = found["recommendation_id"]
    await call("record", item=first["id"], event_type="hide", user="p1", recommendation_id=list_id)
    again = await call("recommend", user="p1", n=20)
    assert first["id"] not in {one["id"] for one in again["items"]}
    assert "hid it" in (await call("explain", item=first["id"], user="p1"))["why_not"]

    steered = await call("steer", user="p1", wish="no space")
    assert steered["changes"] == [{"what": "theme: space", "act": "mute"}]
    assert (await call("profile", user="p1"))["changes"] == steered["changes"]
    searched = await call("search", query="a rocket and a planet", user="p1")
    assert {one["id"].split("-")[0] for one in searched["items"]} == {"kitchen"}

    refused = await client.call_tool(
        "record", {"item": "no such", "event_type": "like", "user": "p1"}
    )
    assert refused.is_error
    assert "there is no item 'no such'" in json.dumps([one.model_dump() for one in refused.content])


def test_by_stdio(nursery: Nursery, folder: Path, tmp_path: Path) -> None:
    """The SDK starts two programs that pass on what it says to a server, and what that answers."""
    requests, answers = tmp_path / "requests", tmp_path / "answers"
    os.mkfifo(requests)
    os.mkfifo(answers)
    server = StdioServerParameters(
        command="sh", args=["-c", 'cat "$1" & exec cat > "$0"', str(requests), str(answers)]
    )

    async def talk() -> None:
        with anyio.fail_after(DEADLINE):
            async with Client(stdio_client(server)) as client:
                await used(client)

    with nursery.start_between(requests, answers, folder, "mcp") as process:
        anyio.run(talk)
        assert process.wait() == 0
    shop = Foretaste.open(folder)
    assert shop.store.history("p1", None)[-1].kind == "hide"
    shop.close()


def test_over_http_with_a_key_where_there_is_one(nursery: Nursery, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/mcp"

    def listening() -> bool:
        assert process.alive, process.log
        try:
            return bool(httpx.get(address).status_code)
        except httpx.HTTPError:
            return False

    with nursery.start(folder, "mcp", "--http", "--port", str(port)) as process:
        until(listening, "listening")

        async def talk() -> None:
            async with Client(address) as client:
                await used(client)

        anyio.run(talk)
        with SqlStore(folder / STORE_FILE) as store:
            keys = [
                make_key(store.keys, name, [scope], tenant=tenant, days=None, now=time.time())[1]
                for name, scope, tenant in (
                    ("agent", "admin", "default"),
                    ("reader", "read", "default"),
                    ("stranger", "admin", "another"),
                )
            ]
        until(lambda: httpx.post(address, json={}).status_code == 401, "asking for a key")
        headers = [{"Authorization": f"Bearer {key}"} for key in keys]
        told = [httpx.post(address, json={}, headers=one).status_code for one in headers]
        assert told[0] != 401
        assert told[1:] == [401, 401]
