"""Pages of a shop over HTTP: several lists at once, of a real service."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from foretaste.serve.schemas.facet_schemas import FacetsAnswer
from foretaste.serve.schemas.item_page_schemas import ItemPageAnswer
from foretaste.serve.schemas.page_schemas import PageAnswer
from foretaste.serve.schemas.suggest_schemas import SuggestAnswer

from ..workspace import serving

THEMES = {"space", "kitchen"}


@pytest.fixture(scope="module")
def client(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service of these tests alone, which count what is in it."""
    folder = tmp_path_factory.mktemp("pages") / "workspace"
    shutil.copytree(trained, folder)
    with serving(folder) as http:
        yield http


def page(client: httpx.Client, *shelves: Any, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/page", json={"n": 4, "shelves": list(shelves), **body})
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    PageAnswer.model_validate(content)
    return content


def ids(shelf: dict[str, Any]) -> list[str]:
    return [item["id"] for item in shelf["items"]]


EVERY_KIND = (
    {"id": "top", "kind": "for_you"},
    {"id": "because", "kind": "because_you_took"},
    {"id": "like", "kind": "similar", "item": "space-3"},
    {"id": "hot", "kind": "popular", "window": "24h"},
    {"id": "else", "kind": "explore"},
    {"id": "words", "query": "bread"},
)


def test_no_item_is_on_a_page_twice_and_each_shelf_goes_on_with_its_own(
    client: httpx.Client,
) -> None:
    told = page(client, *EVERY_KIND, user="p2", n=2)
    assert [shelf["id"] for shelf in told["shelves"]] == [kind["id"] for kind in EVERY_KIND]
    shown = [item for shelf in told["shelves"] for item in ids(shelf)]
    assert len(shown) == len(set(shown)) == 2 * len(EVERY_KIND)
    alone = page(client, EVERY_KIND[2], user="p2", n=12)["shelves"][0]
    earlier = {item for shelf in told["shelves"][:2] for item in ids(shelf)}
    left = [item for item in ids(alone) if item not in earlier]
    assert ids(told["shelves"][2]) == left[:2], "it has the next of its own list"
    assert told["left_out"] == []


def test_a_page_comes_shelf_by_shelf_to_whoever_asks_for_it(client: httpx.Client) -> None:
    none = {"id": "none", "kind": "for_you", "filter": {"theme": "nothing"}}
    body = {"n": 2, "user": "p2", "shelves": [*EVERY_KIND[:2], none, *EVERY_KIND[2:]]}
    with client.stream("POST", "/v1/page", json={**body, "stream": True}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        parts = [json.loads(line) for line in answer.iter_lines()]
    for part in parts:
        PageAnswer.model_validate(part)
    assert [[shelf["id"] for shelf in part["shelves"]] for part in parts] == [
        *([kind["id"]] for kind in EVERY_KIND),
        [],
    ]
    assert [left["id"] for part in parts for left in part["left_out"]] == ["none"]
    assert parts[-1]["left_out"][0]["id"] == "none"
    whole = client.post("/v1/page", json=body).json()
    shelves = [shelf for part in parts for shelf in part["shelves"]]
    assert [ids(shelf) for shelf in shelves] == [ids(shelf) for shelf in whole["shelves"]]
    by_taste = client.post("/v1/page", json={**body, "stream": True, "order": "by_taste"})
    lines = [json.loads(line) for line in by_taste.text.splitlines()]
    tastes = [shelf["taste"] for part in lines for shelf in part["shelves"]]
    assert tastes == sorted(tastes, reverse=True)
    assert len(tastes) == len(EVERY_KIND)


def test_a_page_that_cannot_be_begun_is_a_problem_also_as_a_stream(client: httpx.Client) -> None:
    wrong = {"kind": "similar", "item": "no-such-item"}
    answer = client.post("/v1/page", json={"shelves": [wrong], "stream": True})
    assert answer.status_code == 422
    assert "there is no item 'no-such-item'" in answer.json()["detail"]


def test_each_shelf_has_an_id_that_events_are_attributed_by(client: httpx.Client) -> None:
    shelves = page(client, {"kind": "for_you"}, {"kind": "popular"})
    names = [shelf["recommendation_id"] for shelf in shelves["shelves"]]
    assert len(set(names)) == 2
    clicked = shelves["shelves"][1]["items"][2]
    event = {
        "user": "clicker",
        "item": clicked["id"],
        "event_type": "click",
        "recommendation_id": names[1],
    }
    answer = client.post("/v1/events", json={"events": [event]}).json()
    assert answer["accepted"] == 1
    assert answer["unattributed"] == []
    wrong = {**event, "recommendation_id": names[0]}
    told = client.post("/v1/events", json={"events": [wrong]}).json()["unattributed"]
    assert "problem" in told[0], "the item stands on the other shelf"


def test_titles_are_in_the_language_asked(client: httpx.Client) -> None:
    shelves = ({"kind": "for_you"}, {"kind": "similar", "item": "space-0"}, {"kind": "popular"})
    english = page(client, *shelves, user="p1")["shelves"]
    assert [shelf["title"] for shelf in english] == [
        "For you",
        "More like “The rocket and the star, part 0”",
        "Popular right now",
    ]
    german = page(client, *shelves, user="p1", language="de")["shelves"]
    assert [shelf["title"] for shelf in german] == [
        "Für Sie",
        "Ähnlich wie „The rocket and the star, part 0“",
        "Gerade beliebt",
    ]
    own = page(client, {"kind": "for_you", "title": "<b>Top & co</b>"})["shelves"][0]
    assert own["title"] == "<b>Top & co</b>"
    assert english[1]["item"] == {"id": "space-0", "title": "The rocket and the star, part 0"}


def test_because_you_took_takes_another_item_each_time(client: httpx.Client) -> None:
    shelves = [{"id": f"b{n}", "kind": "because_you_took"} for n in range(2)]
    told = page(client, *shelves, user="p4", n=2)["shelves"]
    assert told[0]["item"]["id"] != told[1]["item"]["id"]
    assert told[0]["title"].startswith("Because you ")
    stranger = page(client, *shelves, user="nobody-yet")
    assert stranger["shelves"] == []
    assert {(left["code"], left["reason"]) for left in stranger["left_out"]} == {
        ("empty", "this person has taken nothing yet that could be named")
    }


def test_what_hides_an_item_holds_on_every_shelf(client: httpx.Client) -> None:
    muted = {"changes": [{"filter": {"theme": "kitchen"}, "mute": True}]}
    assert client.patch("/v1/users/muter/profile", json=muted).status_code == 200
    hide = {"user": "muter", "item": "space-7", "event_type": "hide"}
    assert client.post("/v1/events", json={"events": [hide]}).json()["accepted"] == 1
    rules = [{"quota": {"part": "1"}, "max_items": 0}]
    shelves = [
        {**kind, "rules": rules} for kind in EVERY_KIND if kind["id"] not in ("because", "else")
    ]
    told = page(client, *shelves, user="muter", n=20, filter={"part": ["0", "1"]})
    shown = [item for shelf in told["shelves"] for item in shelf["items"]]
    assert shown
    assert all(item["id"].startswith("space") for item in shown)
    assert "space-7" not in [item["id"] for item in shown]
    assert {item["attributes"]["part"][0] for item in shown} == {"0"}


def test_shelves_with_nothing_to_show_say_why(client: httpx.Client) -> None:
    everything = {"id": "all", "kind": "for_you", "n": 100}
    again = {"id": "again", "kind": "popular"}
    none = {"id": "none", "kind": "for_you", "filter": {"theme": "nothing"}}
    told = page(client, none, everything, again, user="a-new-person")
    assert [shelf["id"] for shelf in told["shelves"]] == ["all"]
    codes = {left["id"]: (left["code"], left["reason"]) for left in told["left_out"]}
    assert codes["none"][0] == "empty"
    assert "not what the filter asks for" in codes["none"][1]
    assert codes["again"] == (
        "repeated",
        "all that it would show is on earlier shelves of this page",
    )


def test_a_shelf_that_cannot_be_read_takes_no_other_with_it(client: httpx.Client) -> None:
    wrong = {"id": "wrong", "kind": "similar", "item": "no-such-item"}
    filtered = {"id": "column", "kind": "for_you", "filter": {"gerne": "x"}}
    told = page(client, wrong, filtered, {"kind": "for_you"}, user="p1")
    assert [shelf["id"] for shelf in told["shelves"]] == ["for_you"]
    reasons = {left["id"]: (left["code"], left["reason"]) for left in told["left_out"]}
    assert reasons["wrong"] == (
        "failed",
        "items: there is no item 'no-such-item'; import it first",
    )
    assert "unknown attribute 'gerne'" in reasons["column"][1]
    alone = client.post("/v1/page", json={"shelves": [wrong]})
    assert alone.status_code == 422, "nothing is left of that page"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "shelves: is missing"),
        ({"shelves": []}, "shelves"),
        ({"shelves": [{"kind": "for_me"}]}, "shelves.0.kind"),
        ({"shelves": [{"kind": "similar"}]}, "shelves.0: kind similar needs"),
        ({"shelves": [{"kind": "search"}]}, "kind search needs"),
        ({"shelves": [{"kind": "for_you", "query": "x"}]}, "does not use query"),
        ({"shelves": [{"kind": "popular", "window": "soon"}]}, "window: 'soon'"),
        ({"shelves": [{"kind": "popular"}, {"kind": "popular"}]}, "is there twice"),
        ({"shelves": [{"kindd": "popular"}]}, "unknown field 'kindd'"),
        ({"shelves": [{"kind": "for_you"}] * 21}, "shelves"),
        ({"shelves": [{"kind": "similar", "item": "a", "items": ["b"]}]}, 'either "item" or'),
        ({"shelves": [{"id": "x" * 101}]}, "shelves.0.id"),
        ({"shelves": [{"id": "a\0"}]}, "shelves.0.id"),
        ({"shelves": [{"kind": "for_you"}], "order": "best"}, "order"),
        ({"shelves": [{"kind": "for_you"}], "timeout_ms": 0}, "timeout_ms"),
    ],
)
def test_a_wrong_page_is_told_what_to_do(
    client: httpx.Client, body: dict[str, Any], problem: str
) -> None:
    answer = client.post("/v1/page", json=body)
    assert answer.status_code == 422, answer.text
    assert problem in answer.json()["detail"]


