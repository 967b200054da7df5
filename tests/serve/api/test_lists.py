import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, Item
from foretaste.loop import Foretaste
from foretaste.serve.schemas import Health, Recommendations
from foretaste_client import Client

from ..workspace import items, until

ALL = 24


def ranked(client: httpx.Client, path: str = "/v1/recommend", **body: Any) -> list[str]:
    """The ids of the list."""
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def record(client: httpx.Client, **event: Any) -> None:
    answer = client.post("/v1/events", json={"events": [event]})
    assert answer.json()["accepted"] == 1, answer.text


def put(client: httpx.Client, **item: Any) -> None:
    answer = client.post("/v1/items", json={"items": [item]})
    assert answer.json()["accepted"] == 1, answer.text


def test_the_answer_has_all_its_parts(client: httpx.Client) -> None:
    answer = client.post("/v1/recommend", json={"user": "p1", "n": 3}).json()
    assert set(answer) - {"headline"} == {"recommendation_id", "model_version", "items"}
    assert answer["recommendation_id"]
    assert [item["position"] for item in answer["items"]] == [1, 2, 3]
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    titles = {item.id: item.title for item in items()}
    for item in answer["items"]:
        assert item["title"] == titles[item["id"]]
        assert item["attributes"]["theme"] == [item["id"].split("-")[0]]
        assert "terms" not in item
        assert (item["source"], item["propensity"]) == ("model", 1)


def test_terms_come_with_explain_and_sum_to_the_score(client: httpx.Client) -> None:
    answer = client.post("/v1/recommend", json={"user": "p1", "n": 3, "explain": True}).json()
    for item in answer["items"]:
        assert sum(term["nats"] for term in item["terms"]) == pytest.approx(item["score"], abs=1e-3)
        assert item["reason"] == [reason["text"] for reason in item["reasons"]]
    assert any(item["reason"] for item in answer["items"])


def test_reasons_are_the_same_with_and_without_the_terms(client: httpx.Client) -> None:
    """And in the language that is asked for, by name or as browsers do."""
    plain, explained = (
        client.post("/v1/recommend", json={"user": "p1", "n": 5, "explain": explain}).json()
        for explain in (False, True)
    )
    assert [item["reasons"] for item in plain["items"]] == [
        item["reasons"] for item in explained["items"]
    ]
    named = client.post("/v1/recommend", json={"user": "p1", "n": 5, "language": "de"}).json()
    browser = client.post(
        "/v1/recommend",
        json={"user": "p1", "n": 5},
        headers={"Accept-Language": "ja, de-AT;q=0.8, en;q=0.1"},
    ).json()
    texts = [item["reason"] for item in named["items"]]
    assert texts == [item["reason"] for item in browser["items"]]
    assert texts != [item["reason"] for item in plain["items"]]
    wrong = client.post("/v1/recommend", json={"user": "p1", "language": "so much"})
    assert wrong.status_code == 422


def test_every_answer_has_an_id_of_its_own(client: httpx.Client) -> None:
    ids = {client.post("/v1/recommend", json={}).json()["recommendation_id"] for _ in range(3)}
    assert len(ids) == 3


def test_an_event_changes_the_very_next_list(client: httpx.Client) -> None:
    visit: dict[str, Any] = {"session": "changes", "n": 6}
    before = ranked(client, **visit)
    record(client, session="changes", item="space-2", kind="click")
    after = ranked(client, **visit)
    assert after != before
    assert all(item.startswith("space") for item in after[:3])
    record(client, session="changes", item="kitchen-2", kind="click")
    record(client, session="changes", item="kitchen-3", kind="click")
    assert ranked(client, **visit)[0].startswith("kitchen")


def test_an_anonymous_session_has_a_history_of_its_own(client: httpx.Client) -> None:
    record(client, session="one", item="space-4", kind="click")
    record(client, session="two", item="kitchen-4", kind="click")
    assert ranked(client, session="one", n=1)[0].startswith("space")
    assert ranked(client, session="two", n=1)[0].startswith("kitchen")


def test_nobody_in_particular_gets_a_list(client: httpx.Client) -> None:
    assert len(ranked(client, n=5)) == 5


