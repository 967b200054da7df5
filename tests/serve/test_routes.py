"""Every route, with every scope, about every owner: none of them can be forgotten, see `routes`."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.app import ROUTERS
from foretaste.serve.http.keys import create_key
from foretaste.workspace.tenants import create_tenant

from .routes import ROUTES, Route
from .workspace import SETTINGS, serving

NO_LIMIT = "[serve]\nrate = 0\n"
SECRET_WORDS = "zanzibar at midnight"
"""What a person said, which no other may be told."""
PAGE_RULES = ("signed", "session")
"""What keys of pages may be: each has the scopes of a page."""
SCOPES_BY_KEY = {
    "nobody": (),
    "read": ("read",),
    "events": ("events",),
    "both": ("read", "events"),
    "admin": ("admin",),
}
Headers = dict[str, str]
SIGNING_SECRETS: dict[str, str] = {}
"""Of the keys that were made, by their ids."""


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("routes") / "workspace"
    shutil.copytree(trained, folder)
    (folder / "foretaste.toml").write_text(SETTINGS + NO_LIMIT)
    create_tenant(folder, "acme")
    return folder


def make_keys(folder: Path) -> dict[str, Headers]:
    """The headers of a key of each kind."""
    with SqlStore(folder / STORE_FILE) as store:
        made = {
            name: create_key(store.keys, name, scopes, user_access="open", now=0.0)[1]
            for name, scopes in SCOPES_BY_KEY.items()
            if scopes
        }
        for rule in PAGE_RULES:
            scopes = SCOPES_BY_KEY["both"]
            key, made[rule] = create_key(store.keys, rule, scopes, user_access=rule, now=0.0)
            SIGNING_SECRETS[key.id] = key.signing_secret or "a secret of no key at all, 32 bytes"
        made["acme"] = create_key(store.keys, "acme", ["admin"], tenant="acme", now=0.0)[1]
    return {"nobody": {}} | {name: {"X-API-Key": secret} for name, secret in made.items()}


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, Headers]:
    return make_keys(folder)


@pytest.fixture(scope="module")
def service(folder: Path, keys: dict[str, Headers]) -> Iterator[httpx.Client]:
    with serving(folder) as client:
        yield client


def ask(client: httpx.Client, route: Route, headers: Headers, **names: str) -> httpx.Response:
    """The route's request, about these names. From another machine, as far as one can tell."""
    values = {"user": "nobody", "session": "nowhere", "item": "nothing", **names}
    values |= {"category": "space", "kind": "click", "name": "x"}
    values |= {"version": "0", "path": "base.css", "key": "0" * 12, "number": "7"}
    values |= {"receipt_id": "0" * 32}
    values["id"] = values["session" if "sessions" in route.path else "user"]

    def filled(text: str) -> str:
        return re.sub(r"{(\w+)(?::path)?}", lambda found: values[found[1]], text)

    sent: dict[str, Any] = {}
    if isinstance(route.body, str):
        sent = {"content": route.body, "headers": {"Content-Type": "application/x-ndjson"}}
    elif route.body is not None:
        sent = {"json": json.loads(filled_json(route.body, values)), "headers": {}}
    headers = {**headers, **sent.pop("headers", {}), "X-Forwarded-For": "10.1.2.3"}
    return client.request(
        route.method, filled(route.path) + filled(route.query), headers=headers, **sent
    )


def filled_json(body: Any, values: dict[str, str]) -> str:
    text = json.dumps(body)
    for name in ("user", "session", "item"):
        text = text.replace(f"{{{name}}}", json.dumps(values[name])[1:-1])
    return text


def test_the_table_has_every_route() -> None:
    routes: list[Any] = [route for router in ROUTERS for route in router.routes]
    there = {(method, route.path) for route in routes for method in route.methods}
    assert {(route.method, route.path) for route in ROUTES} == there
    assert len(ROUTES) == len(there)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_key_opens_what_its_scopes_say(
    service: httpx.Client, keys: dict[str, Headers], route: Route
) -> None:
    for name, scopes in SCOPES_BY_KEY.items():
        answer = ask(service, route, keys[name])
        if "admin" in scopes or set(route.scopes) <= set(scopes):
            assert answer.status_code not in (401, 403, 405, 500), (name, answer.text)
        else:
            assert answer.status_code == (403 if scopes else 401), (name, answer.text)


