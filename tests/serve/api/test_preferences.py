"""A person's own control over HTTP: each change acts on the very next answer, on every path."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from ..conftest import Refusal
from ..workspace import serving

SPACE, KITCHEN = {"theme": "space"}, {"theme": "kitchen"}


def patched(client: httpx.Client, who: str, **body: Any) -> Any:
    answer = client.patch(f"/v1/{who}/profile", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def shown(client: httpx.Client, path: str = "recommend", **asked: Any) -> list[Any]:
    answer = client.post(f"/v1/{path}", json={"n": 24, **asked})
    assert answer.is_success, answer.text
    return list(answer.json()["items"])


def themes(items: list[Any]) -> set[str]:
    """Other tests of the same server put in items that have none."""
    return {item["id"].split("-")[0] for item in items} & {"space", "kitchen"}


def test_a_mute_holds_on_every_path(client: httpx.Client) -> None:
    assert themes(shown(client, user="p1")) == {"space", "kitchen"}
    told = patched(client, "users/p1", changes=[{"filter": SPACE, "mute": True}])
    assert [one["name"] for one in told["changes"]] == ["theme: space"]
    who = {"user": "p1"}
    assert themes(shown(client, **who)) == {"kitchen"}
    assert themes(shown(client, "search", query="a rocket and a planet", **who)) == {"kitchen"}
    assert themes(shown(client, "similar", item="space-1", **who)) == {"kitchen"}
    assert themes(shown(client, rules=[{"pin": "space-3", "at": 1}], **who)) == {"kitchen"}
    # in a time that is enough for popularity alone, and where that comes from a still picture
    assert themes(shown(client, timeout_ms=1, **who)) <= {"kitchen"}
    answer = client.get("/v1/trending", params={"n": 24, **who}).json()
    assert themes(answer["items"]) == {"kitchen"}
    asked = {"candidates": ["space-1", "kitchen-1"], **who}
    answer = client.post("/v1/rank", json=asked).json()
    assert themes(answer["items"]) == {"kitchen"}
    assert "asked never to be shown" in answer["left_out"][0]["reason"]
    first = client.post("/v1/recommend", json={"n": 3, **who}).json()["recommendation_id"]
    assert themes(shown(client, next_page_of=first)) == {"kitchen"}
    patched(client, "users/p1", reset=True)
    assert themes(shown(client, user="p1")) == {"space", "kitchen"}


def test_a_boost_is_a_term_and_a_reason(client: httpx.Client) -> None:
    before = {one["id"]: one["score"] for one in shown(client, user="p3")}
    patched(client, "users/p3", changes=[{"filter": KITCHEN, "nats": 2.5}])
    after = shown(client, user="p3", explain=True)
    for one in after:
        worth = 2.5 if one["id"].startswith("kitchen") else 0.0
        assert one["score"] == pytest.approx(before[one["id"]] + worth, abs=1e-3)
        assert sum(term["nats"] for term in one["terms"]) == pytest.approx(one["score"], abs=1e-3)
        wished = [term for term in one["terms"] if term["expert"] == "wish"]
        assert bool(wished) == bool(worth)
        assert wished == [] or wished[0]["feature"] == "theme: kitchen"
        assert ("You asked for more of this: kitchen" in one["reason"]) == bool(worth)


def test_a_wish_in_plain_words(client: httpx.Client) -> None:
    told = patched(client, "users/p5", wish="more kitchen, nothing with noodles or dinosaurs")
    assert [(one["said"], one["how"]) for one in told["understood"]] == [
        ("kitchen", "named"),
        ("noodles", "topic"),
        ("dinosaurs", "nothing"),
    ]
    assert {one["name"]: one["act"] for one in told["changes"]} == {
        "theme: kitchen": "boost",
        "about: noodles": "mute",
    }
    assert client.get("/v1/users/p5/profile").json()["changes"] == told["changes"]
    listed = shown(client, user="p5")
    assert listed
    assert not [one for one in listed if "noodle" in one["title"]]
    # a topic may also be asked for in a filter
    assert all("oven" in one["title"] for one in shown(client, filter={"about": "ovens"}))
    told = patched(client, "users/p5", wish="more kitchen; forget the noodles")
    assert [(one["name"], one["nats"]) for one in told["changes"]] == [("theme: kitchen", 2.0)]


def test_less_like_this(client: httpx.Client) -> None:
    patched(client, "users/p7", less_like=["space-9"])
    assert "space-9" not in {one["id"] for one in shown(client, user="p7")}
    lowered = [
        term
        for one in shown(client, user="p7", explain=True)
        for term in one["terms"]
        if term["expert"] == "refusal" and term.get("event") == "space-9"
    ]
    assert lowered
    assert all(term["nats"] <= 0 for term in lowered)


def test_the_changes_of_a_visit_become_the_users(copied: Path) -> None:
    with serving(copied) as client:
        patched(client, "sessions/phone", changes=[{"filter": SPACE, "mute": True}])
        assert themes(shown(client, session="phone")) == {"kitchen"}
        assert themes(shown(client, user="p9")) == {"space", "kitchen"}
        client.post("/v1/identify", json={"session": "phone", "user": "p9"})
        assert themes(shown(client, user="p9")) == {"kitchen"}
    with serving(copied) as client:  # and are there after a restart
        assert themes(shown(client, user="p9")) == {"kitchen"}
        told = client.get("/v1/sessions/phone/profile").json()
        assert [one["name"] for one in told["changes"]] == ["theme: space"]


def test_what_cannot_be_used(refusal: Refusal, client: httpx.Client) -> None:
    for body, says in (
        ({"changes": [{"filter": {"them": "space"}, "mute": True}]}, "did you mean 'theme'?"),
        ({"changes": [{"filter": SPACE}]}, "one of nats, mute, only and remove"),
        ({"changes": [{"filter": SPACE, "nats": 1, "mute": True}]}, "one of nats, mute"),
        ({"changes": [{"filter": SPACE, "nats": 6}]}, "changes.0.nats"),
        ({"changes": [{"filter": {}, "mute": True}]}, 'it needs "filter"'),
        ({"wish": "please"}, "it names nothing"),
        ({"wish": "x" * 501}, "wish"),
        ({"less_like": ["no such item"]}, "there is no item 'no such item'"),
        ({"wishes": "more"}, "did you mean 'wish'?"),
    ):
        told = refusal("/v1/users/p11/profile", 422, "invalid", method="PATCH", json=body)
        assert says in told, (body, told)
    assert client.get("/v1/users/p11/profile").json()["changes"] == []


def test_what_is_sensitive_is_shown_to_who_asks_and_is_no_taste(copied: Path) -> None:
    with (copied / "foretaste.toml").open("a") as file:
        file.write('[rank.policy]\nsensitive = [{ theme = "space" }]\n')
    with serving(copied) as client:  # p1 has taken nothing but what is sensitive
        assert themes(shown(client, user="p1")) == {"kitchen"}
        assert themes(shown(client, "search", query="a rocket", user="p1")) == {"kitchen"}
        asked = shown(client, "search", query="stories in space", user="p1")
        assert "space" in themes(asked)
        for one in asked:
            assert not [reason for reason in one["reason"] if "theme: space" in reason]
        profile = client.get("/v1/users/p1/profile").json()["profile"]
        assert not [one for values in profile.values() for one in values if one["items"]]
        told = client.post("/v1/rank", json={"candidates": ["space-1"], "user": "p2"}).json()
        assert "policy" in told["left_out"][0]["reason"]