def test_a_whole_number_is_the_same_user_as_its_digits(client: httpx.Client) -> None:
    record(client, user=31, item="space-4", kind="click")
    assert ranked(client, user=31) == ranked(client, user="31") == ranked(client, user=" 31 ")


def test_a_new_item_is_in_the_next_list_from_its_text(client: httpx.Client) -> None:
    put(client, id="saffron", title="Saffron and cinnamon", overview="Spices of the souk.")
    assert ranked(client, query="saffron cinnamon", n=1) == ["saffron"]
    assert "saffron" in ranked(client, path="/v1/search", query="spices of the souk", n=2)
    put(client, id="saffron", title="Saffron and cinnamon", hidden=True)


def test_hidden_and_unavailable_items_never_appear(client: httpx.Client) -> None:
    now = time.time()
    put(client, id="velvet-1", title="Velvet curtain", hidden=True)
    put(client, id="velvet-2", title="Velvet curtain", available_from=now + 3600)
    put(client, id="velvet-3", title="Velvet curtain", available_until=now - 3600)
    put(client, id="velvet-4", title="Velvet curtain", available_until=now + 3600)
    for path in ("/v1/recommend", "/v1/search"):
        found = ranked(client, path=path, query="velvet curtain", n=1000)
        assert {item for item in found if item.startswith("velvet")} == {"velvet-4"}
    assert "velvet-1" not in ranked(client, path="/v1/similar", item="velvet-4", n=1000)
    put(client, id="velvet-4", title="Velvet curtain", hidden=True)
    assert "velvet-4" not in ranked(client, query="velvet curtain", n=1000)


def test_only_what_the_filter_lets_through(client: httpx.Client) -> None:
    found = ranked(client, user="p1", n=1000, filter={"theme": "kitchen"})
    assert found
    assert all(item.startswith("kitchen") for item in found)
    both = ranked(client, n=1000, filter={"theme": ["kitchen", "space"], "part": 1})
    assert {int(item.split("-")[1]) % 3 for item in both} == {1}
    assert {item.split("-")[0] for item in both} == {"kitchen", "space"}
    assert ranked(client, filter={"theme": "no such theme"}) == []


def test_what_was_taken_or_refused_does_not_come_back(client: httpx.Client) -> None:
    assert not {f"space-{place % 12}" for place in range(5)} & set(ranked(client, user="p1", n=99))
    record(client, session="refuses", item="space-1", kind="hide")
    assert "space-1" not in ranked(client, session="refuses", n=99)


def test_similar(client: httpx.Client) -> None:
    found = ranked(client, path="/v1/similar", item="space-1", n=4)
    assert all(item.startswith("space") for item in found)
    assert "space-1" not in found
    pair = ranked(client, path="/v1/similar", items=["kitchen-1", "kitchen-2"], n=99)
    assert not {"kitchen-1", "kitchen-2"} & set(pair)
    narrow = ranked(
        client, path="/v1/similar", item="space-1", user="p2", filter={"theme": "kitchen"}
    )
    assert all(item.startswith("kitchen") for item in narrow)


def test_search_suits_the_words(client: httpx.Client) -> None:
    found = ranked(client, path="/v1/search", query="an astronaut on the moon", n=3)
    assert all(item.startswith("space") for item in found)
    spoken = ranked(client, context={"text": "an astronaut on the moon", "device": "tv"}, n=3)
    assert spoken == found


def test_what_another_process_does_is_in_the_next_answer(client: httpx.Client, shared: Any) -> None:
    """The command line works on the same folder."""
    other = Foretaste.open(shared)
    before = ranked(client, session="elsewhere", n=5)
    other.record([Event("elsewhere-1", "click", time.time(), session="elsewhere", item="space-7")])
    assert ranked(client, session="elsewhere", n=5) != before
    other.store.put_items([Item("walrus", "Walrus on the ice")])
    assert ranked(client, query="walrus", n=1) == ["walrus"]
    other.store.put_items([Item("walrus", "Walrus on the ice", hidden=True)])
    assert "walrus" not in ranked(client, query="walrus", n=99)
    other.close()


def test_another_model_answers_soon_after_it_is_promoted(client: httpx.Client, shared: Any) -> None:
    def version() -> str:
        return str(client.post("/v1/recommend", json={"n": 1}).json()["model_version"])

    first = version()
    other = Foretaste.open(shared)
    second = other.train().name
    until(lambda: version() == second != first, "the new version")  # it is loaded beside the old
    assert other.models.rollback() == first
    until(lambda: version() == first, "the version before")
    other.close()


