"""Items and people over HTTP: read, changed, listed, deleted; each acts on the next answer."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from foretaste.loop import Foretaste
from foretaste.model.experts.popularity import PopularityExpert
from foretaste.model.experts.transition import TransitionExpert

from ..conftest import Refusal
from ..workspace import serving


@pytest.fixture(scope="module")
def client(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server of this file's own, as it leaves much behind."""
    folder = tmp_path_factory.mktemp("catalogue") / "workspace"
    with serving(Path(shutil.copytree(trained, folder))) as found:
        yield found


def put(client: httpx.Client, *rows: dict[str, Any], what: str = "items") -> None:
    answer = client.post(f"/v1/{what}", json={what: rows})
    assert answer.status_code == 200, answer.text
    assert not answer.json()["rejected"]


def listed(client: httpx.Client, **asked: object) -> list[str]:
    answer = client.post("/v1/recommend", json={"n": 1000, **asked})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def pages(client: httpx.Client, what: str, n: int) -> Iterator[list[str]]:
    cursor = ""
    while True:
        told = client.get(f"/v1/{what}", params={"n": n, "cursor": cursor}).json()
        yield [one["id"] for one in told[what]]
        if "cursor" not in told:
            return
        cursor = told["cursor"]


def test_an_item_comes_back_as_it_may_be_sent_again(client: httpx.Client) -> None:
    row = {
        "id": "crud/1 ü",
        "title": "The lamp",
        "overview": "A lamp that shines far into the night, for readers and for sailors alike.",
        "theme": ["light", "sea"],
        "price": 8,
        "available_from": "2020-01-01",
    }
    put(client, row)

    found = client.get("/v1/items/crud%2F1%20%C3%BC").json()

    kept = {name: row[name] for name in ("id", "title", "overview", "theme")}
    assert found == kept | {
        "price": ["8"],
        "price_band": ["0-10"],
        "available_from": 1_577_836_800.0,
    }
    answer = client.post("/v1/items", json={"items": [found]}).json()
    assert (answer["accepted"], answer["duplicates"]) == (0, 1)


def test_a_patch_changes_what_it_names_and_null_removes(client: httpx.Client) -> None:
    put(client, {"id": "patch-1", "title": "Old", "theme": ["kitchen"], "maker": "Ada", "price": 8})

    answer = client.patch("/v1/items/patch-1", json={"title": "New", "maker": None, "price": 30})

    assert answer.json() == {
        "id": "patch-1",
        "title": "New",
        "theme": ["kitchen"],
        "price": ["30"],
        "price_band": ["25-50"],
    }
    assert client.get("/v1/items/patch-1").json() == answer.json()


def test_a_change_acts_on_the_next_answer(client: httpx.Client) -> None:
    put(client, {"id": "fresh-1", "title": "The comet", "theme": "space", "price": 8})
    cheap = {"filter": {"theme": "space", "price": {"gte": 7.5, "lt": 10}}}
    assert listed(client, **cheap) == ["fresh-1"], "new, and there at once"

    client.patch("/v1/items/fresh-1", json={"price": 12})
    assert listed(client, **cheap) == []
    client.patch("/v1/items/fresh-1", json={"price": 9, "hidden": True})
    assert listed(client, **cheap) == []
    client.patch("/v1/items/fresh-1", json={"hidden": None, "available_until": "2020-01-01"})
    assert listed(client, **cheap) == []
    client.patch("/v1/items/fresh-1", json={"available_until": None})
    assert listed(client, **cheap) == ["fresh-1"]


def test_what_a_patch_cannot_do(client: httpx.Client, refusal: Refusal) -> None:
    put(client, {"id": "patch-2", "title": "Here", "available_from": "2030-01-01"})

    def refused(patch: object, status: int = 422, kind: str = "invalid", at: str = "2") -> str:
        return refusal(f"/v1/items/patch-{at}", status, kind, method="PATCH", json=patch)

    assert "it is 'patch-2' and cannot be changed" in refused({"id": "other"})
    assert "time 'soon' cannot be read" in refused({"available_until": "soon"})
    assert "2029-01-02 00:00:00 is not after 2030-01-01" in refused(
        {"available_until": "2029-01-01"}
    )
    assert "price is an object" in refused({"price": {"amount": 3}})
    assert "there is no item 'patch-none'" in refused({}, 404, "not-found", at="none")
    assert client.get("/v1/items/patch-2").json()["title"] == "Here"


