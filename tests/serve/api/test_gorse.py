"""Gorse's own client against the service: only its URL is another."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Item
from foretaste.serve.http.keys import create_key

from ..workspace import SETTINGS, serving

pygorse = pytest.importorskip("gorse", reason="PyGorse is not installed")

KINDS = "[behaviour.event_weights]\nstar = 1\nread = 0\n"


@pytest.fixture(scope="module")
def served(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(URL, an admin's key)"""
    folder = tmp_path_factory.mktemp("gorse") / "workspace"
    shutil.copytree(trained, folder)
    (folder / "foretaste.toml").write_text(SETTINGS + KINDS)
    with SqlStore(folder / STORE_FILE) as store:
        secret = create_key(store.keys, "gorse", ["admin"], now=0.0)[1]
    with serving(folder) as client:
        yield str(client.base_url), secret


@pytest.fixture
def client(served: tuple[str, str]) -> Any:
    return pygorse.Gorse(*served, timeout=60)


def item(name: str, **more: Any) -> dict[str, Any]:
    return {
        "ItemId": name,
        "IsHidden": False,
        "Categories": ["space"],
        "Timestamp": "2024-02-03T04:05:06Z",
        "Labels": {"theme": ["space"], "maker": "Ada"},
        "Comment": "The comet",
        **more,
    }


def test_items(client: Any) -> None:
    assert client.insert_item(item("g1")) == {"RowAffected": 1}
    found = client.get_item("g1")
    assert found == item("g1", Labels={"theme": ["space"], "maker": ["Ada"]})

    assert client.update_item("g1", is_hidden=True, categories=["a", "b"]) == {"RowAffected": 1}
    changed = client.get_item("g1")
    assert (changed["IsHidden"], changed["Categories"]) == (True, ["a", "b"])
    assert (changed["Comment"], changed["Labels"]) == (found["Comment"], found["Labels"])

    assert client.delete_item("g1") == {"RowAffected": 1}
    with pytest.raises(pygorse.GorseException) as error:
        client.get_item("g1")
    assert error.value.status_code == 404


def test_pages_and_search(client: Any) -> None:
    ids: list[str] = []
    cursor = ""
    while True:
        page, cursor = client.get_items(10, cursor)
        ids += [one["ItemId"] for one in page]
        if not cursor:
            break
    assert {"space-1", "kitchen-1"} <= set(ids)
    assert len(ids) == len(set(ids))
    found = client.search_items("a story about bread in the kitchen", 3)
    assert all(one["ItemId"].startswith("kitchen") for one in found)


def test_users(client: Any) -> None:
    user = {"UserId": "gu", "Labels": {"theme": ["space"]}, "Subscribe": ["a"], "Comment": "c"}
    assert client.insert_user(user) == {"RowAffected": 1}
    assert client.insert_users([user, {"UserId": "gv", "Labels": ["x"]}]) == {"RowAffected": 2}
    assert client.get_user("gu") == user
    assert client.get_user("gv")["Labels"] == ["x"]
    assert {"gu", "gv"} <= {one["UserId"] for one in client.get_users(1000)[0]}
    assert client.delete_user("gv") == {"RowAffected": 1}


def test_feedback_counts_once_and_changes_the_list(client: Any) -> None:
    def star(name: str) -> dict[str, Any]:
        return client.insert_feedback("star", "gf", name, "2024-01-01T00:00:00Z", 1.0)

    assert star("space-1") == star("space-1") == {"RowAffected": 1}
    assert star("unknown-to-all") == {"RowAffected": 1}, "is made, as in Gorse"
    told = client.list_feedbacks("star", "gf")
    assert [one["ItemId"] for one in told] == ["space-1", "unknown-to-all"]
    assert told[0] == {
        "FeedbackType": "star",
        "UserId": "gf",
        "ItemId": "space-1",
        "Value": 1.0,
        "Timestamp": "2024-01-01T00:00:00Z",
        "Comment": "",
    }
    listed = client.get_recommend("gf", n=8)
    assert listed[0].id.startswith("space")
    assert "space-1" not in {one.id for one in listed}
    assert listed[0].score >= listed[1].score
    assert [one.id for one in client.get_recommend("gf", n=4, offset=2)] == [
        one.id for one in listed[2:6]
    ]

    assert client.delete_feedback("gf", "space-1") == {"RowAffected": 1}
    assert len(client.list_feedbacks("star", "gf")) == 1
    every, cursor = client.get_feedbacks(1000)
    assert any(one["UserId"] == "gf" for one in every)
    assert cursor == "", "there are fewer"


def test_feedback_that_says_something_else_is_told_and_the_first_holds(client: Any) -> None:
    def star(at: str, value: float = 1.0) -> dict[str, Any]:
        return client.insert_feedback("star", "gc", "space-2", at, value)

    assert star("2024-01-01T00:00:00Z") == {"RowAffected": 1}
    again = star("2024-01-02T00:00:00Z", 5.0)
    assert again == {
        "RowAffected": 1,
        "Conflicts": [
            {
                "Index": 0,
                "Problem": "feedback of this type, user and item is there with another "
                "Timestamp, Value",
                "Remedy": "the first holds; send it with PUT if it happened once more",
            }
        ],
    }
    assert [one["Value"] for one in client.list_feedbacks("star", "gc")] == [1.0]