def test_alive_and_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    told = client.get("/readyz").json()
    assert told["status"] == "ready"
    answer = client.post("/v1/recommend", json={}).json()
    assert told["model"]["version"] == answer["model_version"]
    assert told["model"]["warnings"] == []
    Health.model_validate_json(json.dumps(told), strict=True, extra="forbid")


def test_the_request_id_comes_back(client: httpx.Client) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": "abc-1"})
    assert given.headers["x-request-id"] == "abc-1"
    forged = client.get("/healthz", headers={"X-Request-ID": 'a" b'})
    assert forged.headers["x-request-id"] != 'a" b'


def test_every_answer_has_the_form_the_document_gives_it(client: httpx.Client) -> None:
    asked: dict[str, Any] = {"user": "p1", "n": 4, "explain": True, "explore": 0.5}
    asked["rules"] = [{"pin": "kitchen-1", "at": 1}]
    asked["properties"] = ["theme", "overview"]
    sent = client.post("/v1/recommend", json=asked)
    model = Recommendations.model_validate_json(sent.text, strict=True, extra="forbid")
    assert model.items[0].source == "pinned"
    assert model.model_dump(exclude_none=True) == sent.json()
    ranked = client.post("/v1/rank", json={"candidates": ["space-1", "nonsense"], "user": "p2"})
    model = Recommendations.model_validate_json(ranked.text, strict=True, extra="forbid")
    assert model.left_out is not None
    assert [item.id for item in model.items] == ["space-1"]


def test_typed_filters(client: httpx.Client) -> None:
    later = ranked(client, n=99, filter={"part": {"gte": 1}, "not": {"theme": "space"}})
    assert later
    assert all(one.startswith("kitchen") and int(one[8:]) % 3 for one in later)
    either = {"or": [{"id": ["space-3"]}, {"theme": "kitchen", "part": {"in": [0]}}]}
    assert "space-3" in ranked(client, n=99, filter=either)


def test_rules_through_the_service(client: httpx.Client) -> None:
    found = ranked(client, user="p1", n=3, rules=[{"pin": "kitchen-4", "at": 2}])
    assert found[1] == "kitchen-4"
    own = {"theme": ["kitchen", "space"]}
    most = ranked(client, user="p1", n=6, rules=[{"quota": "theme", "max_items": 2}], filter=own)
    assert sorted(one.split("-")[0] for one in most) == ["kitchen", "kitchen", "space", "space"]


def test_a_pin_that_a_filter_forbids_is_told(client: httpx.Client) -> None:
    rules = [{"pin": "kitchen-4", "at": 1}]
    asked = {"user": "p1", "n": 3, "rules": rules, "filter": {"theme": "space"}}
    answer = client.post("/v1/recommend", json=asked).json()
    assert answer["left_out"] == [
        {
            "id": "kitchen-4",
            "reason": "the filter leaves it out",
            "why": "the filter leaves it out",
        }
    ]
    allowed = client.post("/v1/recommend", json={**asked, "filter": {"theme": "kitchen"}}).json()
    assert "left_out" not in allowed


def test_the_next_page(client: httpx.Client) -> None:
    whole = ranked(client, user="p3", n=9)
    first = client.post("/v1/recommend", json={"user": "p3", "n": 4}).json()
    page = {"next_page_of": first["recommendation_id"], "n": 5}
    assert ranked(client, **page) == whole[4:]


