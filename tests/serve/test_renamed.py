"""Fields of requests and answers that have new names: the old ones work for one release."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from .conftest import Refusal

ANSWERS = {
    "DegradationOut": {"to": "fallback_level", "why": "reason"},
    "OmittedItemOut": {"why": "reason"},
    "ItemsAnswer": {"known": "duplicates"},
    "UsersAnswer": {"known": "duplicates"},
    "EventsAnswer": {"known": "duplicates"},
    "ErasureAnswer": {"recounted": "recounted_versions", "waits": "pending"},
    "WhyNotAnswer": {"why": "reason"},
    "Health": {"why": "reason"},
    "TrainingOutcomeOut": {"why": "reason"},
    "GeneratedTextOut": {"by": "author", "why": "fallback_reason"},
    "ItemLineOut": {"by": "author", "why": "fallback_reason"},
    "PreferenceOut": {"what": "filter", "said": "wording"},
    "ClauseMatchOut": {"said": "phrase", "what": "filter", "how": "match_type"},
    "ProfileAnswer": {"understood": "clause_matches"},
    "ChatAnswer": {"said": "text", "by": "author", "understood": "clause_matches"},
    "ChatStateOut": {"shown": "shown_titles"},
    "EventRow": {"kind": "event_type"},
    "TimelineEvent": {"kind": "event_type"},
}
REQUESTS = {
    "RecommendBody": {"floor": "min_relative_likelihood"},
    "SimilarBody": {"floor": "min_relative_likelihood"},
    "SearchBody": {"floor": "min_relative_likelihood"},
    "GenerateBody": {"floor": "min_relative_likelihood"},
    "WhyNotBody": {"floor": "min_relative_likelihood"},
    "FacetsBody": {"floor": "min_relative_likelihood"},
    "PreferenceIn": {"what": "filter"},
}


def renamed(schemas: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(schema, old name, name) of each field that is marked."""
    for name, schema in schemas.items():
        for field, description in schema.get("properties", {}).items():
            if description.get("deprecated"):
                yield name, field, description["description"].split("`")[1]


