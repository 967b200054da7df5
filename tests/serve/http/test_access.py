"""Who may ask: without a key, with a wrong one, with one that may not, with one asking too often.

One server, whose keys are made before it starts.
"""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from starlette.datastructures import Headers

from foretaste.behaviour.opening import open_store
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.app import route_scopes
from foretaste.serve.http.access import sent_secret
from foretaste.serve.http.keys import create_key, revoke_key
from foretaste.serve.http.security import declared_scopes
from foretaste.serve.http.user_access import USER_TOKEN_HEADER
from foretaste_client import sign_user_token

from ..conftest import checked
from ..workspace import SETTINGS, serving

EVENT = {"user": "u", "item": "space-1", "kind": "click"}
RATED = "[serve]\nrequests_per_second = 0.01\nburst = 15\ncors_origins = ['https://shop.example']\n"
Keys = dict[str, str]


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access") / "workspace"
    shutil.copytree(trained, folder)
    (folder / "foretaste.toml").write_text(SETTINGS + RATED)
    return folder


@pytest.fixture(scope="module")
def secrets(folder: Path) -> Keys:
    with SqlStore(folder / STORE_FILE) as store:
        made = {
            "admin": create_key(store.keys, "admin", ["admin"], now=0.0)[1],
            "read": create_key(store.keys, "read", ["read"], now=0.0)[1],
            "events": create_key(store.keys, "events", ["events"], user_access="open", now=0.0)[1],
            "metrics": create_key(store.keys, "metrics", ["metrics"], now=0.0)[1],
            "busy": create_key(store.keys, "busy", ["read"], now=0.0)[1],
            "expired": create_key(store.keys, "expired", ["admin"], days=1, now=0.0)[1],
            "lost": create_key(store.keys, "lost", ["admin"], tenant="nowhere", now=0.0)[1],
        }
        page, made["page"] = create_key(store.keys, "page", ["read"], user_access="signed", now=0.0)
        made["of the page"] = page.signing_secret or ""
        key, made["revoked"] = create_key(store.keys, "revoked", ["admin"], now=0.0)
        revoke_key(store.keys, key.id, now=1.0)
    return made


@pytest.fixture(scope="module")
def guarded(folder: Path, secrets: Keys) -> Iterator[httpx.Client]:
    with serving(folder) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_health_and_the_page_need_no_key(guarded: httpx.Client) -> None:
    for path in ("/healthz", "/readyz", "/", "/openapi.json"):
        assert guarded.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/recommend"),
        ("POST", "/v1/events"),
        ("GET", "/v1/sample-users"),
        ("GET", "/nowhere"),
        ("DELETE", "/v1/recommend"),
    ],
)
def test_everything_else_does(guarded: httpx.Client, method: str, path: str) -> None:
    answer = guarded.request(method, path)
    assert answer.status_code == 401
    assert checked(answer, "no-key").startswith("no key was sent; send a key as Authorization")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("which", ["expired", "revoked"])
def test_a_key_that_is_not_good(guarded: httpx.Client, secrets: Keys, which: str) -> None:
    answer = guarded.post("/v1/recommend", json={}, headers=bearer(secrets[which]))
    assert answer.status_code == 401
    assert checked(answer, "no-key").startswith("this key is wrong, expired or revoked; ")


def test_either_header_will_do(guarded: httpx.Client, secrets: Keys) -> None:
    for headers in (bearer(secrets["read"]), {"X-API-Key": secrets["read"]}):
        assert guarded.post("/v1/recommend", json={"n": 1}, headers=headers).is_success