def test_a_list_is_put_in_order(client: httpx.Client) -> None:
    found = ranked(client, path="/v1/rank", candidates=["kitchen-1", "space-9"], user="p1")
    assert found == ["space-9", "kitchen-1"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"filter": {"theme": {"ge": 1}}}, "filter.theme: unknown test 'ge'; did you mean 'gte'?"),
        ({"filter": {"teme": "x"}}, "filter: unknown attribute 'teme'; did you mean 'theme'?"),
        ({"rules": [{"pin": "space-1"}]}, "rules.0.at: is missing"),
        ({"rules": [{"pin": "zz", "at": 1}]}, "rules.0.pin: there is no item 'zz'"),
        ({"diversity": 2}, "diversity: it should be less than or equal to 1 (sent: 2)"),
        ({"next_page_of": "r", "user": "p1"}, "the body: a next page has the question of the firs"),
        ({"next_page_of": "r"}, "next_page_of: there is no recommendation 'r'"),
        ({"timeout_ms": 0}, "timeout_ms: it should be greater than 0"),
        ({"properties": ["teme"]}, "properties.0: no item has 'teme'; did you mean 'theme'?"),
        ({"filter": {"theme": "a\ud800"}}, "filter: the text holds half a character"),
    ],
)
def test_what_cannot_be_asked_is_told(refusal: Any, sent: dict[str, Any], told: str) -> None:
    content = json.dumps(sent)
    headers = {"Content-Type": "application/json"}
    detail = refusal("/v1/recommend", 422, "invalid", content=content, headers=headers)
    assert detail.startswith(told)


def test_trending(client: httpx.Client) -> None:
    for person in range(3):
        record(client, user=f"trend-{person}", item="space-10", kind="click")
    answer = client.get("/v1/trending", params={"window": "10m", "n": 4, "category": "theme:space"})
    assert answer.status_code == 200, answer.text
    model = Recommendations.model_validate_json(answer.text, strict=True, extra="forbid")
    assert model.items[0].id == "space-10"
    assert model.items[0].source == "trending"
    assert all(item.id.startswith("space") for item in model.items)
    both = {"filter": '{"part": {"gte": 1}}', "category": "theme:kitchen"}
    rest = client.get("/v1/trending", params=both).json()
    assert all(item["id"][:7] == "kitchen" and int(item["id"][8:]) % 3 for item in rest["items"])


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"window": "often"}, "window: 'often' is no length of time"),
        ({"n": "0"}, "n: it should be greater than or equal to 1"),
        ({"category": "genre"}, "category: 'genre' is no attribute and value"),
        ({"windw": "7d"}, "the address: unknown field 'windw'; did you mean 'window'?"),
        ({"filter": '{"teme": "x"}'}, "filter.and.0: unknown attribute"),
        ({"filter": "theme"}, "filter: 'theme' is not JSON: line 1, column 1"),
    ],
)
def test_what_cannot_be_asked_of_trending_is_told(
    refusal: Any, sent: dict[str, str], told: str
) -> None:
    detail = refusal("/v1/trending", 422, "invalid", method="GET", params=sent)
    assert detail.startswith(told.replace(".and.0", ""))


def test_over_http_a_batch_that_is_partly_wrong(client: httpx.Client) -> None:
    good = {"user": "partly", "item": "space-1", "kind": "click", "event_id": "partly-1"}
    answer = client.post("/v1/events", json={"events": [good, {**good, "kind": "clik"}]})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["duplicates"], told["event_ids"]) == (1, 0, ["partly-1", None])
    (wrong,) = told["rejected"]
    assert (wrong["index"], wrong["value"]) == (1, "clik")
    assert "did you mean 'click'?" in wrong["remedy"]
    assert client.post("/v1/events", json={"events": [good]}).json()["duplicates"] == 1


def test_events_are_attributed_to_the_list_they_came_from(
    client: httpx.Client, shared: Path
) -> None:
    asked = client.post("/v1/recommend", json={"session": "attributed", "n": 3}).json()
    rec, second = asked["recommendation_id"], asked["items"][1]["id"]
    who = {"session": "attributed", "recommendation_id": rec}
    sent = [
        {"event_id": "at-1", "kind": "impression", **who},
        {"event_id": "at-2", "kind": "click", "item": second, **who},
        {"event_id": "at-3", "kind": "click", "item": second, **who, "position": 3},
        {
            "event_id": "at-4",
            "kind": "click",
            "item": second,
            **who,
            "recommendation_id": "unknown-list",
        },
        {"event_id": "at-5", "kind": "impression", "session": "attributed"},
    ]
    answer = client.post("/v1/events", json={"events": sent}).json()
    assert answer["accepted"] == 4
    assert [(one["index"], one["remedy"]) for one in answer["rejected"]] == [
        (4, "fill in the item, or the recommendation_id of the list that was seen")
    ]
    assert {one["event_id"]: one["problem"] for one in answer["unattributed"]} == {
        "at-3": f"item '{second}' is at place 2 of that list, not 3",
        "at-4": "there is no such recommendation, or it was incognito or is no longer kept",
    }
    with SqlStore(shared / "behaviour.db") as store:
        kept = {event.event_id: event for event in store.history(None, "attributed")}
    assert kept["at-2"].position == 2
    assert (kept["at-1"].item, kept["at-1"].recommendation_id) == (None, rec)


