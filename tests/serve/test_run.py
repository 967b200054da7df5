import asyncio
import logging
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import uvicorn

from faults.nursery import Nursery
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.config.load import load_config
from foretaste.domain.data import Item
from foretaste.errors import SettingsError
from foretaste.loop import Foretaste
from foretaste.serve.http.keys import Keyring, create_key
from foretaste.serve.run import (
    MAX_OPEN_FILES,
    _raise_file_limit,
    check_host,
    check_port,
    say_idle_cores,
    serve,
    warn_of_keys,
)
from foretaste.serve.service import CLOSING, Service
from foretaste_client import AsyncClient, Client

from .workspace import DEADLINE, until


def check(host: str, folder: Path, *, insecure: bool = False) -> None:
    check_host(host, folder, load_config(folder), insecure=insecure)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_this_machine_alone_is_fine(host: str, tmp_path: Path) -> None:
    check(host, tmp_path)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.org", "2130706433"])
def test_others_are_kept_out_unless_there_is_a_key_or_that_is_wanted(
    host: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"foretaste keys create.*--insecure"):
        check(host, tmp_path)
    check(host, tmp_path, insecure=True)
    with SqlStore(tmp_path / STORE_FILE) as store:
        with pytest.raises(SettingsError, match="keys create"):
            check(host, tmp_path)
        create_key(store.keys, "shop", ["read"], now=0.0)
    check(host, tmp_path)


def test_keys_that_name_any_user_as_before_are_named_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_keys(tmp_path, load_config(tmp_path))
    assert list(tmp_path.iterdir()) == []
    with SqlStore(tmp_path / STORE_FILE) as store:
        made = {
            name: create_key(store.keys, name, scopes, user_access=user_access, now=0.0)[0]
            for name, scopes, user_access in (
                ("page", ["read", "events"], None),
                ("server", ["events"], "open"),
                ("operator", ["admin"], None),
                ("old reader", ["read"], None),
                ("old page", ["read", "events"], None),
                ("old and ended", ["events"], None),
            )
        }
        with store._engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE api_keys SET user_access = NULL, signing_secret = NULL WHERE name LIKE 'o%'"
            )
        store.keys.end_key(made["old and ended"].id, revoked=1.0)
        ring = Keyring(lambda: store.keys)
        assert ring.signing_secret(made["old page"].id, "default") is None

    warn_of_keys(tmp_path, load_config(tmp_path))

    (line,) = caplog.messages
    assert f"key {made['old page'].id} (old page) names any user without proof" in line
    assert "--user-access signed" in line


