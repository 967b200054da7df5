"""Conversations over HTTP: the state goes with each answer; another tenant has none of it."""

import httpx

from ..conftest import Refusal


def test_a_talk(client: httpx.Client) -> None:
    def said(**body: object) -> dict[str, object]:
        answer = client.post("/v1/chat", json={"user": "p13", **body})
        assert answer.is_success, answer.text
        found: dict[str, object] = answer.json()
        return found

    first = said(text="stories about bread")
    name = first["conversation_id"]
    assert first["by"] == "grammar"
    assert first["state"]["query"] == "bread"  # type: ignore[index]
    assert len(first["recommendation"]["items"]) == 5  # type: ignore[index]
    edited = said(conversation_id=name, state={"query": "", "filter": {"theme": "space"}})
    assert edited["state"]["query"] is None  # type: ignore[index]
    ids = [one["id"] for one in edited["recommendation"]["items"]]  # type: ignore[index]
    assert {one.split("-")[0] for one in ids} == {"space"}
    assert said(conversation_id=name, text="why the first?")["recommendation"] is None


def test_what_cannot_be_used(refusal: Refusal) -> None:
    for body, says in (
        ({"text": "x", "conversation_id": "no such"}, "there is no conversation 'no such'"),
        ({"text": "x" * 2001}, "text"),
        ({"words": "x"}, "unknown field 'words'"),
        ({"text": "x", "state": {"n": 51}}, "n"),
    ):
        assert says in refusal("/v1/chat", 422, "invalid", json=body)


def test_a_query_is_said_as_it_was_typed(client: httpx.Client) -> None:
    answer = client.post("/v1/chat", json={"text": "ein Buch über Drachen", "session": "typed"})
    state = answer.json()["state"]
    assert (state["query"], state["said_query"], state["language"]) == ("dragon", "Drachen", "de")


def test_a_talk_begins_in_the_language_of_the_request(client: httpx.Client) -> None:
    for accepted, language in (("de-AT,en;q=0.5", "de"), ("ja", "en")):
        answer = client.post(
            "/v1/chat",
            json={"text": "rockets", "session": f"in-{language}"},
            headers={"Accept-Language": accepted},
        )
        assert answer.json()["state"]["language"] == language