def test_overwriting_is_told_as_the_newest(served: tuple[str, str], client: Any) -> None:
    row = {"FeedbackType": "star", "UserId": "go", "ItemId": "space-2", "Value": 1}
    with httpx.Client(base_url=served[0], headers={"X-API-Key": served[1]}) as http:
        for at, value in (("2024-01-01T00:00:00Z", 1), ("2024-01-02T00:00:00Z", 5)):
            body = [{**row, "Timestamp": at, "Value": value}]
            assert http.put("/api/feedback", json=body).json() == {"RowAffected": 1}
        assert http.get("/api/feedback/star/go/space-2").json()["Value"] == 5
        assert http.delete("/api/feedback/star/go/space-2").json() == {"RowAffected": 2}
        assert http.get("/api/feedback/star/go/space-2").status_code == 404
        assert http.get("/api/recommend/go?n=2").json() == [
            one.id for one in client.get_recommend("go", n=2)
        ], "ids alone without the header of version 2"


def test_other_lists(served: tuple[str, str], client: Any) -> None:
    client.insert_item(item("g-new", Timestamp="2025-01-01T00:00:00Z", Categories=["late"]))
    client.insert_item(item("g-newer", Timestamp="2025-06-01T00:00:00Z", Categories=["late"]))
    session = [{"FeedbackType": "read", "UserId": "", "ItemId": "kitchen-3", "Timestamp": ""}]
    assert client.session_recommend(session, 3)[0]["Id"].startswith("kitchen")
    assert client.get_neighbors("space-1", 3)[0]["Id"].startswith("space")
    assert {one.id for one in client.get_recommend("x", "late", n=9)} == {"g-new", "g-newer"}
    with httpx.Client(base_url=served[0], headers={"X-API-Key": served[1]}) as http:
        newest = http.get("/api/latest/late").json()
        assert [one["Id"] for one in newest] == ["g-newer", "g-new"]
        assert http.get("/api/popular?n=3").json()[0].keys() == {"Id", "Score"}
        assert http.get("/api/item-to-item/any/space-1?n=1").json()[0]["Id"].startswith("space")
        assert http.get("/api/health/ready").json() == {"Ready": True}
        assert http.put("/api/item/g-new/category/more").json() == {"RowAffected": 1}
        assert client.get_item("g-new")["Categories"] == ["late", "more"]
        http.delete("/api/item/g-new/category/late")
        assert client.get_item("g-new")["Categories"] == ["more"]


def test_a_category_that_no_item_has_is_an_empty_list(copied: Path) -> None:
    """Also where no item ever had a category, and after a restart: with Gorse it is no mistake."""
    addresses = ("recommend/q", "item/space-1/neighbors", "popular", "latest")
    for _ in range(2):
        with serving(copied) as http:
            for address in addresses:
                for query in ("category=none", "category=none&category=other"):
                    answer = http.get(f"/api/{address}?{query}")
                    assert (answer.status_code, answer.json()) == (200, []), address
            answer = http.post("/api/session/recommend/none", json=[])
            assert (answer.status_code, answer.json()) == (200, [])
            http.post("/api/item", json=item("g-once", Categories=["once"]))
            answer = http.get("/api/recommend/q?category=once")
            assert answer.json() == ["g-once"], answer.text
            http.delete("/api/item/g-once")


def test_of_two_categories_put_at_once_neither_is_lost(
    served: tuple[str, str], client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.insert_item(item("g-two", Categories=["space"]))
    meeting, read = threading.Barrier(2), SqlStore.item

    def met(self: SqlStore, item_id: str) -> Item | None:
        found = read(self, item_id)
        with suppress(threading.BrokenBarrierError):  # both have read before either writes
            meeting.wait(1)
        return found

    def put(category: str) -> int:
        address = f"{served[0]}/api/item/g-two/category/{category}"
        return httpx.put(address, headers={"X-API-Key": served[1]}, timeout=60).status_code

    monkeypatch.setattr(SqlStore, "item", met)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(put, ("x", "y"))) == [200, 200]
    monkeypatch.undo()
    assert sorted(client.get_item("g-two")["Categories"]) == ["space", "x", "y"]


def test_what_is_wrong_is_told(served: tuple[str, str], client: Any) -> None:
    with pytest.raises(pygorse.GorseException) as error:
        client.insert_feedback("fork", "u", "space-1", "2024-01-01T00:00:00Z")
    assert error.value.status_code == 422
    assert "unknown event type 'fork'" in error.value.message
    assert "[behaviour.event_weights]" in error.value.message
    with pytest.raises(pygorse.GorseException) as error:
        pygorse.Gorse(served[0], "wrong").get_items(1)
    assert error.value.status_code == 401
    with pytest.raises(pygorse.GorseException) as error:
        client.get_items(1, "nonsense!")
    assert error.value.status_code == 422


def test_its_asynchronous_client(served: tuple[str, str]) -> None:
    async def ask() -> Any:
        client = pygorse.AsyncGorse(*served)
        await client.insert_feedback("star", "ga", "kitchen-1", "2024-01-01T00:00:00Z")
        return await client.get_recommend("ga", n=1)

    assert asyncio.run(ask())[0].id.startswith("kitchen")


def test_ids_that_look_alike_or_were_floats_are_one(served: tuple[str, str], client: Any) -> None:
    composed, decomposed = "g-Zo\u00eb", "g-Zoe\u0308"
    client.insert_item(item(composed))
    assert client.get_item(decomposed)["ItemId"] == composed
    with httpx.Client(base_url=served[0], headers={"X-API-Key": served[1]}) as http:
        row = {"FeedbackType": "star", "UserId": decomposed, "ItemId": 8731.0, "Timestamp": ""}
        assert http.put("/api/feedback", json=[row]).json() == {"RowAffected": 1}
        assert http.get("/api/item/8731").status_code == 200
        assert http.get("/api/item/8731.0").status_code == 404, "no second item was made"
        assert len(http.get(f"/api/user/{composed}/feedback/star").json()) == 1
        refused = http.put("/api/feedback", json=[{**row, "ItemId": float(2**60)}])
        assert "digits" in refused.json()["detail"]
