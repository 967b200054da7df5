"""A writer that does not go on, and a database that stands still, under a real service: lists and
`/readyz` answer all the while, what is not stored is told with 503, and it recovers by itself.
"""

import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from foretaste.behaviour import engine
from foretaste.behaviour.engine import ADVISORY_LOCK_ID
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.patience import Patience
from foretaste.online import outage, work_thread
from foretaste.serve.http import lanes
from foretaste.serve.http.keys import create_key
from serve.conftest import checked
from serve.workspace import serving, until


def event(name: str) -> dict[str, Any]:
    return {"event_id": name, "user": "p1", "item": "space-1", "kind": "click"}


def send(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/v1/events", json={"events": [event(name)]})


def lists(client: httpx.Client) -> list[httpx.Response]:
    """One of each kind."""
    return [
        client.post("/v1/recommend", json={"user": "p1", "n": 3}),
        client.post("/v1/search", json={"query": "rocket", "n": 3}),
        client.get("/v1/trending"),
        client.get("/v1/items/space-1"),
        client.get("/readyz"),
        client.get("/metrics"),
    ]


@contextmanager
def locked(store: SqlStore) -> Iterator[None]:
    """Another process has begun to write, and does not go on."""
    if store.url.drivername == "sqlite":
        with closing(sqlite3.connect(str(store.url.database), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    other_engine = sa.create_engine(store.url)
    with other_engine.connect() as connection:
        taken = f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK_ID}, hashtext(current_schema()))"
        connection.execute(sa.text(taken))
        yield
    other_engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, workspace: Path) -> Iterator[tuple[Path, SqlStore]]:
    """A workspace, and its store in either database."""
    database: str | Path = workspace / STORE_FILE
    if request.param == "postgresql":
        database = request.getfixturevalue("empty_postgres")
        with SqlStore(database) as store:
            store.fill_from(workspace / STORE_FILE)
        with (workspace / "foretaste.toml").open("a") as file:
            file.write(f'[behaviour]\ndatabase = "{database}"\n')
    with SqlStore(database) as store:
        yield workspace, store


def test_while_sixty_calls_wait_to_write_lists_go_on(
    shop: tuple[Path, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would wait for ever; so whatever is answered meanwhile has not waited for them."""
    monkeypatch.setattr(lanes, "REQUEST", Patience(lock=3600.0, answer=60.0))
    monkeypatch.setattr(lanes, "WRITE_WAIT_SECONDS", 3600.0)
    folder, store = shop
    _, secret = create_key(store.keys, "front", ["admin"], now=1.0)
    with serving(folder) as client, ThreadPoolExecutor(60) as pool:
        client.headers["Authorization"] = f"Bearer {secret}"
        with locked(store):
            waiting = [pool.submit(send, client, f"e{n}") for n in range(60)]
            until(_is_being_written, "somebody's turn to write")
            for _ in range(3):
                for answer in lists(client):
                    assert answer.status_code == 200, answer.text
            assert not any(call.done() for call in waiting)
        assert [call.result().json()["accepted"] for call in waiting] == [1] * 60


def _is_being_written() -> bool:
    return any(turns._lock.locked() for turns in list(engine._writer_turns.values()))


def test_what_cannot_be_written_is_told_in_time(
    shop: tuple[Path, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "REQUEST", Patience(lock=0.05, answer=60.0))
    folder, store = shop
    changes = {"changes": [{"what": {"theme": "space"}, "mute": True}]}
    with serving(folder) as client:
        with locked(store):
            for answer in (
                send(client, "e1"),
                client.post("/v1/items", json={"items": [{"id": "new"}]}),
                client.post("/v1/identify", json={"session": "s", "user": "p1"}),
                client.patch("/v1/users/p1/profile", json=changes),
                client.delete("/v1/users/p1"),
            ):
                assert "writing" in checked(answer, "unavailable")
                assert int(answer.headers["retry-after"]) > 0
            assert client.get("/readyz").json()["status"] == "ready"
        assert send(client, "e1").json()["accepted"] == 1


# A database that stands still ---------------------------------------------------------------------


class Proxy:
    """Between a client and the socket of a PostgreSQL server; it can stand still."""

    def __init__(self, target: str) -> None:
        self._target, self._open = target, threading.Event()
        self._open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Pass nothing on, and close nothing."""
        self._open.clear()

    def thaw(self) -> None:
        """Go on."""
        self._open.set()

    def close(self) -> None:
        """Take no more connections."""
        self.thaw()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65_536):
                self._open.wait()
                target.sendall(data)


@pytest.fixture
def proxy(empty_postgres: str) -> Iterator[Proxy]:
    folder = str(sa.make_url(empty_postgres).query["host"])
    one = Proxy(f"{folder}/.s.PGSQL.5432")
    yield one
    one.close()


def test_a_database_that_stands_still(
    workspace: Path, empty_postgres: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is closed and nothing comes: to the system it is a server that thinks."""
    short = Patience(lock=0.5, answer=0.5)
    for module, name in (
        (lanes, "REQUEST"),
        (lanes, "LIST"),
        (work_thread, "LIST"),
        (outage, "LIST"),
    ):
        monkeypatch.setattr(module, name, short)
    with SqlStore(empty_postgres) as store:
        store.fill_from(workspace / STORE_FILE)
    url = sa.make_url(empty_postgres).set(host="127.0.0.1", port=proxy.port, query={})
    with (workspace / "foretaste.toml").open("a") as file:
        file.write(f'[behaviour]\ndatabase = "{url.render_as_string(hide_password=False)}"\n')
    with serving(workspace) as client, ThreadPoolExecutor(50) as pool:
        until(lambda: _degraded(client) is None, "a whole list")
        proxy.freeze()
        sent = [pool.submit(send, client, f"e{n}") for n in range(50)]
        assert _degraded(client) == "memory"
        assert client.get("/readyz").json()["status"] == "degraded"
        for call in sent:
            checked(call.result(), "unavailable")
        proxy.thaw()
        until(lambda: client.get("/readyz").json()["status"] == "ready", "the database is back")
        for n in range(50):
            assert send(client, f"e{n}").is_success
        until(lambda: _degraded(client) is None, "a whole list again")
    with SqlStore(empty_postgres) as store:
        ids = [one.event_id for _, one in store.events()]
        assert len(ids) == len(set(ids))
        assert {f"e{n}" for n in range(50)} <= set(ids)


def _degraded(client: httpx.Client) -> str | None:
    """What a list is degraded to."""
    answer = client.post("/v1/recommend", json={"user": "p1"})
    assert answer.status_code == 200, answer.text
    degraded: dict[str, str] = answer.json().get("degraded") or {}
    return degraded.get("to")
