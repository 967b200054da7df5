"""Ids with whatever is in them, in every address that has one: those of the OpenAPI document and
those of Gorse.
"""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from foretaste.serve.http.encoded_path import SLASH_MARK
from foretaste_client import AsyncClient, Client

from .workspace import serving, until

ODD_IDS = [
    "a/b",
    "/",
    "/a/",
    "a//b",
    "a%2Fb",
    "100%",
    "%2e%2e",
    "a?b=c&d",
    "a#b",
    ".",
    "..",
    "../../etc/passwd",
    "x/export",
    "x/profile",
    "export",
    "a b+c;d:e,f=g",
    "ada@shop.example",
    "back\\slash",
    "'\"<b>{user}*",
    "日本語/テスト",
    "ع/ب🙂",
    "x" * 512,
    "é/" * 256,
]
PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGM8ISfHgA0wYRUdtBIA0MoBFD5jqJkAAAAASUVORK5CYII="
)
"""Eight times eight red pixels."""
Headers = dict[str, str]


def encoded(name: str) -> str:
    """As docs/clients.md says."""
    return quote(f" {name}" if name in (".", "..") else name, safe="")


@pytest.fixture(scope="module")
def client(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service where each of these ids is an item, a user with attributes and a session."""
    folder = tmp_path_factory.mktemp("odd") / "workspace"
    shutil.copytree(trained, folder)
    with serving(folder) as http:
        items = [{"id": name, "title": f"Odd {n}"} for n, name in enumerate(ODD_IDS)]
        users = [{"id": name, "number": str(n)} for n, name in enumerate(ODD_IDS)]
        clicks = [{"event_type": "click", "item": name} for name in ODD_IDS]
        events = [{**click, "user": click["item"]} for click in clicks]
        events += [{**click, "session": click["item"]} for click in clicks]
        for collection, rows in (("items", items), ("users", users), ("events", events)):
            answer = http.post(f"/v1/{collection}", json={collection: rows})
            assert answer.json()["accepted"] == len(rows), answer.text
        yield http


@pytest.fixture(scope="module")
def routes_with_ids(client: httpx.Client) -> set[str]:
    """Not those of placements, keys and imports, which have names and numbers of ours."""
    paths = client.get("/openapi.json").json()["paths"]
    return {
        f"{verb.upper()} {path}"
        for path in paths
        if any(f"{{{parameter}}}" in path for parameter in ("item", "user", "id"))
        for verb in paths[path]
    }


@pytest.mark.parametrize("name", ODD_IDS, ids=range(len(ODD_IDS)))
def test_the_addresses_of_the_document(
    client: httpx.Client, routes_with_ids: set[str], name: str
) -> None:
    number, path = ODD_IDS.index(name), encoded(name)
    tried = set[str]()

    def ask(verb: str, address: str, parameter: str, body: Any = None) -> Any:
        tried.add(f"{verb} {address.replace('ID', '{' + parameter + '}')}")
        answer = client.request(verb, address.replace("ID", path), json=body)
        assert answer.status_code == 200, f"{address}: {answer.text}"
        return answer.json()

    assert ask("GET", "/v1/items/ID", "item")["title"] == f"Odd {number}"
    assert ask("PATCH", "/v1/items/ID", "item", {"maker": "Ada"})["id"] == name
    assert ask("GET", "/v1/items/ID/page", "item")["item"]["id"] == name
    client.patch(f"/v1/items/{path}", json={"image": PICTURE}).raise_for_status()
    assert ask("GET", "/v1/items/ID/aspects", "item") == {"item": name, "aspects": []}
    assert client.get(f"/v1/items/{path}/image").headers["content-type"] == "image/jpeg"
    tried.add("GET /v1/items/{item}/image")
    assert ask("GET", "/v1/catalogue/ID", "item")["item"]["id"] == name
    assert ask("GET", "/v1/people/ID", "user")["user"] == name
    assert ask("GET", "/v1/users/ID", "user") == {"id": name, "number": [str(number)]}
    assert ask("PATCH", "/v1/users/ID", "user", {"age": 3})["id"] == name
    export = ask("GET", "/v1/users/ID/export", "user")
    assert [event["item"] for event in export["events"]] == [name]
    changes = {"changes": [{"filter": {"maker": "Ada"}, "nats": 1}]}
    for owner in ("users", "sessions"):
        assert len(ask("PATCH", f"/v1/{owner}/ID/profile", "id", changes)["changes"]) == 1
        assert len(ask("GET", f"/v1/{owner}/ID/profile", "id")["changes"]) == 1
        ask("PATCH", f"/v1/{owner}/ID/consent", "id", {"share": False})
        assert ask("GET", f"/v1/{owner}/ID/consent", "id")["statements"] == {"share": False}
    copied = f"{name[:500]}/copy"
    client.post("/v1/items", json={"items": [{"id": copied}]}).raise_for_status()
    client.post("/v1/users", json={"users": [{"id": copied, "x": "1"}]}).raise_for_status()
    path = encoded(copied)
    assert ask("DELETE", "/v1/items/ID", "item") == {"deleted": True}
    assert ask("DELETE", "/v1/users/ID", "user")["erased"]["attributes"] == 1
    assert tried == routes_with_ids


@pytest.mark.parametrize("name", ODD_IDS, ids=range(len(ODD_IDS)))
def test_the_addresses_of_gorse(client: httpx.Client, name: str) -> None:
    path = encoded(name)

    def ask(verb: str, address: str, body: Any = None) -> Any:
        answer = client.request(verb, f"/api/{address}", json=body)
        assert answer.status_code == 200, f"{address}: {answer.text}"
        return answer.json()

    assert ask("GET", f"item/{path}")["ItemId"] == name
    assert ask("PATCH", f"item/{path}", {"Labels": {"made": "x"}}) == {"RowAffected": 1}
    assert ask("PUT", f"item/{path}/category/a%2Fb%3F") == {"RowAffected": 1}
    assert ask("GET", f"item/{path}")["Categories"] == ["a/b?"]
    assert ask("GET", f"recommend/{path}?n=1")
    assert ask("GET", f"item/{path}/neighbors/a%2Fb%3F?n=1") is not None
    assert ask("GET", f"item-to-item/any/{path}?n=1")
    assert ask("DELETE", f"item/{path}/category/a%2Fb%3F") == {"RowAffected": 1}
    assert ask("GET", f"user/{path}")["UserId"] == name
    assert ask("PATCH", f"user/{path}", {"Comment": "x"}) == {"RowAffected": 1}
    for address in (
        f"user/{path}/feedback",
        f"user/{path}/feedback/click",
        f"item/{path}/feedback",
        f"item/{path}/feedback/click",
        f"feedback/{path}/{path}",
    ):
        (row,) = ask("GET", address)
        assert (row["UserId"], row["ItemId"]) == (name, name), address
    assert ask("GET", f"feedback/click/{path}/{path}")["UserId"] == name
    ask("POST", "feedback", [{"FeedbackType": "like", "UserId": "x/y", "ItemId": name}])
    assert ask("DELETE", f"feedback/like/x%2Fy/{path}") == {"RowAffected": 1}
    copied = f"{name[:500]}/gorse"
    ask("POST", "item", {"ItemId": copied})
    ask("POST", "user", {"UserId": copied})
    assert ask("DELETE", f"item/{encoded(copied)}") == {"RowAffected": 1}
    assert ask("DELETE", f"user/{encoded(copied)}") == {"RowAffected": 1}


@pytest.mark.parametrize("name", ODD_IDS, ids=range(len(ODD_IDS)))
def test_the_clients_for_python(client: httpx.Client, name: str) -> None:
    copied = f"{name[:500]}/client" if len(name) > 2 else name
    with Client(str(client.base_url), timeout=60) as shop:
        shop.put_items([{"id": copied, "title": "Odd"}])
        assert shop.item(copied)["title"] == "Odd"
        assert shop.change_item(copied, {"title": "New"})["id"] == copied
        shop.put_users([{"id": copied, "age": 3}])
        assert shop.change_user(copied, {"age": 4})["age"] == ["4"]
        assert shop.user(copied)["id"] == copied
        assert shop.export(copied)["user"]["id"] == copied

    async def ask() -> str:
        async with AsyncClient(str(client.base_url), timeout=60) as shop:
            return str((await shop.user(copied))["id"])

    assert asyncio.run(ask()) == copied
    with Client(str(client.base_url), timeout=60) as shop:
        if copied != name:
            assert shop.delete_item(copied)
            assert shop.erase(copied).erased["attributes"] == 1


def test_an_id_with_plain_slashes_is_still_read(client: httpx.Client) -> None:
    client.post("/v1/users", json={"users": [{"id": "plain/one", "x": "1"}]}).raise_for_status()
    assert client.get("/v1/users/plain/one").json()["id"] == "plain/one"
    assert client.get("/v1/users/plain/one/export").json()["user"]["id"] == "plain/one"


def test_categories_of_gorse(client: httpx.Client) -> None:
    client.put("/api/item/a%2Fb/category/x%2Fy%3F").raise_for_status()
    listed = "/api/recommend/nobody/x%2Fy%3F?n=5"
    until(lambda: client.get(listed).json() == ["a/b"], "changed items are read")
    assert [row["Id"] for row in client.get("/api/popular/x%2Fy%3F").json()] == ["a/b"]
    assert client.post("/api/session/recommend/x%2Fy%3F", json=[]).json()[0]["Id"] == "a/b"
    assert client.get("/api/latest/x%2Fy%3F").json() == []


@pytest.mark.parametrize(
    "path", ["/v1/users/%00", f"/api/user/a{quote(SLASH_MARK)}b", "/v1/items/%20"]
)
def test_what_is_no_id_is_refused(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 422


def test_an_unknown_address_is_told_as_it_was_sent(client: httpx.Client) -> None:
    answer = client.get("/v1/nothing/a%2Fb")
    assert answer.status_code == 404
    assert "/v1/nothing/a%2Fb" in answer.json()["detail"]
