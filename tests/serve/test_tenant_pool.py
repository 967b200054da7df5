"""Tenants: a request of one sees and changes nothing of another, whatever it asks."""

import asyncio
import json
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.keys import ApiKey
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Event, Item, User
from foretaste.errors import InputError, StoreError
from foretaste.loop import Foretaste
from foretaste.serve import tenant_pool
from foretaste.serve.app import route_scopes
from foretaste.serve.http.access import AccessMiddleware
from foretaste.serve.http.keys import create_key
from foretaste.serve.http.limits import RateLimiter
from foretaste.serve.service import Service
from foretaste.serve.tenant_pool import TenantPool
from foretaste.workspace.tenants import create_tenant

from .workspace import serving, until_ready

MARK = "zanzibar"
"""A word in everything that the tenant acme has, and in nothing else."""


@dataclass
class Shops:
    """A root and a tenant, served together."""

    root: Path
    acme: Path
    client: httpx.Client
    keys: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def shops(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    root = tmp_path_factory.mktemp("tenants") / "root"
    shutil.copytree(trained, root)
    acme = create_tenant(root, "acme")
    acme.joinpath(STORE_FILE).unlink()
    shutil.copytree(trained, acme, dirs_exist_ok=True)
    with SqlStore(acme / STORE_FILE) as store:
        marked = Item(f"{MARK}-1", title=f"The {MARK}", texts={"overview": MARK})
        store.put_items([marked])
        store.put_users([User(f"{MARK}-user", {"theme": (MARK,)})])
        store.add_events(
            [
                Event("m-1", "click", 1.7e9, user="p1", item=f"{MARK}-1"),
                Event("m-2", "search", 1.7e9, user="p1", query=MARK),
                Event("m-3", "click", 1.7e9, user=f"{MARK}-user", item=f"{MARK}-1"),
            ]
        )
    with SqlStore(root / STORE_FILE) as store:
        headers = {
            name: {"X-API-Key": create_key(store.keys, name, ["admin"], tenant=name, now=0.0)[1]}
            for name in ("default", "acme")
        }
    with serving(root) as client:
        _until_answered(client, headers["acme"])
        yield Shops(root, acme, client, headers)


def _until_answered(client: httpx.Client, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=client.base_url, headers=headers, timeout=60) as other:
        until_ready(other)


def filled(path: str) -> str:
    """An address with the names of what acme has."""
    for part, value in (
        ("{item_id}", f"{MARK}-1"),
        ("{user_id}", f"{MARK}-user"),
        ("{item}", f"{MARK}-1"),
        ("{user}", f"{MARK}-user"),
    ):
        path = path.replace(part, value)
    return path


def everything(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every call there is, asking for what acme has."""
    bodies = [
        {"user": "p1", "n": 100, "explain": True},
        {"user": f"{MARK}-user", "n": 100},
        {"query": MARK, "n": 100},
        {"item": f"{MARK}-1"},
        {"items": [f"{MARK}-1"]},
        {"tenant": "acme"},
        {"session": MARK, "user": f"{MARK}-user"},
    ]
    for path, methods in document["paths"].items():
        for method in methods:
            if method in ("get", "delete"):
                yield method, filled(path), None
                yield method, f"{filled(path)}?tenant=acme&user=p1", None
            else:
                for body in bodies:
                    yield method, filled(path), body


def strings_in(content: Any) -> Iterator[str]:
    """All texts of an answer."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list | dict):
        for part in content.values() if isinstance(content, dict) else content:
            yield from strings_in(part)


def kept(folder: Path) -> str:
    """All that a store holds."""
    with SqlStore(folder / STORE_FILE) as store:
        return repr((list(store.events()), list(store.items()), list(store.users())))


def test_no_call_of_one_tenant_tells_of_another(shops: Shops) -> None:
    document = shops.client.get("/openapi.json").json()
    before = kept(shops.acme)
    seen = set()
    spoof = {"X-Tenant": "acme", "X-Forwarded-Host": "acme"}
    for method, path, body in everything(document):
        answer = shops.client.request(
            method, path, json=body, headers=shops.keys["default"] | spoof
        )
        seen.add(path.partition("?")[0])
        told = answer.text
        echo = f'"user":"{MARK}-user",' if method == "delete" else ""
        for part in (json.dumps(body) if body else "", path, echo):
            told = told.replace(part, "")
        if answer.is_success and path == "/v1/generate":  # its words say what was asked for
            words = ("title", "description")
            rest = {name: part for name, part in answer.json().items() if name not in words}
            told = json.dumps(rest)
        if answer.is_success and "/export" in path:  # it was asked here about the same user
            events = {event["event_id"] for event in answer.json()["events"]}
            assert not {"m-1", "m-2", "m-3"} & events
        elif answer.is_success and path.startswith("/v1/people"):
            # a person of that name is here too by now, as the calls before were about them
            assert not {f"The {MARK}", "m-1", "m-2", "m-3"} & set(strings_in(answer.json()))
        elif answer.is_success:
            assert MARK not in told, (method, path, body, answer.text)
    assert kept(shops.acme) == before
    assert "/v1/recommend" in seen
    shops.client.get("/v1/users/p1/export", headers=shops.keys["default"])


def test_the_tenant_itself_is_told(shops: Shops) -> None:
    """So that the test above can fail: the same calls with acme's key do tell."""
    body = {"query": MARK, "n": 100}
    answer = shops.client.post("/v1/recommend", json=body, headers=shops.keys["acme"])
    assert MARK in answer.text
    history = shops.client.get("/v1/users/p1/export", headers=shops.keys["acme"])
    assert MARK in history.text
    history = shops.client.get("/v1/users/p1/export", headers=shops.keys["default"])
    assert history.json()
    assert MARK not in history.text


def test_what_one_tenant_records_is_not_the_others(shops: Shops) -> None:
    before = kept(shops.root)
    event = {"event_id": "same", "user": "p1", "item": f"{MARK}-1", "kind": "purchase"}
    for key, status in (("acme", 200), ("default", 422)):
        answer = shops.client.post("/v1/events", json={"events": [event]}, headers=shops.keys[key])
        assert answer.status_code == status, answer.text
    assert kept(shops.root) == before, "acme's event went to acme, and root knows no such item"
    mine = {"event_id": "same", "user": "p1", "item": "space-1", "kind": "view"}
    answer = shops.client.post("/v1/events", json={"events": [mine]}, headers=shops.keys["default"])
    assert answer.json()["accepted"] == 1, "ids of events are each tenant's own"


def test_a_talk_of_one_tenant_is_neither_read_nor_continued_by_another(shops: Shops) -> None:
    """Whoever has its id, and names the same person."""

    def said(key: str, **body: object) -> httpx.Response:
        body = {"user": "p1", **body}
        return shops.client.post("/v1/chat", json=body, headers=shops.keys[key])

    begun = said("acme", text=f"stories about {MARK}").json()
    name = {"conversation_id": begun["conversation_id"]}
    for body in ({"text": "show more"}, {"text": "why the first?"}, {"state": {"n": 3}}):
        answer = said("default", **name, **body)
        assert answer.status_code == 422
        assert "there is no conversation" in answer.json()["detail"]
        assert MARK not in answer.text
    after = said("acme", **name, text="show more").json()
    assert after["state"]["query"] == begun["state"]["query"] == MARK
    assert len(after["state"]["turns"]) == 4, "nothing was said in between"


def test_tenants_share_the_weights_of_the_encoder(shops: Shops) -> None:
    one, other = Foretaste.open(shops.root), Foretaste.open(shops.acme)
    assert one.encoder._encoder is other.encoder._encoder  # type: ignore[attr-defined]
    one.close()
    other.close()


def test_a_tenant_that_is_given_the_roots_store_gets_nothing(tmp_path: Path) -> None:
    """Whatever is written into the settings afterwards."""
    folder = create_tenant(tmp_path, "acme")
    shared = f'[behaviour]\ndatabase = "sqlite:///{tmp_path}/{STORE_FILE}"\n'
    (folder / "foretaste.toml").write_text(shared)
    root = Service(tmp_path)
    assert root.workspace.store.meta_text("tenant") == "default"
    found = Service(folder, tenant="acme")
    with pytest.raises(StoreError, match="of tenant 'acme' belongs to tenant 'default'"):
        _ = found.workspace
    root.close()
    found.close()


class SlowService:
    """Stands in for a service; closing it ends when it is let, or after `PATIENCE` seconds."""

    PATIENCE = 2.0

    def __init__(self, folder: Path, **_: object) -> None:
        self.name = folder.name
        self.let, self.closed = threading.Event(), threading.Event()

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None:
        self.let.wait(self.PATIENCE)
        self.closed.set()


class KeyOfTenant:
    """Stands in for a keyring; a key is the name of its tenant."""

    def is_cached(self, _: str | None) -> bool:
        return True

    def is_key_required(self) -> bool:
        return True

    def find_key(self, secret: str) -> ApiKey:
        return ApiKey(secret, "", secret, secret, ("admin",), created=0.0)


class Door:
    """`Access` before an application in which each request stays until its tenant may leave."""

    def __init__(self, root: Path, *, most: int) -> None:
        self.services: dict[str, SlowService] = {}
        self.leave: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.inside: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.tenants = TenantPool(root, max_open=most)
        self._access = AccessMiddleware(
            self._answered,
            tenants=self.tenants,
            keys=KeyOfTenant(),  # type: ignore[arg-type]
            limits=RateLimiter(0, 1),
            scopes=route_scopes(),
        )

    async def _answered(self, scope: Any, _: object, __: object) -> None:
        service = scope["foretaste.service"]
        self.services[service.name] = service
        self.inside[service.name].set()
        await self.leave[service.name].wait()
        assert not service.closed.is_set(), "closed under a request that uses it"

    async def ask(self, tenant: str) -> None:
        """A request with the tenant's key."""
        headers = [(b"x-api-key", tenant.encode())]
        scope = {"type": "http", "method": "GET", "path": "/v1/items", "headers": headers}
        await self._access(scope, None, None)  # type: ignore[arg-type]

    async def answered(self, tenant: str) -> None:
        """A request that stays no longer than it must."""
        self.leave[tenant].set()
        await self.ask(tenant)


async def longest_lag(lags: list[float]) -> None:
    """How late the event loop calls back, again and again until it is called off."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await asyncio.sleep(0.005)
        lags.append(loop.time() - began - 0.005)


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with the tenants a, b and c, whose services are slow to close."""
    for name in ("a", "b", "c"):
        create_tenant(tmp_path, name)
    monkeypatch.setattr(tenant_pool, "Service", SlowService)
    return tmp_path


def test_a_service_that_is_slow_to_close_does_not_stop_the_event_loop(three: Path) -> None:
    async def asked() -> float:
        door, lags = Door(three, most=1), list[float]()
        measuring = asyncio.create_task(longest_lag(lags))
        await door.answered("a")
        await door.answered("b")  # a is closed for it
        first = door.services["a"]
        await door.answered("b")
        assert not first.closed.is_set(), "nobody waits for it"
        assert door.tenants.open_names() == {"default", "b"}
        first.let.set()
        assert await asyncio.to_thread(first.closed.wait, 10)
        while not lags:
            await asyncio.sleep(0.005)
        measuring.cancel()
        return max(lags)

    assert asyncio.run(asked()) < SlowService.PATIENCE / 4


def test_a_service_is_closed_when_its_last_request_is_answered(three: Path) -> None:
    async def asked() -> None:
        door = Door(three, most=1)
        under_way = [asyncio.create_task(door.ask("a")) for _ in range(2)]
        await door.inside["a"].wait()
        first = door.services["a"]
        first.let.set()
        await door.answered("b")
        await door.answered("c")
        assert not first.closed.is_set()
        assert door.tenants.open_names() == {"default", "a"}, "what nobody uses goes first"
        with door.tenants.lend_all() as services:  # somebody scrapes the metrics meanwhile
            door.leave["a"].set()
            await asyncio.gather(*under_way)
            await door.answered("b")
            assert services["a"].name == first.name  # type: ignore[attr-defined]
            assert not first.closed.is_set()
        await door.answered("c")
        assert await asyncio.to_thread(first.closed.wait, 10)

    asyncio.run(asked())


def test_those_not_asked_for_longest_are_closed(three: Path) -> None:
    async def asked() -> None:
        door = Door(three, most=2)
        for name in ("a", "b", "a", "c"):
            await door.answered(name)
        assert door.tenants.open_names() == {"default", "a", "c"}
        with pytest.raises(InputError, match="'nobody' of this key is not there"):
            async with door.tenants.lend("nobody"):
                raise AssertionError
        for service in (door.tenants.root, *door.services.values()):
            service.let.set()  # type: ignore[attr-defined]
        await asyncio.to_thread(door.tenants.close)
        assert all(service.closed.is_set() for service in door.services.values())

    asyncio.run(asked())


def test_a_service_that_is_closed_is_not_opened_again(tmp_path: Path) -> None:
    service = Service(tmp_path)
    _ = service.workspace
    service.close()
    with pytest.raises(StoreError, match="is being closed; ask again"):
        _ = service.workspace