@pytest.mark.parametrize(("workers", "cores", "lines"), [(1, 4, 1), (2, 4, 0), (1, 1, 0)])
def test_it_says_how_to_use_every_core(
    workers: int, cores: int, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    say_idle_cores(workers, cores)
    assert [f"--workers {cores}" in message for message in caplog.messages] == [True] * lines


def test_nothing_is_opened_where_the_host_or_the_settings_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="other machines"):
        serve(tmp_path, host="0.0.0.0")
    (tmp_path / "foretaste.toml").write_text("[rank]\nnn = 1\n")
    with pytest.raises(SettingsError, match="did you mean 'n'"):
        serve(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["foretaste.toml"]


def test_as_many_connections_as_the_system_allows() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        _raise_file_limit()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert hard == before[1]
        assert soft == (
            MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port of this machine on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_in_use_is_one_line(nursery: Nursery, copied: Path, taken_port: int) -> None:
    with nursery.start(copied, "serve", "--port", str(taken_port)) as command:
        assert command.wait() == 2
        assert command.log == (
            f"error: port {taken_port} of 127.0.0.1 is in use by another process; stop that one, "
            "or choose another port with --port\n"
        )


def test_a_port_is_looked_at_and_left_free(taken_port: int) -> None:
    with pytest.raises(SettingsError, match="is in use"):
        check_port("127.0.0.1", taken_port)
    with pytest.raises(SettingsError, match=r"of '192\.0\.2\.1' cannot be listened on"):
        check_port("192.0.2.1", 8000)  # of no machine, by RFC 5737
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    check_port("127.0.0.1", free)
    check_port("127.0.0.1", free)
    check_port("localhost", 0)


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_it_ends_in_time_whatever_is_under_way(
    nursery: Nursery, copied: Path, workers: str
) -> None:
    """A file of the model that nobody can read to its end stands for all that takes too long."""
    (model,) = (copied / "models").glob("*/popularity.safetensors")
    model.unlink()
    os.mkfifo(model)
    with nursery.start(copied, "serve", "--port", "0", "--workers", workers) as command:
        transport = httpx.HTTPTransport(retries=10)  # the port is there before its processes are
        with httpx.Client(base_url=command.address, transport=transport) as client:
            until(lambda: client.get("/healthz").is_success, "alive")
            assert client.get("/readyz").status_code == 503
        assert command.end(signal.SIGTERM) in (0, -signal.SIGTERM)


def test_a_process_that_does_not_end_is_ended() -> None:
    program = (
        "import signal; from foretaste.serve import run; run.STOP_SECONDS = 0.1;"
        "signal.signal(signal.SIGTERM, lambda *_: None); run._limit_stop(); print('begun');"
        "[signal.pause() for _ in iter(int, 1)]"
    )
    command = [sys.executable, "-uc", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        assert b"stopped after 0 s; what was under way" in process.stderr.read()


def vectors_in(workspace: Path) -> int:
    """How many texts were read."""
    with closing(sqlite3.connect(workspace / "cache" / "vectors.sqlite")) as file:
        count: int = file.execute("SELECT count(*) FROM vectors").fetchone()[0]
        return count


def test_what_is_read_for_the_first_answer_is_broken_off(copied: Path) -> None:
    loop = Foretaste.open(copied)
    loop.store.put_items([Item("late", "A title that nobody has read before")])
    loop.close()
    read = vectors_in(copied)
    service = Service(copied)
    service.stop()
    service.start()
    service.close()
    assert service.not_ready_reason() == CLOSING
    assert vectors_in(copied) == read


def test_several_processes_may_take_long_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not answer the supervisor for five seconds, uvicorn's default, is started again: on
    a busy machine none of them ever comes to listening.
    """
    configs: list[uvicorn.Config] = []

    def run(app: str, **options: object) -> None:
        configs.append(uvicorn.Config(app, **options))  # type: ignore[arg-type]

    monkeypatch.setattr(uvicorn, "run", run)
    environment = dict(os.environ)
    serve(tmp_path, port=0, workers=4)
    assert dict(os.environ) == environment, "later processes are not sent to a folder that is gone"
    assert configs[0].workers == 4
    assert configs[0].timeout_worker_healthcheck >= 60


def test_a_connection_stays_open_for_longer_than_those_who_ask_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sends a request just as the service closes the connection has no answer to it."""
    configs: list[uvicorn.Config] = []
    monkeypatch.setattr(
        uvicorn, "run", lambda app, **options: configs.append(uvicorn.Config(app, **options))
    )
    serve(tmp_path, port=0, workers=2)

    async def idle_seconds() -> list[float]:
        """Of both clients and of aiohttp, as they are made."""
        connector = aiohttp.TCPConnector()
        await connector.close()
        seconds = [float(connector._keepalive_timeout or 0)]
        async with AsyncClient("http://shop.example") as asynchronous:
            with Client("http://shop.example") as synchronous:
                for client in (asynchronous, synchronous):
                    transport: Any = client._http._transport
                    seconds.append(transport._pool._keepalive_expiry)
        return seconds

    nginx = 60.0
    assert configs[0].timeout_keep_alive > max(nginx, *asyncio.run(idle_seconds()))
