"""Consent over HTTP: said at its addresses and in headers, obeyed at all others."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.http.keys import create_key

from ..workspace import serving

GPC, DNT = {"Sec-GPC": "1"}, {"DNT": "1"}


def event(**fields: Any) -> dict[str, Any]:
    return {"event_type": "click", "item": "space-1", **fields}


def sent(client: httpx.Client, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    answer = client.post("/v1/events", json={"events": [event(**fields)]}, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def allowed(client: httpx.Client, who: str, headers: dict[str, str] | None = None) -> set[str]:
    answer = client.get(f"/v1/{who}/consent", headers=headers).json()
    return {purpose["purpose"] for purpose in answer["purposes"] if purpose["allowed"]}


def test_it_is_said_shown_and_taken_back(client: httpx.Client) -> None:
    answer = client.patch("/v1/users/consent-1/consent", json={"record": False, "share": True})
    state = answer.json()
    assert state["statements"] == {"record": False, "share": True}
    assert state["purposes"][0]["text"] == (
        "Not recorded: what you do here is not kept, as you asked"
    )
    assert allowed(client, "users/consent-1") == {"personalise", "train", "share"}
    assert allowed(client, "users/consent-1", DNT) == {"share"}
    client.patch("/v1/users/consent-1/consent", json={"record": None})
    assert len(allowed(client, "users/consent-1")) == 4
    client.patch("/v1/sessions/consent-s/consent", json={"personalise": False})
    assert allowed(client, "sessions/consent-s") == {"record", "train", "share"}


def test_many_say_it_at_once(client: httpx.Client) -> None:
    rows = [{"user": f"many-{number}", "train": False, "minor": number == 2} for number in range(3)]
    answer = client.post(
        "/v1/consents", json={"consents": [*rows, {"session": "many-s", "share": False}]}
    )
    assert answer.json() == {"changed": 4}
    assert allowed(client, "users/many-1") == {"record", "personalise", "share"}
    assert allowed(client, "users/many-2") == set()
    assert allowed(client, "sessions/many-s") == {"record", "personalise", "train"}
    wrong = [{"user": "many-9", "train": False}, {"train": False}]
    refused = client.post("/v1/consents", json={"consents": wrong})
    assert refused.status_code == 422
    assert "either a user or a session" in refused.text
    assert len(allowed(client, "users/many-9")) == 4


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Not recorded: what you do here is not kept, as your browser asks"),
        ("de", "Nicht aufgezeichnet: Was du hier tust, wird nicht gespeichert, wie dein Browser"),
        (
            "fr",
            "Non enregistré : ce que vous faites ici n’est pas conservé, comme le demande votre",
        ),
        ("es", "No se guarda: lo que haces aquí no queda registrado, como pide tu navegador"),
    ],
)
def test_do_not_track_keeps_an_event_out(client: httpx.Client, language: str, text: str) -> None:
    answer = sent(client, {**DNT, "Accept-Language": language}, user="consent-2")
    assert (answer["accepted"], answer["rejected"], answer["event_ids"]) == (0, [], [None])
    assert answer["unrecorded"][0]["text"].startswith(text)
    assert client.get("/v1/users/consent-2/export").status_code == 404


def test_global_privacy_control_keeps_an_event_from_teaching(client: httpx.Client) -> None:
    assert sent(client, GPC, session="consent-gpc")["accepted"] == 1
    assert allowed(client, "sessions/consent-gpc") == {"record", "personalise", "share"}


def test_a_header_makes_a_list_that_is_not_personal_and_not_kept(client: httpx.Client) -> None:
    body = {"user": "p1", "n": 4}
    own = client.post("/v1/recommend", json=body).json()
    assert "refused" not in own
    answer = client.post("/v1/recommend", json=body, headers=DNT).json()
    assert {refusal["purpose"] for refusal in answer["refused"]} == {"record", "personalise"}
    again = {"next_page_of": answer["recommendation_id"]}
    assert client.post("/v1/recommend", json=again).status_code == 422
    stranger = client.post("/v1/recommend", json={"n": 4}).json()
    shown = [[item["id"] for item in content["items"]] for content in (answer, stranger, own)]
    assert shown[0] == shown[1] != shown[2]
    client.patch("/v1/users/consent-profile/consent", json={"personalise": False})
    profile = client.get("/v1/users/consent-profile/profile").json()
    assert profile["profile"] == {}
    assert [refusal["purpose"] for refusal in profile["refused"]] == ["personalise"]
    same = client.post("/v1/recommend", json={**body, "personalise": False}).json()
    assert [item["id"] for item in same["items"]] == shown[1]


def test_gorse_clients_are_told_as_well(client: httpx.Client) -> None:
    client.patch("/v1/users/consent-3/consent", json={"record": False})
    row = {"FeedbackType": "click", "UserId": "consent-3", "ItemId": "space-1"}
    answer = client.post("/api/feedback", json=[{**row, "Timestamp": "2024-02-03T04:05:06Z"}])
    assert answer.json()["RowAffected"] == 0
    assert "does not let what they do" in answer.json()["Unrecorded"][0]["Problem"]
    assert client.get("/api/user/consent-3/feedback").json() == []


def test_only_an_operator_says_who_is_a_minor(copied: Path) -> None:
    with SqlStore(copied / STORE_FILE) as store:
        keys = {
            name: create_key(store.keys, name, scopes, now=0.0)[1]
            for name, scopes in (("page", ["read", "events"]), ("admin", ["admin"]))
        }
    with serving(copied) as client:

        def patched(key: str, **body: Any) -> httpx.Response:
            headers = {"Authorization": f"Bearer {keys[key]}"}
            return client.patch("/v1/sessions/child/consent", json=body, headers=headers)

        assert patched("page", minor=True).status_code == 403
        assert patched("page", train=False).status_code == 200
        assert patched("admin", minor=True).json()["minor"]
        assert patched("page", record=True).json()["purposes"][0]["source"] == "minor"
