"""A full disk, a disk that may only be read, a damaged cache and model, a database that is away:
each is told, nothing that was acknowledged is lost, and the service recovers by itself.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.config.load import load_config
from foretaste.loop import Foretaste
from serve.conftest import checked
from serve.workspace import DEADLINE, items, serving, until, until_ready

from .conftest import Disk
from .nursery import Nursery

MUTED_PART = "2"
MUTED = {item.id for item in items() if item.attributes["part"] == (MUTED_PART,)}
GONE: dict[str, dict[str, Any]] = {
    "space-2": {"hidden": True},
    "space-3": {"available_until": "2020-01-01"},
    "kitchen-1": {"available_from": "2090-01-01"},
}
"""Items that may not be shown, and why."""


def event(name: str, **more: object) -> dict[str, Any]:
    return {"event_id": name, "user": "u", "item": "space-1", "kind": "click", **more}


def send(client: httpx.Client, *names: str, **more: object) -> httpx.Response:
    return client.post("/v1/events", json={"events": [event(name, **more) for name in names]})


def test_a_full_disk(nursery: Nursery, disk: Disk, workspace: Path) -> None:
    place = disk("12m")
    folder = Path(shutil.copytree(workspace, place / "shop"))
    (place / "other").write_bytes(bytes(4_000_000))
    long = {"kind": "review", "text": "x" * 2000}
    acknowledged = []
    with (
        nursery.start(folder, "serve", "--port", "0") as service,
        httpx.Client(base_url=service.address, timeout=DEADLINE) as client,
    ):
        until_ready(client)
        for number in range(10_000):
            names = [f"f{number}-{n}" for n in range(80)]
            answer = send(client, *names, **long)
            if not answer.is_success:
                break
            acknowledged += names
        assert answer.status_code == 503
        told = checked(answer, "unavailable")
        assert "disk is full; make room; nothing of this batch was stored" in told
        assert answer.headers["retry-after"]
        assert client.post("/v1/recommend", json={"user": "p1"}).is_success, "lists go on"
        with nursery.start(folder, "train") as training:
            training.wait()
            assert "error: " in training.log
        hidden = {path.name for path in (folder / "models").glob(".*")}
        assert hidden <= {".changing.lock"}
        assert client.post("/v1/recommend", json={"user": "p1"}).is_success
        (place / "other").unlink()  # makes room
        answer = send(client, *names, **long)
        assert answer.json().get("accepted") == 80, answer.text
    with SqlStore(folder / STORE_FILE) as store:
        stored = [found.event_id for _, found in store.events()]
    assert set(acknowledged) | set(names) <= set(stored)
    assert len(stored) == len(set(stored))


def test_a_disk_that_may_only_be_read(nursery: Nursery, bound: Callable[[str], Path]) -> None:
    folder = bound("ro")
    with (
        nursery.start(folder, "serve", "--port", "0") as service,
        httpx.Client(base_url=service.address, timeout=DEADLINE) as client,
    ):
        until(lambda: "being loaded" not in client.get("/readyz").text, "told")
        assert "may be written to" in checked(client.get("/readyz"), "not-ready")
        assert "the store does not answer" in checked(send(client, "ro"), "unavailable")
        assert client.get("/healthz").is_success
        bound("rw")
        until_ready(client)
        assert send(client, "rw").json()["accepted"] == 1


def test_a_database_that_goes_and_comes_back(
    nursery: Nursery, workspace: Path, postgres: Any, empty_postgres: str
) -> None:
    with SqlStore(empty_postgres) as store:
        store.fill_from(workspace / STORE_FILE)
    with (workspace / "foretaste.toml").open("a") as file:
        file.write(f'[behaviour]\ndatabase = "{empty_postgres}"\n')
    with (
        nursery.start(workspace, "serve", "--port", "0") as service,
        httpx.Client(base_url=service.address, timeout=DEADLINE) as client,
    ):
        until_ready(client)
        assert send(client, "before").json()["accepted"] == 1
        for item, change in GONE.items():
            assert client.patch(f"/v1/items/{item}", json=change).is_success
        hidden = send(client, "hidden", user="p1", kind="hide", item="space-4")
        assert hidden.json()["accepted"] == 1
        mute = {"changes": [{"what": {"part": MUTED_PART}, "mute": True}]}
        assert client.patch("/v1/users/p1/profile", json=mute).is_success
        whole = {"user": "p1", "n": 24}
        before = client.post("/v1/recommend", json=whole).json()
        assert "degraded" not in before
        postgres.stop()
        try:
            refused = send(client, "away")
            assert refused.status_code == 503, "not acknowledged: it would not be durable"
            assert "is PostgreSQL running" in checked(refused, "unavailable")
            assert refused.headers["retry-after"]
            _lists_go_on(client, before["model_version"])
            served = client.post("/v1/recommend", json=whole).json()
            told = client.get("/readyz").json()
            assert told["status"] == "degraded"
            assert "is PostgreSQL running" in told["reason"]
            assert client.get("/healthz").is_success
            with nursery.start(workspace, "serve", "--port", "0") as second:
                other = httpx.get(f"{second.address}/readyz")
                assert "is PostgreSQL running" in checked(other, "not-ready"), "it knows nothing"
        finally:
            postgres.ensure_postgres_running()
        until(lambda: client.get("/readyz").json()["status"] == "ready", "back")
        click = {"recommendation_id": served["recommendation_id"], "item": served["items"][0]["id"]}
        assert send(client, "click", **click).json()["unattributed"] == [], "kept until it was back"
        assert client.post("/v1/recommend", json=whole).json().keys() == before.keys()
        assert send(client, "before", "away").json() | {"event_ids": []} == {
            "accepted": 1,
            "duplicates": 1,
            "known": 1,
            "rejected": [],
            "event_ids": [],
            "unattributed": [],
            "conflicts": [],
            "unrecorded": [],
        }
        assert client.post("/v1/recommend", json={"user": "p1"}).is_success


def _lists_go_on(client: httpx.Client, version: str) -> None:
    """Every kind of list, from memory, and nothing in it that was not on offer."""
    asked: dict[str, dict[str, Any]] = {
        "recommend": {"user": "p1", "n": 24},
        "search": {"query": "rocket", "user": "p1", "n": 24},
        "similar": {"items": ["space-1"], "n": 24},
        "rank": {"candidates": ["space-2", "space-3", "space-4", "space-6"], "user": "p1"},
    }
    for name, body in asked.items():
        answer = client.post(f"/v1/{name}", json=body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["model_version"] == version
        assert told["degraded"]["fallback_level"] == "memory"
        assert "the store cannot be reached" in told["degraded"]["reason"]
        ids = [item["id"] for item in told["items"]]
        assert ids
        assert not GONE.keys() & set(ids), "hidden, and not on offer, as last known"
        if "user" in body:
            assert "space-4" not in ids, "the person hid it"
            assert not MUTED & set(ids)
        if name in ("search", "similar"):
            assert ids[0].startswith("space")
    trending = client.get("/v1/trending").json()
    assert trending["items"]
    assert trending["degraded"]["fallback_level"] == "memory"
    unknown = client.post("/v1/similar", json={"items": ["new"]})
    assert "is PostgreSQL running" in checked(unknown, "unavailable"), "it may be there"


def test_a_damaged_cache_is_made_again(workspace: Path) -> None:
    path = workspace / "cache" / "vectors.sqlite"
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    path.write_bytes(b"damaged" * 1000)
    checkpoints = workspace / "cache" / "checkpoints"
    checkpoints.mkdir(exist_ok=True)
    (checkpoints / "sequence-0.safetensors").write_bytes(b"damaged")
    with serving(workspace) as client:
        found = client.post("/v1/recommend", json={"query": "the moon", "n": 3})
        assert len(found.json()["items"]) == 3
    assert path.read_bytes()[:6] == b"SQLite"


def test_a_damaged_model_leaves_the_one_before(workspace: Path) -> None:
    with closing(Foretaste.open(workspace)) as loop:
        first = loop.models.live_name()
        second = loop.train().name
    (workspace / "models" / second / "sequence.safetensors").write_bytes(b"damaged")
    with serving(workspace) as client:
        answer = client.post("/v1/recommend", json={"user": "p1"}).json()
        assert answer["model_version"] == first
        told = client.get("/readyz").json()["model"]
        assert told["version"] == first
        assert f"model {second}: sequence.safetensors is damaged" in told["instead"]
        assert 'foretaste_model_instead{tenant="default"} 1.0' in client.get("/metrics").text


@pytest.mark.parametrize("back", [3600.0, 40 * 365 * 86_400.0])
def test_a_clock_that_steps_back(workspace: Path, back: float) -> None:
    now = [1_750_000_000.0]
    with closing(Foretaste(workspace, load_config(workspace, {}), clock=lambda: now[0])) as loop:
        before = loop.models.live_name()
        page = loop.recommend("p1", n=3)
        loop.trending("7d")
        now[0] -= back
        version = loop.train().name
        assert loop.models.live_name() == version, "older by its date, and live"
        answer = loop.recommend("p1", n=3)
        assert answer.model_version == version
        following = loop.recommend(n=3, next_page_of=page.recommendation_id)
        assert not {one.id for one in following} & {one.id for one in page}
        loop.trending("7d")
        loop.models.prune(0)
        assert loop.models.live_name() == version
        assert loop.models.rollback() == before