def test_by_taste_what_the_person_likes_best_comes_first(client: httpx.Client) -> None:
    shelves = [
        {"id": "kitchen", "kind": "for_you", "filter": {"theme": "kitchen"}},
        {"id": "space", "kind": "for_you", "filter": {"theme": "space"}},
    ]
    given = page(client, *shelves, user="p3")["shelves"]
    assert [shelf["id"] for shelf in given] == ["kitchen", "space"]
    ordered = page(client, *shelves, user="p3", order="by_taste")["shelves"]
    assert [shelf["id"] for shelf in ordered] == ["space", "kitchen"], "p3 keeps to space"
    tastes = [shelf["taste"] for shelf in ordered]
    assert 1 >= tastes[0] > tastes[1] > 0


def test_new_items_are_those_that_came_lately(client: httpx.Client) -> None:
    fresh = {"id": "fresh-1", "title": "A fresh rocket", "theme": "space"}
    told = client.post("/v1/items", json={"items": [fresh]}).json()
    assert told["accepted"] == 1
    shelf = page(client, {"kind": "new"}, user="p1")["shelves"][0]
    assert "fresh-1" in ids(shelf), "nobody has taken it, and the catalogue has no dates"
    assert client.delete("/v1/items/fresh-1").json()["deleted"]


def test_a_page_without_time_has_what_there_was_time_for(client: httpx.Client) -> None:
    told = page(client, *EVERY_KIND, user="p2", timeout_ms=0.01)
    codes = {left["code"] for left in told["left_out"]}
    assert len(told["shelves"]) + len(told["left_out"]) == len(EVERY_KIND)
    assert codes <= {"late", "repeated"}
    assert "late" in codes


