"""JSON Lines in and out, of any length, partly wrong."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.serve.api.bulk import enforce_min_rate, numbered_lines
from foretaste.serve.http.problems import ProblemError

from ..conftest import Refusal
from ..workspace import serving

SENT = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def client(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server of this file's own, as it leaves much behind."""
    folder = tmp_path_factory.mktemp("bulk") / "workspace"
    with serving(Path(shutil.copytree(trained, folder))) as found:
        yield found


def counts(accepted: int, duplicates: int, rejected: int) -> dict[str, int]:
    return {
        "accepted": accepted,
        "duplicates": duplicates,
        "known": duplicates,  # the old name, for one release
        "rejected": rejected,
    }


def sent(client: httpx.Client, content: Any, what: str = "items") -> list[dict[str, Any]]:
    answer = client.post(f"/v1/{what}.jsonl", content=content, headers=SENT)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_file_that_is_partly_wrong(client: httpx.Client) -> None:
    lines = [
        '{"id": "bulk-1", "title": "One", "theme": "bulk"}',
        "",
        '{"id": "bulk-2", "available_from": "soon"}',
        "not json",
        '{"title": "no id"}',
        "[1]",
        '{"id": "bulk-3"}\r',
        '{"id": "long", "text": "' + "x" * (1 << 20) + '"}',
        '{"id": "bulk-4"}',
    ]
    first, *wrong = sent(client, "\n".join(lines))

    assert first == counts(3, 0, 5)
    assert sorted(one["line"] for one in wrong) == [3, 4, 5, 6, 8]
    by_line = {one["line"]: one for one in wrong}
    assert by_line[3]["field"] == "available_from"
    assert "ISO 8601" in by_line[3]["remedy"]
    assert "column 1: expecting value" in by_line[4]["problem"]
    assert "without an id" in by_line[5]["problem"]
    assert "an item is an object" in by_line[6]["problem"]
    assert "1,048,576 bytes" in by_line[8]["problem"]
    assert client.get("/v1/items/bulk-4").status_code == 200
    assert sent(client, "\n".join(lines))[0] == counts(0, 3, 5)


def test_more_than_a_body_may_hold_elsewhere(client: httpx.Client) -> None:
    """It is streamed: lines of more bytes than other addresses take."""
    pad = "x" * 6000
    chunks = (f'{{"id": "many-{n}", "note": "{pad}"}}\n'.encode() for n in range(1_500))

    def body() -> Iterator[bytes]:
        yield from chunks

    assert sent(client, body(), "users") == [counts(1_500, 0, 0)]
    out = client.get("/v1/users.jsonl").text.splitlines()
    told = [json.loads(line) for line in out]
    assert sum(one["id"].startswith("many-") for one in told) == 1_500
    assert sent(client, "\n".join(out), "users")[0]["accepted"] == 0, "the same comes out"


def test_the_catalogue_comes_out_as_it_goes_in(client: httpx.Client) -> None:
    out = client.get("/v1/items.jsonl")
    told = [json.loads(line) for line in out.text.splitlines()]
    assert {"space-1", "kitchen-1"} <= {one["id"] for one in told}
    assert sent(client, out.content)[0] == counts(0, len(told), 0)


def test_a_body_of_which_nothing_can_be_used(refusal: Refusal) -> None:
    def refused(content: str, headers: Any = SENT, status: int = 422, kind: str = "") -> str:
        found = kind or "nothing-accepted"
        return refusal("/v1/items.jsonl", status, found, content=content, headers=headers)

    assert "the body has no lines" in refused("\n\n")
    assert "all 2 lines are wrong; line 1" in refused("x\ny")
    told = refused("{}", {"Content-Type": "text/plain"}, 415, "wrong-media-type")
    assert "send the header Content-Type: application/x-ndjson" in told


@given(st.lists(st.binary(max_size=6)), st.data())
@pytest.mark.filterwarnings("ignore")
def test_lines_are_the_same_however_they_are_cut(parts: list[bytes], data: st.DataObject) -> None:
    lines = [part.replace(b"\n", b"") for part in parts]
    whole = b"\n".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    edges = [0, *cuts, len(whole)]

    async def chunks() -> AsyncIterator[bytes]:
        for start, end in pairwise(edges):
            yield whole[start:end]

    async def read() -> list[tuple[int, bytes | None]]:
        return [one async for one in numbered_lines(chunks(), max_line_bytes=4)]

    wanted = [
        (number, line if len(line) <= 4 else None)
        for number, line in enumerate(lines, 1)
        if line.strip() or len(line) > 4
    ]
    assert asyncio.run(read()) == wanted


def test_a_body_that_trickles_in_is_given_up() -> None:
    async def trickle(sizes: list[int], pause: float) -> AsyncIterator[bytes]:
        for size in sizes:
            yield b"x" * size
            await asyncio.sleep(pause)

    async def read(sizes: list[int], pause: float) -> int:
        chunks = trickle(sizes, pause)
        return sum([len(one) async for one in enforce_min_rate(chunks, 0.05, min_rate=1000.0)])

    assert asyncio.run(read([100] * 10, 0.001)) == 1000
    assert asyncio.run(read([100] * 3, 0.1)) == 300, "slow, and not too slow"
    with pytest.raises(ProblemError, match="1,000 a second are expected"):
        asyncio.run(read([1] * 100, 0.01))
    with pytest.raises(ProblemError, match="2 bytes came"):
        asyncio.run(read([2, 1], 60.0))


def test_others_need_not_wait_for_it(trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "slow"))
    with (folder / "foretaste.toml").open("a") as file:
        file.write("[serve]\nbody_seconds = 0.2\n")
    with serving(folder) as client:
        host, port = str(client.base_url.host), client.base_url.port
        with socket.create_connection((host, port or 0), 60) as slow:
            head = (
                "POST /v1/items.jsonl HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            )
            slow.sendall(
                f'{head}Content-Type: application/x-ndjson\r\n\r\n5\r\n{{"id"\r\n'.encode()
            )
            assert client.post("/v1/recommend", json={"user": "p1"}).is_success
            told = b"".join(iter(lambda: slow.recv(65_536), b""))
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"5 bytes came in" in told