def test_the_document_marks_every_old_name_and_has_the_new_beside(client: httpx.Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    expected = {
        (schema, old, new)
        for schema, names in (ANSWERS | REQUESTS).items()
        for old, new in names.items()
    }
    assert set(renamed(schemas)) == expected
    for schema, _, new in expected:
        assert not schemas[schema]["properties"][new].get("deprecated")


def old_and_new(answer: Any, names: Mapping[str, str]) -> None:
    """Both are there, and agree."""
    for old, new in names.items():
        assert answer[old] == answer[new], (old, answer)


def test_answers_have_both(client: httpx.Client) -> None:
    event = {"user": "renamed-1", "item": "space-1", "event_type": "click", "event_id": "renamed-1"}
    for count in (0, 1):
        answer = client.post("/v1/events", json={"events": [event]}).json()
        assert answer["duplicates"] == count
        old_and_new(answer, ANSWERS["EventsAnswer"])
    items = {"items": [{"id": "renamed", "title": "Renamed", "theme": "renamed"}]}
    old_and_new(client.post("/v1/items", json=items).json(), ANSWERS["ItemsAnswer"])
    users = {"users": [{"id": "renamed", "theme": "renamed"}]}
    old_and_new(client.post("/v1/users", json=users).json(), ANSWERS["UsersAnswer"])
    asked = {"user": "p1", "n": 2}
    pinned = {**asked, "rules": [{"pin": "space-2", "at": 1}], "filter": {"theme": "kitchen"}}
    for omitted in client.post("/v1/recommend", json=pinned).json()["left_out"]:
        old_and_new(omitted, ANSWERS["OmittedItemOut"])
    why_not = client.post("/v1/why-not", json={**asked, "item": "kitchen-1"}).json()
    old_and_new(why_not, ANSWERS["WhyNotAnswer"])
    written = client.post("/v1/generate", json=asked).json()
    for text in (written["title"], written["description"], *written["lines"]):
        assert text["author"] == text["by"]
        assert text.get("fallback_reason") == text.get("why")


def test_profiles_and_talks_have_both(client: httpx.Client) -> None:
    wish = {"wish": "more space", "changes": [{"filter": {"theme": "kitchen"}, "mute": True}]}
    profile = client.patch("/v1/users/renamed-2/profile", json=wish).json()
    old_and_new(profile, ANSWERS["ProfileAnswer"])
    assert len(profile["changes"]) == 2
    for change in profile["changes"]:
        old_and_new(change, ANSWERS["PreferenceOut"])
    for match in profile["clause_matches"]:
        old_and_new(match, ANSWERS["ClauseMatchOut"])
    talk = client.post("/v1/chat", json={"text": "something about space", "session": "s"}).json()
    old_and_new(talk, ANSWERS["ChatAnswer"])
    old_and_new(talk["state"], ANSWERS["ChatStateOut"])
    event = {"user": "renamed-2", "item": "space-1", "event_type": "click"}
    client.post("/v1/events", json={"events": [event]})
    export = client.get("/v1/users/renamed-2/export").json()
    (exported,) = export["events"]
    old_and_new(exported, ANSWERS["EventRow"])
    for change in export["changes"]:
        old_and_new(change, ANSWERS["PreferenceOut"])
    erased = client.delete("/v1/users/renamed-2").json()
    old_and_new(erased, ANSWERS["ErasureAnswer"])


@pytest.mark.parametrize("path", ["recommend", "search", "similar", "generate", "why-not"])
def test_the_likelihood_bound_by_either_name(
    client: httpx.Client, refusal: Refusal, path: str
) -> None:
    asked = {"search": {"query": "space"}, "similar": {"item": "space-1"}}.get(path, {})
    asked |= {"item": "kitchen-1"} if path == "why-not" else {}
    names = ("min_relative_likelihood", "floor")
    for bound in ({names[0]: 0.5}, {names[1]: 0.5}, dict.fromkeys(names, 0.5)):
        answer = client.post(f"/v1/{path}", json={**asked, **bound})
        assert answer.status_code == 200, answer.text
    said = refusal(f"/v1/{path}", 422, "invalid", json={**asked, names[0]: 0.5, names[1]: 0.1})
    assert "'floor' is the old name of 'min_relative_likelihood', and the two differ" in said
    for name in names:
        said = refusal(f"/v1/{path}", 422, "invalid", json={**asked, name: 2})
        assert said.startswith(f"{name}: ")


def test_the_bound_bounds_by_either_name(client: httpx.Client) -> None:
    lists = [
        [item["id"] for item in client.post("/v1/recommend", json=body).json()["items"]]
        for body in (
            {"user": "p1", "n": 20},
            {"user": "p1", "n": 20, "min_relative_likelihood": 0.9},
            {"user": "p1", "n": 20, "floor": 0.9},
        )
    ]
    assert lists[1] == lists[2]
    assert 0 < len(lists[1]) < len(lists[0])


def test_a_change_by_either_name(client: httpx.Client, refusal: Refusal) -> None:
    space, kitchen = {"theme": "space"}, {"theme": "kitchen"}
    for name in ("filter", "what"):
        body = {"reset": True, "changes": [{name: space, "mute": True}]}
        profile = client.patch("/v1/users/renamed-3/profile", json=body).json()
        assert [change["filter"] for change in profile["changes"]] == [space]
    change = {"filter": space, "what": kitchen, "mute": True}
    said = refusal(
        "/v1/users/renamed-3/profile", 422, "invalid", method="PATCH", json={"changes": [change]}
    )
    assert "'what' is the old name of 'filter', and the two differ" in said


def test_a_quota_by_either_name(client: httpx.Client) -> None:
    for most in ("max_items", "most"):
        rules = [{"quota": "theme", most: 1}]
        answer = client.post("/v1/recommend", json={"user": "p1", "n": 2, "rules": rules}).json()
        themes = [item["attributes"]["theme"] for item in answer["items"]]
        assert len(themes) == 2
        assert themes[0] != themes[1]