def test_what_was_served_is_kept_with_placement_and_shelf(trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "workspace"))
    with (folder / "foretaste.toml").open("a") as settings:
        settings.write('[placements.home]\nn = 2\nfilter = {theme = "kitchen"}\n')
    with serving(folder) as client:
        shelves = [{"id": "top", "kind": "for_you"}, {"id": "hot", "kind": "popular", "n": 3}]
        answer = client.post(
            "/v1/page", json={"user": "p1", "placement": "home", "shelves": shelves}
        )
        told = answer.json()["shelves"]
        assert [len(shelf["items"]) for shelf in told] == [2, 3]
        assert all(item.startswith("kitchen") for shelf in told for item in ids(shelf))
        assert {shelf["placement"] for shelf in told} == {"home"}
        names = [shelf["recommendation_id"] for shelf in told]
    from foretaste.behaviour.store import SqlStore

    with SqlStore(folder / "behaviour.db") as store:
        kept = store.recommendations_by_id(names)
        assert [(kept[name].placement, kept[name].shelf) for name in names] == [
            ("home", "top"),
            ("home", "hot"),
        ]


def test_a_next_page_of_a_shelf_is_of_its_kind(client: httpx.Client) -> None:
    shelf = page(client, {"kind": "explore", "n": 2}, user="p1")["shelves"][0]
    more = client.post("/v1/recommend", json={"next_page_of": shelf["recommendation_id"]}).json()
    assert all(item["id"].startswith("kitchen") for item in shelf["items"] + more["items"])
    assert not {item["id"] for item in more["items"]} & set(ids(shelf))