def names_user(route: Route) -> bool:
    """Whether the request of the table names a user, wherever in it."""
    about_user = route.path.startswith(("/v1/users/", "/api/recommend/"))
    return about_user or "{user}" in f"{route.path}{route.query}{json.dumps(route.body)}"


@pytest.mark.parametrize("rule", PAGE_RULES)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_the_key_of_a_page_names_no_user_without_the_shop_s_word(
    service: httpx.Client, keys: dict[str, Headers], route: Route, rule: str
) -> None:
    if "admin" in route.scopes or not route.scopes:
        return
    name = f"{rule}-{ROUTES.index(route)}"
    user, session = f"victim-{name}", f"device-{name}"
    headers = keys[rule]
    secret = SIGNING_SECRETS[headers["X-API-Key"].split("_")[1]]
    word = {"X-User-Token": user_token(headers, user, secret)}
    another_s = {"X-User-Token": user_token(headers, "mallory", secret)}
    forged = {"X-User-Token": user_token(headers, user, "the key itself, or any other 32 bytes")}
    for more in ({}, another_s, forged, word):
        answer = ask(service, route, headers | more, user=user, session=session)
        may = not route.names_user or (rule == "signed" and more is word)
        assert is_refused_for_its_user(answer) is not may, (more, answer.text)
        if not may:
            assert service.get(f"/v1/users/{user}/export", headers=keys["admin"]).status_code == 404
    if route.names_user:
        answer = ask(service, route, keys["both"], user=f"of-{name}", session=f"of-{name}")
        assert not is_refused_for_its_user(answer), "the key of a server"


def is_refused_for_its_user(answer: httpx.Response) -> bool:
    """Whether the user was not proven; nothing else that a key may not do comes in between."""
    assert answer.status_code not in (401, 500), answer.text
    problem = answer.json() if answer.is_client_error else {}
    rejected = problem.get("rejected", [])
    assert answer.status_code != 403 or problem["type"].endswith(":user-token"), answer.text
    return answer.status_code == 403 or any(row["field"] == "user" for row in rejected)


def user_token(headers: Headers, user: str, secret: str) -> str:
    key_id = headers["X-API-Key"].split("_")[1]
    claims = {"sub": user, "exp": int(time.time()) + 60}
    return jwt.encode(claims, secret, "HS256", headers={"kid": key_id})


@pytest.mark.parametrize("page", PAGE_RULES)
def test_a_guessed_event_id_suppresses_nothing(
    service: httpx.Client, keys: dict[str, Headers], page: str
) -> None:
    """Everybody can read the key of a page, and send the id of an order before the order is."""
    order = {"event_id": f"order-7-{page}", "kind": "purchase", "item": "space-1"}

    def send(name: str, **who: str) -> Any:
        sent = service.post("/v1/events", json={"events": [order | who]}, headers=keys[name])
        return sent.json()

    assert send(page, session="of a stranger")["accepted"] == 1
    assert send(page, session="of a visitor")["accepted"] == 1
    again = send(page, session="of a visitor")
    assert (again["duplicates"], again["event_ids"], again["conflicts"]) == (
        1,
        [order["event_id"]],
        [],
    )
    assert send("admin", user="ann")["accepted"] == 1, "not even to a server with ids of its own"
    (conflict,) = send("admin", user="bob")["conflicts"]
    assert (conflict["index"], conflict["fields"]) == (0, ["user"])


def test_the_table_says_which_requests_name_a_user() -> None:
    for route in ROUTES:
        if route.scopes and "admin" not in route.scopes and "/session/" not in route.path:
            assert route.names_user == names_user(route), route.name