def test_a_scope_opens_what_it_says_and_no_more(guarded: httpx.Client, secrets: Keys) -> None:
    calls: list[tuple[str, str, object]] = [
        ("POST", "/v1/recommend", {"n": 1}),
        ("POST", "/v1/events", {"events": [EVENT]}),
        ("POST", "/v1/items", {"items": [{"id": "space-1", "title": "Another"}]}),
        ("GET", "/v1/sample-users", None),
        ("GET", "/metrics", None),
    ]
    opens = {"read": [0], "events": [1], "metrics": [4], "admin": [0, 1, 2, 3, 4]}
    for which, own in opens.items():
        for place, (method, path, body) in enumerate(calls):
            answer = guarded.request(method, path, json=body, headers=bearer(secrets[which]))
            assert answer.status_code == (200 if place in own else 403), (which, path)
            if place not in own:
                told = checked(answer, "forbidden")
                assert f"has the scope {which} and this needs" in told


def test_the_shop_s_word_for_a_user_is_read_from_its_header(
    guarded: httpx.Client, secrets: Keys
) -> None:
    body, headers = {"user": "u1", "n": 1}, bearer(secrets["page"])
    assert guarded.post("/v1/recommend", json=body, headers=headers).status_code == 403
    token = sign_user_token("u1", secrets["of the page"])
    proven = guarded.post("/v1/recommend", json=body, headers=headers | {USER_TOKEN_HEADER: token})
    assert proven.status_code == 200


def test_a_key_of_a_tenant_that_is_gone(guarded: httpx.Client, secrets: Keys) -> None:
    answer = guarded.post("/v1/recommend", json={}, headers=bearer(secrets["lost"]))
    assert answer.status_code == 403
    assert "'nowhere' of this key is not there" in checked(answer, "forbidden")


def test_readiness_with_a_key_is_that_of_its_tenant(guarded: httpx.Client, secrets: Keys) -> None:
    assert guarded.get("/readyz", headers=bearer(secrets["admin"])).status_code == 200
    assert guarded.get("/readyz", headers=bearer(secrets["lost"])).status_code == 403


def test_a_key_that_asks_too_often(guarded: httpx.Client, secrets: Keys) -> None:
    headers = bearer(secrets["busy"])
    statuses = [guarded.get("/v1/items/nothing", headers=headers).status_code for _ in range(15)]
    assert 429 not in statuses
    answer = guarded.post("/v1/recommend", json={"n": 1}, headers=headers)
    assert answer.status_code == 429
    seconds = int(answer.headers["retry-after"])
    assert 0 < seconds <= 100
    assert (
        f"asks too often (serve.requests_per_second and serve.burst); ask again in {seconds} s"
        in checked(answer, "too-many")
    )
    others = guarded.post("/v1/recommend", json={"n": 1}, headers=bearer(secrets["admin"]))
    assert others.status_code == 200