def facets(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/facets", json=body)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    FacetsAnswer.model_validate(content)
    return content


def counts(content: dict[str, Any], column: str) -> dict[str, int]:
    facet = next(own for own in content["facets"] if own["column"] == column)
    return {own["value"]: own["items"] for own in facet["values"]}


def test_each_count_is_what_the_list_shows_with_it(client: httpx.Client) -> None:
    muted = {"changes": [{"filter": {"part": "2"}, "mute": True}]}
    assert client.patch("/v1/users/chooser/profile", json=muted).status_code == 200
    told = facets(client, user="chooser", filter={"theme": ["space"]}, facets=["theme", "part"])
    for facet in told["facets"]:
        for own in facet.get("values") or facet["ranges"]:
            chosen = {"theme": ["space"]} | own["filter"]
            listed = client.post(
                "/v1/recommend", json={"user": "chooser", "n": 100, "filter": chosen}
            )
            assert len(listed.json()["items"]) == own["items"], own
    assert counts(told, "theme") == {"space": 8, "kitchen": 8}, "one third is muted"
    assert told["items"] == 8


def test_facets_come_with_a_search(client: httpx.Client) -> None:
    body = {"query": "bread soup", "n": 3, "facets": ["theme"]}
    told = client.post("/v1/search", json=body).json()
    assert [item["id"].split("-")[0] for item in told["items"]] == ["kitchen"] * 3
    assert counts(told, "theme").keys() == {"kitchen"}
    alone = client.post("/v1/recommend", json={"n": 1, "facets": True}).json()
    assert {facet["column"] for facet in alone["facets"]} == {"theme", "part"}
    assert "facets" not in client.post("/v1/recommend", json={"n": 1}).json()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"facets": ["themes"]}, "facets.0: 'themes' is no facet; did you mean 'theme'"),
        ({"facets": [{"column": "theme", "n": 0}]}, "facets.0"),
        ({"facets": "theme"}, "facets"),
        ({"facets": ["theme"] * 31}, "facets"),
        ({"filter": {"theme": {"grater": 1}}}, "grater"),
    ],
)
def test_a_wrong_facet_is_told(client: httpx.Client, body: dict[str, Any], problem: str) -> None:
    answer = client.post("/v1/facets", json=body)
    assert answer.status_code == 422, answer.text
    assert problem in answer.json()["detail"]