def say_something(client: httpx.Client, headers: Headers, session: str) -> str:
    """Leave words everywhere where a session can. → the conversation and the list they are in."""
    search = {"kind": "search", "query": SECRET_WORDS, "session": session}
    sent = client.post("/v1/events", json={"events": [search]}, headers=headers)
    assert sent.json()["accepted"] == 1
    asked = {"session": session, "query": SECRET_WORDS, "n": 2, "context": {"text": SECRET_WORDS}}
    served = client.post("/v1/recommend", json=asked, headers=headers)
    talk = {"session": session, "text": f"bread, {SECRET_WORDS}"}
    assert client.post("/v1/chat", json=talk, headers=headers).is_success
    found: str = served.json()["recommendation_id"]
    return found


@pytest.mark.parametrize("name", ["both", "admin"])
def test_what_was_one_s_on_a_shared_device_is_told_to_no_other(
    service: httpx.Client, keys: dict[str, Headers], name: str
) -> None:
    device, hers, his = f"tv-{name}", f"ann-{name}", f"bob-{name}"
    identify: list[dict[str, str]] = [{"session": device, "user": user} for user in (hers, his)]
    admin = keys["admin"]
    before = say_something(service, admin, device)
    service.post("/v1/identify", json=identify[0], headers=admin)
    during = say_something(service, admin, device)
    service.post("/v1/identify", json=identify[1], headers=admin)

    assert SECRET_WORDS in service.get(f"/v1/users/{hers}/export", headers=admin).text
    for route in ROUTES:
        if route.path != "/api/users" and route.method != "DELETE":
            answer = ask(service, route, keys[name], user=his, session=device)
            assert SECRET_WORDS not in answer.text, route.name
    for page in (before, during):
        refused = service.post("/v1/recommend", json={"next_page_of": page}, headers=admin)
        assert refused.status_code == 422

    assert service.delete(f"/v1/users/{his}", headers=admin).is_success
    kept = service.get(f"/v1/users/{hers}/export", headers=admin).json()
    assert len(kept["recommendations"]) == 4, "the two lists, and those of the two talks"
    assert len(kept["conversations"]) == 2
    assert service.delete(f"/v1/users/{hers}", headers=admin).is_success
    assert service.get(f"/v1/users/{hers}/export", headers=admin).status_code == 404


def test_a_tenant_is_told_nothing_of_another(
    service: httpx.Client, keys: dict[str, Headers]
) -> None:
    admin = keys["admin"]
    say_something(service, admin, "of-the-root")
    service.post("/v1/identify", json={"session": "of-the-root", "user": "root-user"})
    for route in ROUTES:
        if route.scopes:
            answer = ask(
                service,
                route,
                keys["acme"],
                user="root-user",
                session="of-the-root",
                item="space-1",
            )
            assert SECRET_WORDS not in answer.text, route.name
            assert "The rocket and the star" not in answer.text, route.name


def test_errors_name_no_paths_but_to_an_admin(copied: Path) -> None:
    (copied / "foretaste.toml").write_text(SETTINGS + NO_LIMIT)
    keys = make_keys(copied)
    failed, told = set(), set()
    with serving(copied) as service:
        for headers in keys.values():  # they are known when the store fails
            service.get("/v1/items/nothing", headers=headers)
        with SqlStore(copied / STORE_FILE) as store, store._engine.begin() as connection:
            for table in ("events", "items", "users", "steering", "conversations", "meta"):
                connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO lost_{table}")
        for name in SCOPES_BY_KEY:
            for route in ROUTES:
                if route.method == "DELETE" or route.path.endswith(".jsonl"):  # half of it is out
                    continue
                answer = ask(service, route, keys[name], item="space-1")
                names_path = str(copied) in answer.text or STORE_FILE in answer.text
                if name == "admin":
                    told |= {route.name} if names_path else set()
                else:
                    assert not names_path, (route.name, answer.text)
                    failed |= {route.name} if answer.status_code == 503 else set()
    assert failed >= {"POST /v1/events", "POST /v1/chat", "GET /v1/users/{id}/profile"}
    assert told >= {"POST /v1/events", "POST /v1/chat", "GET /v1/items"}, "who runs it must know"
