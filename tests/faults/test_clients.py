"""Clients that are slow, that never read, and very many of them: none keeps others from answers."""

import asyncio
import json
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serve.workspace import DEADLINE, until_ready

from .nursery import Nursery

MANY = 1000


@pytest.fixture
def address(nursery: Nursery, workspace: Path) -> Iterator[tuple[str, int]]:
    text = (workspace / "foretaste.toml").read_text()
    (workspace / "foretaste.toml").write_text(f"{text}[serve]\nbody_seconds = 1.0\n")
    with nursery.start(workspace, "serve", "--port", "0") as service:
        host, port = service.address.removeprefix("http://").split(":")
        with httpx.Client(base_url=service.address, timeout=DEADLINE) as client:
            until_ready(client)
        yield host, int(port)


def request(method: str, path: str, body: object = None, *, length: int | None = None) -> bytes:
    sent = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {length or len(sent)}\r\n\r\n".encode() + sent


def answered(address: tuple[str, int]) -> None:
    """Somebody else gets a list."""
    url = f"http://{address[0]}:{address[1]}/v1/recommend"
    assert httpx.post(url, json={"user": "p1", "n": 3}, timeout=DEADLINE).is_success


def test_clients_that_send_slowly(address: tuple[str, int]) -> None:
    slow = [socket.create_connection(address, DEADLINE) for _ in range(60)]
    began = time.monotonic()
    for one in slow:  # more of them than the server has threads
        one.sendall(request("POST", "/v1/events", length=100_000) + b'{"events": [')
    half = [socket.create_connection(address, DEADLINE) for _ in range(20)]
    for one in half:
        one.sendall(b"POST /v1/events HTT")
    answered(address)
    for one in slow:
        told = b"".join(iter(lambda: one.recv(65_536), b""))  # noqa: B023
        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"12 bytes of the body came in 1 s and it was not whole; send it again" in told
        one.close()
    assert time.monotonic() - began > 1
    answered(address)
    for one in half:
        one.close()


def test_clients_that_never_read(address: tuple[str, int]) -> None:
    ask = request("POST", "/v1/recommend", {"user": "p1", "n": 1000, "explain": True})
    deaf = []
    for _ in range(30):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        one.connect(address)
        one.sendall(ask * 20)  # far more answers than what lies between can hold
        deaf.append(one)
    answered(address)
    for one in deaf:
        one.close()
    answered(address)


def test_a_thousand_connections_at_once(address: tuple[str, int]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * MANY:
        pytest.skip(f"no more than {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * MANY), hard))
    sent = [
        request("POST", "/v1/recommend", {"user": f"p{n % 40}", "n": 3})
        if n % 10 == 0
        else request("GET", "/healthz")
        for n in range(MANY)
    ]

    async def all_at_once() -> list[bytes]:
        opened = await asyncio.gather(*(asyncio.open_connection(*address) for _ in range(MANY)))
        for (_, writer), ask in zip(opened, sent, strict=True):
            writer.write(ask)
        told = await asyncio.gather(*(reader.readline() for reader, _ in opened))
        for _, writer in opened:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for _, w in opened), return_exceptions=True)
        return told

    told = asyncio.run(asyncio.wait_for(all_at_once(), 2 * DEADLINE))
    assert set(told) == {b"HTTP/1.1 200 OK\r\n"}
    answered(address)