def test_suggestions_while_somebody_types(client: httpx.Client) -> None:
    answer = client.get("/v1/suggest", params={"q": "roc", "n": 4, "user": "p1"})
    assert answer.status_code == 200, answer.text
    told = SuggestAnswer.model_validate(answer.json())
    assert told.query == "roc"
    assert told.suggestions
    assert all("rocket" in own.text for own in told.suggestions if own.kind == "item")
    assert client.get("/v1/suggest", params={"q": "rokcet"}).json()["corrected"] == "rocket"
    assert client.get("/v1/suggest").json()["suggestions"], "of nothing typed what many take"
    filtered = client.get("/v1/suggest", params={"q": "roc", "filter": '{"theme": "kitchen"}'})
    assert [own for own in filtered.json()["suggestions"] if own["kind"] == "item"] == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"n": "0"}, "n: it should be greater"),
        ({"q": "a\0"}, "q"),
        ({"q": "x" * 3000}, "q"),
        ({"filter": "{"}, "filter: '{' is not JSON"),
        ({"filter": '{"gerne": 1}'}, "unknown attribute 'gerne'"),
        ({"what": "1"}, "unknown field 'what'"),
    ],
)
def test_wrong_suggestions_are_told(
    client: httpx.Client, query: dict[str, str], problem: str
) -> None:
    answer = client.get("/v1/suggest", params=query)
    assert answer.status_code == 422, answer.text
    assert problem in answer.json()["detail"]


@pytest.mark.parametrize("typed", ["<script>", "‮", "💥" * 200, "' OR 1=1", "%", "a" * 2000])
def test_hostile_letters_are_only_letters(client: httpx.Client, typed: str) -> None:
    answer = client.get("/v1/suggest", params={"q": typed})
    assert answer.status_code == 200, answer.text


def item_page(client: httpx.Client, item: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/items/{quote(item, safe='')}/page", params=query)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    ItemPageAnswer.model_validate(content)
    return content


def test_the_page_of_an_item_has_all_it_shows(client: httpx.Client) -> None:
    row = {
        "id": "shown-item",
        "title": "Moon, The",
        "overview": "A story about a moon.\nAnd more.",
        "theme": ["space"],
        "part": "1",
        "runtime": "95",
        "image": "moon.jpg",
        "link": "https://example.com/1",
    }
    assert client.post("/v1/items", json={"items": [row]}).json()["accepted"] == 1
    told = item_page(client, "shown-item", n=3, language="de")
    item = told["item"]
    assert (item["title"], item["image"], item["available"]) == ("The Moon", "moon.jpg", True)
    assert item["description"] == "A story about a moon.\nAnd more."
    facts = {fact["column"]: fact for fact in item["facts"]}
    assert "link" not in facts
    assert facts["theme"]["values"][0]["filter"] == {"theme": ["space"]}
    assert facts["runtime"]["text"].replace("\xa0", " ") == "1 Std. 35 Min."
    assert [shelf["kind"] for shelf in told["shelves"]] == ["similar", "bought_together"]
    shown = [item["id"] for shelf in told["shelves"] for item in shelf["items"]]
    assert len(shown) == len(set(shown)) == 6
    assert "shown-item" not in shown
    assert client.delete("/v1/items/shown-item").json()["deleted"]


@pytest.mark.parametrize("name", ["a/b", "a b", "50%", "<b>", "page", "x/page", "é", "?q=1", "#"])
def test_items_with_odd_ids_have_a_page(client: httpx.Client, name: str) -> None:
    row = {"id": name, "title": 'Tom & "Jerry" <3'}
    assert client.post("/v1/items", json={"items": [row]}).status_code == 200
    told = item_page(client, name, n=2)["item"]
    assert (told["id"], told["title"]) == (name, 'Tom & "Jerry" <3')
    assert client.delete(f"/v1/items/{quote(name, safe='')}").json()["deleted"]


def test_an_item_that_is_not_there_has_no_page(client: httpx.Client) -> None:
    answer = client.get("/v1/items/no-such-item/page")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no item 'no-such-item'"


def test_what_was_bought_together_over_http(client: httpx.Client) -> None:
    bought = [
        {"user": f"pair-{n}", "session": f"pair-{n}", "item": item, "event_type": "purchase"}
        for n in range(3)
        for item in ("space-11", "kitchen-11")
    ]
    assert client.post("/v1/events", json={"events": bought}).json()["accepted"] == 6
    answer = client.post("/v1/bought-together", json={"item": "space-11", "n": 1})
    first = answer.json()["items"][0]
    assert first["id"] == "kitchen-11"
    assert "by 3 people" in first["reason"][0]
    wrong = client.post("/v1/bought-together", json={"item": "no-such-item"})
    assert wrong.status_code == 422
