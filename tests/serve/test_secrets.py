"""No key and no password in a log, in an error or on the disk, however a server is misused."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from faults.nursery import Child, Nursery
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.http.keys import create_key, revoke_key

from .workspace import DEADLINE, until, until_ready


@contextmanager
def server(nursery: Nursery, folder: Path, *options: str) -> Iterator[Child]:
    """The command in a process of its own, which is ended in an orderly way."""
    with nursery.start(folder, "serve", "--port", "0", *options) as running:
        assert running.address
        yield running
        running.end(signal.SIGTERM)


@pytest.fixture
def secrets(copied: Path) -> dict[str, str]:
    with SqlStore(copied / STORE_FILE) as store:
        found = {
            "admin": create_key(store.keys, "a", ["admin"], now=0.0)[1],
            "read": create_key(store.keys, "b", ["read"], now=0.0)[1],
            "expired": create_key(store.keys, "c", ["read"], days=1, now=0.0)[1],
            "other": create_key(store.keys, "d", ["read"], tenant="gone", now=0.0)[1],
        }
        key, found["revoked"] = create_key(store.keys, "e", ["read"], now=0.0)
        revoke_key(store.keys, key.id, now=1.0)
    return found


def test_no_secret_is_told(nursery: Nursery, copied: Path, secrets: dict[str, str]) -> None:
    told: list[str] = []
    with (
        server(nursery, copied, "--log-format", "json") as service,
        httpx.Client(base_url=service.address, timeout=DEADLINE) as client,
    ):
        until_ready(client)
        for secret in [*secrets.values(), secrets["admin"][:-1], "password-in-the-wrong-place"]:
            ways: list[dict[str, str]] = [
                {"Authorization": f"Bearer {secret}"},
                {"Authorization": f"Basic {secret}"},
                {"X-API-Key": secret},
                {"X-API-Key": f"{secret} {secret}"},
                {"X-Request-ID": secret} if secret.startswith("ft_") else {},
                {},
            ]
            for headers in ways:
                for method, path in (
                    ("POST", "/v1/recommend"),
                    ("POST", "/v1/items"),
                    ("GET", f"/v1/recommend?key={secret}"),
                    ("GET", f"/{secret}"),
                    ("GET", "/readyz"),
                ):
                    answer = client.request(method, path, headers=headers, content=b"{")
                    told.append(json.dumps(dict(answer.headers)) + answer.text)
        good = {"Authorization": f"Bearer {secrets['read']}", "X-Request-ID": "mine-1"}
        answer = client.post("/v1/recommend", json={"n": 1}, headers=good)
        assert answer.headers["x-request-id"] == "mine-1"
    lines = service.log.splitlines()
    _check_lines(lines, secrets["read"].split("_")[1], answer.json()["model_version"])
    logged = service.log
    assert '"status": 401' in logged
    assert '"status": 403' in logged
    for secret in secrets.values():
        random = secret.split("_", 2)[2]
        assert random not in logged
        # an address that was typed with the key in it comes back to whoever typed it, and only so
        assert [one for one in told if random in one and "no such address" not in one] == []
        for file in copied.rglob("*"):
            assert not file.is_file() or random.encode() not in file.read_bytes(), file
    assert "password-in-the-wrong-place" not in logged


def _check_lines(lines: list[str], key: str, version: str) -> None:
    """Each is JSON, and a request's says what became of it."""
    read = [json.loads(line) for line in lines]
    assert all({"time", "level", "logger"} <= line.keys() for line in read)
    mine = next(line for line in read if line.get("request_id") == "mine-1")
    assert (mine["tenant"], mine["key"]) == ("default", key)
    assert (mine["method"], mine["path"], mine["status"]) == ("POST", "/v1/recommend", 200)
    assert mine["model_version"] == version
    assert mine["ms"] > 0
    assert "Finished server process" in lines[-1], "it stops in an orderly way"


def test_the_password_of_a_database_is_not_told(nursery: Nursery, tmp_path: Path) -> None:
    url = "postgresql://ann:hunter2@127.0.0.1:1/db"
    (tmp_path / "foretaste.toml").write_text(f'[behaviour]\ndatabase = "{url}"\n')
    with (
        server(nursery, tmp_path) as service,
        httpx.Client(base_url=service.address, timeout=DEADLINE) as client,
    ):
        answers = [
            client.get("/readyz"),
            client.post("/v1/recommend", json={}),
            client.post("/v1/events", json={"events": [{"user": "u", "item": "i"}]}),
        ]
    assert {answer.status_code for answer in answers} == {503}
    for text in [*(answer.text for answer in answers), service.log]:
        assert "hunter2" not in text


def _listens(client: httpx.Client) -> bool:
    try:
        client.get("/healthz")
    except httpx.ConnectError:
        return False
    return True


@pytest.mark.slow
def test_several_workers_answer_and_stop(
    nursery: Nursery, copied: Path, secrets: dict[str, str]
) -> None:
    seen = set()
    with server(nursery, copied, "--workers", "2", "--log-format", "json") as service:
        address = service.address
        for number in range(200):
            with httpx.Client(base_url=address, timeout=DEADLINE) as client:
                if number == 0:  # the address is told before the first worker listens
                    until(lambda: _listens(client), "listening")
                    until_ready(client)
                headers = {"X-API-Key": secrets["read"]}
                answer = client.post("/v1/recommend", json={"n": 1}, headers=headers)
                assert answer.status_code in (200, 503)
                seen.add(answer.status_code)
        with httpx.Client(base_url=address, timeout=DEADLINE) as client:
            told = [client.get("/metrics").text for _ in range(8)]
    counted = re.compile(r'request_seconds_count.*/v1/recommend",status="200"} (\d+)')
    counts = [int(float(found[1])) for text in told if (found := counted.search(text))]
    assert counts == [counts[0]] * 8, "the same whichever worker is asked"
    assert 200 in seen
    lines = service.log.splitlines()
    started = [line for line in lines if "Started server process" in line]
    assert len(started) == 2
    assert sum("Finished server process" in line for line in lines) == 2
