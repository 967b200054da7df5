"""“Continue watching” over HTTP: begun on one device, gone on with on another; a real service."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Item
from foretaste.serve.schemas.page_schemas import PageAnswer

from ..workspace import serving

VIDEO_SETTINGS = """
[rank.resume]
below = 0.9
[rank.series]
item_attribute = "show"
[rank.extras]
item_attribute = "type"
[reasons]
activity = "watch"
"""


@pytest.fixture(scope="module")
def client(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service whose films are gone on with, and that has a series."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("resume") / "workspace"))
    settings = folder / "foretaste.toml"
    settings.write_text(settings.read_text() + VIDEO_SETTINGS)
    with SqlStore(folder / STORE_FILE) as store:
        parts = [
            Item(
                f"moonbase-{number}",
                f"Moonbase, part {number}",
                attributes={"theme": ("space",), "show": ("Moonbase",), "episode": (str(number),)},
            )
            for number in (1, 2, 3)
        ]
        trailer = Item("trailer", "Moonbase on Friday", attributes={"type": ("Trailer",)})
        store.put_items([*parts, trailer])
    with serving(folder) as http:
        yield http


def watch(client: httpx.Client, user: str, item: str, share: float | None, **fields: Any) -> None:
    """An event as a player sends it, unless `event_type` says another."""
    event = {"user": user, "item": item, "event_type": "view", "value": share, **fields}
    sent = {name: value for name, value in event.items() if value is not None}
    answer = client.post("/v1/events", json={"events": [sent]})
    assert answer.json()["accepted"] == 1, answer.text


def page(client: httpx.Client, user: str, **body: Any) -> dict[str, Any]:
    shelves = [{"id": "go-on", "kind": "resume"}, {"id": "top", "kind": "for_you"}]
    answer = client.post("/v1/page", json={"user": user, "n": 8, "shelves": shelves, **body})
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    PageAnswer.model_validate(content)
    return content


def shelf(client: httpx.Client, user: str, **body: Any) -> dict[str, float | None]:
    """Item → how far this person got with it, in the order of the shelf."""
    first = page(client, user, **body)["shelves"][0]
    if first["kind"] != "resume":
        return {}
    return {item["id"]: item.get("progress") for item in first["items"]}


def test_a_film_that_was_left_is_on_the_shelf_at_once_on_every_device(
    client: httpx.Client,
) -> None:
    watch(client, "eva", "space-3", 0.42, device="tv", session="living-room")
    told = page(client, "eva", session="phone-of-eva")["shelves"]
    assert told[0]["title"] == "Continue watching"
    (item,) = told[0]["items"]
    assert (item["id"], item["progress"], item["source"]) == ("space-3", 0.42, "resumed")
    assert item["reason"] == ["You stopped at 42 %"]
    assert "space-3" not in [own["id"] for own in told[1]["items"]], "lists have what is new"
    watch(client, "eva", "space-3", 0.97, device="phone")
    assert shelf(client, "eva") == {}


def test_the_newest_first_and_in_the_language_of_the_request(client: httpx.Client) -> None:
    now = time.time()
    watch(client, "ida", "space-1", 0.5, at=now - 7200)
    watch(client, "ida", "kitchen-2", 0.25, at=now - 3600)
    watch(client, "ida", "space-2", 0.03, at=now - 1800)
    watch(client, "ida", "space-4", 0.5, at=now - 90 * 86_400)
    assert shelf(client, "ida") == {"kitchen-2": 0.25, "space-1": 0.5}
    told = page(client, "ida", language="de")["shelves"][0]
    assert told["title"] == "Weiterschauen"
    assert told["items"][0]["reason"] == ["Sie haben bei 25 % aufgehört"]
    assert page(client, "ida", language="fr")["shelves"][0]["title"] == "Reprendre la lecture"


def test_a_series_goes_on_where_it_was_left(client: httpx.Client) -> None:
    watch(client, "jo", "moonbase-1", 0.98)
    told = page(client, "jo")["shelves"][0]
    assert [item["id"] for item in told["items"]] == ["moonbase-2"]
    assert told["items"][0]["reason"] == ["Next after Moonbase, part 1"]
    assert "progress" not in told["items"][0]
    watch(client, "jo", "moonbase-2", 0.3)
    shelves = page(client, "jo")["shelves"]
    assert {item["id"]: item.get("progress") for item in shelves[0]["items"]} == {"moonbase-2": 0.3}
    assert not [item for item in shelves[1]["items"] if item["id"].startswith("moonbase")]
    watch(client, "jo", "moonbase-2", 1.0)
    assert shelf(client, "jo") == {"moonbase-3": None}


@pytest.mark.parametrize(
    ("event_type", "value"), [("hide", None), ("dislike", None), ("rating", 4.0), ("view", 1.0)]
)
def test_a_refusal_a_rating_or_the_end_takes_it_off(
    client: httpx.Client, event_type: str, value: float | None
) -> None:
    user = f"off-{event_type}"
    watch(client, user, "space-5", 0.6)
    assert shelf(client, user) == {"space-5": 0.6}
    watch(client, user, "space-5", value, event_type=event_type)
    assert shelf(client, user) == {}


def test_a_search_finds_it_and_says_how_far_somebody_got(client: httpx.Client) -> None:
    watch(client, "kim", "space-3", 0.42)
    body = {"user": "kim", "query": "The star and the galaxy, part 3"}
    found = client.post("/v1/search", json=body).json()["items"]
    (item,) = [item for item in found if item["id"] == "space-3"]
    assert item["progress"] == 0.42
    assert item["reason"][0] == "You stopped at 42 %"


def test_of_nobody_and_of_a_shop_there_is_no_shelf(
    client: httpx.Client, trained: Path, tmp_path: Path
) -> None:
    (omitted,) = page(client, "nobody-yet")["left_out"]
    assert (omitted["id"], omitted["code"]) == ("go-on", "empty")
    assert "began and has not finished" in omitted["reason"]
    with serving(Path(shutil.copytree(trained, tmp_path / "shop"))) as shop:
        watch(shop, "eva", "space-3", 0.42)  # 42 cents of what was looked at
        assert shelf(shop, "eva") == {}


def test_a_trailer_is_in_no_list_unless_it_is_asked_for(client: httpx.Client) -> None:
    def listed(address: str, **body: Any) -> list[str]:
        answer = client.post(address, json={"n": 50, **body})
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert "moonbase-1" in listed("/v1/recommend", user="p1")
    assert "trailer" not in listed("/v1/recommend", user="p1")
    assert "trailer" in listed("/v1/recommend", user="p1", filter={"type": "Trailer"})
    assert "trailer" in listed("/v1/search", query="Moonbase on Friday")
    watch(client, "lea", "trailer", 0.5)
    assert shelf(client, "lea") == {}
