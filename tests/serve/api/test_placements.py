"""Placements over HTTP: put, used, refused, undone; who and when are kept."""

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.serve.http.keys import create_key

from ..workspace import serving


def put(client: httpx.Client, name: str, **placement: Any) -> dict[str, Any]:
    answer = client.put(f"/v1/placements/{name}", json=placement)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def ranked(client: httpx.Client, path: str = "/v1/recommend", **body: Any) -> list[str]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_a_call_that_names_one_has_what_it_says(client: httpx.Client) -> None:
    told = put(client, "cart", n=3, filter={"theme": "kitchen"}, description="beside the cart")
    assert told["source"] == "stored"
    assert told["at"] > 1e9
    assert told["placement"]["description"] == "beside the cart"
    for path, body in (
        ("/v1/recommend", {"user": "p1"}),
        ("/v1/similar", {"item": "space-1"}),
        ("/v1/search", {"query": "rocket"}),
        ("/v1/bought-together", {"item": "kitchen-3"}),
    ):
        items = ranked(client, path, placement="cart", **body)
        assert 0 < len(items) <= 3
        assert all(item.startswith("kitchen") for item in items), path
    ordered = ranked(client, "/v1/rank", candidates=["space-1", "kitchen-1"], placement="cart")
    assert ordered == ["kitchen-1"]
    trending = client.get("/v1/trending", params={"placement": "cart"}).json()["items"]
    assert len(trending) == 3
    facets = client.post("/v1/facets", json={"placement": "cart"}).json()
    filtered = client.post("/v1/facets", json={"filter": {"theme": "kitchen"}}).json()
    assert facets["items"] == filtered["items"] >= 12
    assert len(ranked(client, placement="cart", n=5)) == 5, "the caller wins"
    assert ranked(client, placement="cart", filter={"theme": "space"}) == [], "both hold"
    page = client.get("/v1/items/space-2/page", params={"placement": "cart", "n": 2}).json()
    assert {shelf["placement"] for shelf in page["shelves"]} == {"cart"}


def test_a_change_holds_at_once_and_can_be_undone(client: httpx.Client) -> None:
    put(client, "strip", n=2)
    assert len(ranked(client, placement="strip")) == 2
    put(client, "strip", n=4)
    assert len(ranked(client, placement="strip")) == 4
    undone = client.post("/v1/placements/strip/undo").json()
    assert undone["placement"]["placement"] == {"n": 2}
    assert not undone["deleted"]
    assert len(ranked(client, placement="strip")) == 2
    assert client.delete("/v1/placements/strip").json() == {"deleted": True}
    assert client.get("/v1/placements/strip").status_code == 404
    changes = client.get("/v1/placements/strip/changes").json()["changes"]
    assert [change["placement"] for change in changes] == [None, {"n": 2}, {"n": 4}, {"n": 2}]
    assert client.post("/v1/placements/strip/undo").json()["placement"]["placement"] == {"n": 2}
    assert client.post("/v1/placements/never/undo").status_code == 404
    assert client.delete("/v1/placements/never").json() == {"deleted": False}


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("home", {"nn": 1}, "placement: unknown field 'nn'; did you mean 'n'"),
        ("home", {"n": 0}, "placement: n: it should be greater than or equal to 1 (sent: 0)"),
        ("home", {"filter": {"thme": "x"}}, "placement: filter: unknown attribute 'thme'"),
        ("home", {"rules": [{"boost": {"thme": 1}, "by": 2}]}, "placement: rules: unknown"),
        ("home", {"rules": [{"boots": {}}]}, "rules.0: none of the rules"),
        ("home", {"fill_up": ["everything"]}, "placement: fill_up"),
        ("Home", {"n": 1}, "placement: 'Home' is no name"),
        ("a%20b", {"n": 1}, "is no name"),
    ],
)
def test_a_bad_one_is_refused_and_told(
    client: httpx.Client, name: str, body: dict[str, Any], problem: str
) -> None:
    answer = client.put(f"/v1/placements/{name}", json=body)
    assert answer.status_code == 422, answer.text
    assert problem in answer.json()["detail"]


def test_one_that_is_not_there_is_told(client: httpx.Client) -> None:
    put(client, "frontpage", n=2)
    answer = client.post("/v1/recommend", json={"placement": "frontpge"})
    assert answer.status_code == 422
    assert "nothing is called 'frontpge'; did you mean 'frontpage'" in answer.json()["detail"]
    mixed = client.post("/v1/page", json={"shelves": [{"placement": "nope"}, {"kind": "popular"}]})
    assert [left["code"] for left in mixed.json()["left_out"]] == ["failed"]


def test_it_needs_an_admin_and_keeps_who_it_was(trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "workspace"))
    with (folder / "foretaste.toml").open("a") as settings:
        settings.write("[placements.email]\nn = 6\n")
    with SqlStore(folder / "behaviour.db", folder) as store:
        _, admin = create_key(store.keys, "ann", ["admin"], now=1.0)
        _, reader = create_key(store.keys, "page", ["read"], now=1.0)
    with serving(folder) as client:
        denied = client.put("/v1/placements/email", json={"n": 1}, headers={"X-API-Key": reader})
        assert denied.status_code == 403
        client.headers["X-API-Key"] = admin
        before = client.get("/v1/placements").json()["placements"]
        assert [(own["name"], own["source"], own["by"]) for own in before] == [
            ("email", "settings", None)
        ]
        told = put(client, "email", n=1)
        assert (told["by"], told["overrides_settings"]) == ("ann", True)
        undone = client.post("/v1/placements/email/undo").json()
        assert undone["deleted"], "what was put is gone"
        assert undone["placement"]["source"] == "settings"