def test_a_page_elsewhere_may_call_only_where_the_settings_say_so(
    guarded: httpx.Client, client: httpx.Client
) -> None:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = guarded.options("/v1/recommend", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    refused = guarded.options("/v1/recommend", headers=asked | {"Origin": "https://evil.example"})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    told = guarded.post("/v1/recommend", headers={"Origin": "https://shop.example"})
    assert told.status_code == 401, "the page can read why"
    assert told.headers["access-control-allow-origin"] == "https://shop.example"
    closed = client.options("/v1/recommend", headers=asked)
    assert "access-control-allow-origin" not in closed.headers


def test_every_answer_has_the_headers_that_keep_browsers_from_mischief(
    guarded: httpx.Client,
) -> None:
    for path in ("/healthz", "/v1/items", "/nowhere"):
        headers = guarded.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
    assert "script-src" in guarded.get("/").headers["content-security-policy"]


def test_guessing_is_slowed_down(
    folder: Path, secrets: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(folder) as client, caplog.at_level(logging.INFO, "foretaste"):
        statuses = []
        for number in range(25):
            guess = bearer(f"ft_{number:012x}_{'A' * 43}")
            statuses.append(client.post("/v1/recommend", json={}, headers=guess).status_code)
        assert set(statuses) == {401, 429}
        assert statuses[:20] == [401] * 20
        good = client.post("/v1/recommend", json={"n": 1}, headers=bearer(secrets["admin"]))
        assert good.status_code == 200, "who has a key is not kept out by those who guess"
    assert "A" * 43 not in caplog.text


@pytest.mark.parametrize("lost", ["emptied", "gone", "table"])
def test_a_service_that_lost_its_keys_lets_nobody_in(copied: Path, lost: str) -> None:
    with open_store(BehaviourSettings(), copied) as store:
        secret = create_key(store.keys, "admin", ["admin"], now=0.0)[1]
    path = copied / STORE_FILE
    if lost == "table":
        with SqlStore(path) as store, store._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM api_keys")
    else:
        for file in copied.glob(f"{STORE_FILE}*"):
            file.unlink()
        if lost == "emptied":
            path.touch()
    with serving(copied, ready=False) as client:
        for headers in ({}, bearer(secret)):
            for method, address in (("GET", "/v1/users/p1"), ("POST", "/v1/events")):
                answer = client.request(method, address, json={"events": [EVENT]}, headers=headers)
                assert answer.status_code == (401 if lost == "table" else 503), answer.text
        assert client.get("/metrics").status_code == 200, "what this machine may see"


def test_without_keys_nobody_is_asked(client: httpx.Client) -> None:
    assert client.post("/v1/recommend", json={"n": 1}).status_code == 200
    assert client.post("/v1/recommend", json={"n": 1}, headers=bearer("x")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("HEAD", "/healthz", ()),
        ("POST", "/healthz", ("admin",)),
        ("POST", "/v1/recommend/", ("admin",)),
        ("POST", "/v1/chat", ("read", "events")),
        ("PATCH", "/v1/users/u/profile", ("read", "events")),
        ("GET", "/v1/items/a", ("read",)),
        ("GET", "/v1/items/a/b", ("read",)),  # an id may hold a slash
        ("DELETE", "/v1/items/a", ("admin",)),
        ("GET", "/v1/items.jsonl", ("read",)),
        ("POST", "/v1/items.jsonl", ("admin",)),
        ("GET", "/v1/users.jsonl", ("admin",)),
        ("PATCH", "/v1/items/a", ("admin",)),
        ("GET", "/v1/users/a", ("admin",)),
        ("GET", "/metrics", ("metrics",)),
        ("POST", "/v1/identify", ("events",)),
        ("GET", "/v1/something-new", ("admin",)),
    ],
)
def test_what_an_address_needs(method: str, path: str, scopes: tuple[str, ...]) -> None:
    request = {"type": "http", "method": method, "path": path, "root_path": ""}
    assert route_scopes().required_scopes(request) == scopes


def test_the_document_names_the_scopes_of_every_address(guarded: httpx.Client) -> None:
    document = guarded.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "key"}
    for path, methods in document["paths"].items():
        names = {"item": "a", "user": "u", "id": "u", "name": "n", "key": "k", "receipt_id": "r"}
        address = path.format(**names, number=1)
        for method, operation in methods.items():
            request = {"type": "http", "method": method.upper(), "path": address, "root_path": ""}
            needed = list(route_scopes().required_scopes(request))
            ways = [{"bearer": needed}, {"key": needed}] if needed else []
            assert operation.get("security", []) == ways, (method, path)
    open_paths = {
        path
        for path, methods in document["paths"].items()
        if any("security" not in operation for operation in methods.values())
    }
    assert open_paths == {"/healthz", "/readyz"}


def test_a_route_without_a_declaration_is_closed() -> None:
    async def forgotten() -> None:
        """Declares nothing."""

    router = APIRouter()
    router.add_api_route("/forgotten", forgotten)
    assert declared_scopes(router.routes[0]) == ("admin",)


def test_where_a_key_is_looked_for() -> None:
    assert sent_secret(Headers({"authorization": "bearer  k "})) == "k"
    assert sent_secret(Headers({"authorization": "Basic k"})) is None
    assert sent_secret(Headers({"authorization": "Basic k", "x-api-key": "a"})) == "a"
    assert sent_secret(Headers({"authorization": "Bearer"})) is None
    assert sent_secret(Headers({})) is None