def test_a_deleted_item_is_in_no_list_again(client: httpx.Client) -> None:
    put(client, {"id": "gone-1", "title": "The rocket in the cake", "theme": "space"})
    assert "gone-1" in listed(client)

    assert client.delete("/v1/items/gone-1").json() == {"deleted": True}

    assert "gone-1" not in listed(client)
    assert "gone-1" not in listed(client, query="The rocket in the cake")
    assert client.get("/v1/items/gone-1").status_code == 404
    ranked = client.post("/v1/rank", json={"candidates": ["gone-1", "space-1"]}).json()
    assert [item["id"] for item in ranked["items"]] == ["space-1"]
    late = {"events": [{"event_id": "late", "user": "late", "item": "gone-1", "kind": "click"}]}
    assert client.post("/v1/events", json=late).json()["accepted"] == 1, "it happened"
    assert "gone-1" not in listed(client)
    assert client.delete("/v1/items/gone-1").json() == {"deleted": False}


def test_an_older_snapshot_shows_no_deleted_item(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Foretaste.open(copied)
    loop.recommend(n=1)
    monkeypatch.setattr(loop.manager, "_take_in_items", lambda _: None)
    assert "space-2" in {one.id for one in loop.recommend(n=50, timeout_ms=60_000)}

    loop.store.delete_items(["space-2"])

    assert "space-2" not in {one.id for one in loop.recommend(n=50, timeout_ms=100)}
    assert loop.manager.snapshot is not None
    assert not loop.manager.snapshot.items["space-2"].hidden
    monkeypatch.undo()
    assert "space-2" not in {one.id for one in loop.recommend(n=50)}
    loop.close()


def test_lists_are_complete_while_things_come_and_go(client: httpx.Client) -> None:
    put(client, *({"id": f"list-{n:02}", "title": f"List {n}"} for n in range(9)))
    turning = pages(client, "items", 4)
    seen = next(turning)
    put(client, {"id": "list-00a", "title": "Between"})
    client.delete("/v1/items/list-07")
    for page in turning:
        seen += page

    assert seen == sorted(set(seen))
    assert {f"list-{n:02}" for n in range(9) if n != 7} <= set(seen)


def test_a_wrong_cursor_is_told(client: httpx.Client, refusal: Refusal) -> None:
    for cursor in ("x", "WzFd", "e30", "é"):
        told = refusal("/v1/items", 422, "invalid", method="GET", params={"cursor": cursor})
        assert "leave it out to begin anew" in told
    assert "n: " in refusal("/v1/users", 422, "invalid", method="GET", params={"n": 0})


def test_users_and_their_stated_taste(client: httpx.Client, refusal: Refusal) -> None:
    put(client, {"id": "crud-u", "theme": ["space"], "country": "NZ"}, what="users")
    assert client.get("/v1/users/crud-u").json() == {
        "id": "crud-u",
        "theme": ["space"],
        "country": ["NZ"],
    }
    assert listed(client, user="crud-u")[0].startswith("space")

    answer = client.patch("/v1/users/crud-u", json={"theme": ["kitchen"], "country": None})

    assert answer.json() == {"id": "crud-u", "theme": ["kitchen"]}
    assert listed(client, user="crud-u")[0].startswith("kitchen")
    assert "crud-u" in [user for page in pages(client, "users", 1000) for user in page]
    told = refusal("/v1/users/nobody", 404, "not-found", method="GET")
    assert "there is no user 'nobody'" in told


@pytest.fixture
def own(copied: Path) -> Iterator[httpx.Client]:
    with serving(copied) as client:
        yield client


def test_a_user_is_exported_then_erased_from_store_and_counts(
    copied: Path, own: httpx.Client
) -> None:
    """Afterwards the counts are those of a log in which the user never was."""
    before = counts(copied)
    put(own, {"id": "ann", "theme": ["space"]}, what="users")
    visit = {"session": "tv", "item": "space-1", "kind": "click", "event_id": "v"}
    own.post("/v1/events", json={"events": [visit]})
    own.post("/v1/identify", json={"session": "tv", "user": "p1"})
    shown = own.post("/v1/recommend", json={"user": "p1", "n": 3}).json()

    told = own.get("/v1/users/p1/export").json()
    assert told["user"] == {"id": "p1"}
    assert told["sessions"] == ["tv"]
    assert {"p1-0", "v"} <= {event["event_id"] for event in told["events"]}
    assert [one["recommendation_id"] for one in told["recommendations"]] == [
        shown["recommendation_id"]
    ]

    receipt = own.delete("/v1/users/p1").json()
    assert receipt["erased"] == {
        "events": 7,
        "sessions": 1,
        "recommendations": 1,
        "attributes": 0,
        "changes": 0,
        "conversations": 0,
        "consents": 0,
    }
    assert any("until 'foretaste train'" in one for one in receipt["pending"])
    answer = own.post("/v1/recommend", json={"user": "p1", "n": 3}).json()
    assert receipt["recounted_versions"] == [answer["model_version"]] != [shown["model_version"]]
    assert own.get("/v1/users/p1/export").status_code == 200, "of the answer just given"
    assert own.get("/v1/users/p1/export").json()["events"] == []
    assert own.get("/v1/users/ann").status_code == 200

    after = counts(copied)
    mine = {f"space-{step}" for step in range(5)}  # what p1 clicked on
    assert {name for name in before.taken if before.taken[name] != after.taken[name]} == mine
    assert all(before.taken[name] - after.taken[name] == 1 for name in mine)
    steps = {(f"space-{step}", f"space-{step + 1}") for step in range(4)}
    assert {pair for pair in before.steps if before.steps[pair] != after.steps.get(pair)} == steps


class Counts:
    """What the version on disk has counted."""

    def __init__(self, taken: dict[str, float], steps: dict[tuple[str, str], float]) -> None:
        self.taken, self.steps = taken, steps


def counts(folder: Path) -> Counts:
    loop = Foretaste.open(folder)
    try:
        live = loop.models.live_name() or ""
        product, ids = loop.at_snapshot(live).product, loop.models.item_ids(live)
        popular = next(one for one in product.experts if isinstance(one, PopularityExpert))
        follows = next(one for one in product.experts if isinstance(one, TransitionExpert))
        matrix = follows.successor_counts.to_csr().tocoo()
        rows = zip(matrix.row, matrix.col, matrix.data, strict=True)
        return Counts(
            dict(zip(ids, np.round(popular.taken, 6).tolist(), strict=False)),
            {(ids[a], ids[b]): float(n) for a, b, n in rows},
        )
    finally:
        loop.close()


def test_an_erased_user_stays_erased_when_the_service_starts_again(copied: Path) -> None:
    with serving(copied) as client:
        receipt = client.delete("/v1/users/p3").json()
        again = client.delete("/v1/users/p3").json()
    assert again["erased"]["events"] == 0
    assert again["pending"] == receipt["pending"] != [], "what is due is told until it is not"
    with serving(copied) as client:
        answer = client.post("/v1/recommend", json={"user": "p1"}).json()
    assert [answer["model_version"]] == receipt["recounted_versions"]
    manifest = copied / "models" / answer["model_version"] / "manifest.json"
    assert json.loads(manifest.read_text())["data"]["erasures"] == 1
    assert [path.name for path in (copied / "models").iterdir() if path.is_dir()] == [
        answer["model_version"]
    ]


def test_an_erasure_gives_a_receipt_that_can_be_followed(client: httpx.Client) -> None:
    answer = client.delete("/v1/users/p3").json()
    receipt = answer["receipt"]
    assert receipt["user"] == "p3"
    state = client.get(f"/v1/erasures/{receipt['receipt_id']}").json()
    assert state["due"]
    assert state["completion"] is None
    assert state["key"] == receipt["key"]
    assert client.get("/v1/erasures/none").status_code == 404
    assert client.delete("/v1/users/never-here").json()["receipt"] is None