def test_a_late_event_takes_its_place_in_time(client: httpx.Client, shared: Path) -> None:
    for number, at in ((1, 1_700_000_500.0), (2, 1_700_000_100.0)):
        event = {
            "event_id": f"late-{number}",
            "session": "late",
            "item": f"space-{number}",
            "at": at,
        }
        client.post("/v1/events", json={"events": [event]})
    with SqlStore(shared / "behaviour.db") as store:
        events = store.history(None, "late", 10)
    assert [event.item for event in events] == ["space-2", "space-1"]  # newest last


def test_an_empty_list_says_why_and_can_be_filled_up(client: httpx.Client) -> None:
    question = {"user": "p1", "n": 4, "filter": {"theme": "opera"}}
    answer = client.post("/v1/recommend", json=question).json()
    Recommendations.model_validate(answer, strict=True)
    shortfall = answer["shortfall"]
    assert (answer["items"], shortfall["requested"], shortfall["shown"]) == ([], 4, 0)
    assert sum(count["items"] for count in shortfall["counts"]) == shortfall["catalogue"]
    assert {count["code"] for count in shortfall["counts"]} <= {"filter", "unavailable"}
    assert "not what the filter asks for" in shortfall["reason"]

    filled = client.post("/v1/recommend", json=question | {"fill_up": ["unfiltered"]}).json()
    Recommendations.model_validate(filled, strict=True)
    assert [item["source"] for item in filled["items"]] == ["unfiltered"] * 4
    assert filled["shortfall"]["filled"] == 4
    assert "shortfall" not in client.post("/v1/recommend", json={"user": "p1", "n": 4}).json()

    with Client(str(client.base_url), timeout=60) as shop:
        recommendation = shop.recommend("p1", n=4, filter={"theme": "opera"})
        assert recommendation.shortfall is not None
        assert recommendation.shortfall.reason == shortfall["reason"]


def test_what_fills_up_is_named_rightly(refusal: Any) -> None:
    told = refusal("/v1/recommend", 422, "invalid", json={"fill_up": ["everything"]})
    assert "fill_up" in told


def test_facets_of_the_query_are_shown_and_turned_off(client: httpx.Client) -> None:
    for number in range(3):
        put(client, id=f"vase-{number}", title=f"Vase {number}", year=1950 + number)
    body = {"query": "a vase before 1952", "n": 20}
    for path in ("/v1/recommend", "/v1/search"):
        answer = client.post(path, json=body).json()
        Recommendations.model_validate(answer)
        assert {item["id"] for item in answer["items"]} == {"vase-0", "vase-1"}
        (facet,) = answer["searched"]["facets"]
        assert facet == {"text": "before 1952", "filter": {"year": {"lt": 1952}}, "applied": True}
        assert answer["searched"]["words"]
        everything = client.post(path, json={**body, "query_facets": False}).json()
        assert "searched" not in everything
        assert len(everything["items"]) == 20
        assert client.post(path, json={**body, "query_facets": "no"}).status_code == 422
    with Client(str(client.base_url)) as shop:
        found = shop.search("a vase before 1952")
    assert found.searched is not None
    assert found.searched.facets[0].text == "before 1952"


def test_what_came_long_ago_can_be_left_out(client: httpx.Client) -> None:
    for name, days in (("old-1", 30), ("new-1", 1)):
        start = datetime.fromtimestamp(time.time() - days * 86_400, UTC).isoformat()
        put(client, id=name, title=f"An item of {name}", theme="kitchen", available_from=start)
    assert {"old-1", "new-1"} <= set(ranked(client, n=100))
    for max_age in ("7d", 604_800, "604800"):
        assert ranked(client, n=100, max_age=max_age) == ["new-1"]  # of the others nobody knows
    assert "old-1" in ranked(client, n=100, max_age="10w")
    answer = client.post("/v1/recommend", json={"max_age": "soon"})
    assert answer.status_code == 422
    assert "max_age" in answer.text
