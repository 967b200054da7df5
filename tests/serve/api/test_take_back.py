"""Events taken back over HTTP: by whoever may, once and for all."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.http.keys import create_key
from foretaste_client import Client, sign_user_token

from ..workspace import SETTINGS, serving

KEYS = {
    "server": {"scopes": ["events", "read"], "user_access": "open"},
    "page": {"scopes": ["events", "read"], "user_access": "signed"},
    "other page": {"scopes": ["events", "read"], "user_access": "signed"},
    "reader": {"scopes": ["read"], "user_access": "open"},
}


class Shop:
    """A service with keys of several kinds."""

    def __init__(self, http: httpx.Client, keys: dict[str, Any]) -> None:
        self.http, self.keys = http, keys

    def headers(self, key: str, user: str | None = None) -> dict[str, str]:
        made, secret = self.keys[key]
        token = {} if user is None else {"X-User-Token": sign_user_token(user, made.signing_secret)}
        return {"X-API-Key": secret, **token}

    def send(self, key: str, *events: dict[str, Any], user: str | None = None) -> dict[str, Any]:
        headers = self.headers(key, user)
        answer = self.http.post("/v1/events", json={"events": list(events)}, headers=headers)
        return dict(answer.json())

    def take_back(self, key: str, *rows: Any, user: str | None = None) -> httpx.Response:
        headers = self.headers(key, user)
        return self.http.post("/v1/take-back", json={"events": list(rows)}, headers=headers)

    def hidden(self, session: str) -> bool:
        """Whether space-1 is not shown to a visit."""
        body = {"session": session, "n": 50}
        answer = self.http.post("/v1/recommend", json=body, headers=self.headers("server")).json()
        return "space-1" not in [item["id"] for item in answer["items"]]


@pytest.fixture(scope="module")
def shop(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("take-back") / "workspace"
    shutil.copytree(trained, folder)
    (folder / "foretaste.toml").write_text(SETTINGS)
    with SqlStore(folder / STORE_FILE) as store:
        keys = {
            name: create_key(store.keys, name, options["scopes"], now=0.0,
                             user_access=str(options["user_access"]))
            for name, options in KEYS.items()
        }  # fmt: skip
    with serving(folder) as client:
        yield Shop(client, keys)


def hide(name: str, **who: str) -> dict[str, Any]:
    return {"event_id": name, "event_type": "hide", "item": "space-1", **who}


def test_the_very_next_list_is_as_if_it_had_not_been(shop: Shop) -> None:
    shop.send("server", hide("h1", session="v1"))
    assert shop.hidden("v1")
    answer = shop.take_back("server", {"event_id": "h1"})
    assert answer.json() == {"taken_back": 1, "duplicates": 0, "unknown": [], "pending": []}
    assert not shop.hidden("v1")


def test_a_retry_changes_nothing_and_brings_nothing_back(shop: Shop) -> None:
    shop.send("server", hide("h2", session="v2"))
    for taken_back in (1, 0, 0):
        answer = shop.take_back("server", {"event_id": "h2"}, {"event_id": "h-never"}).json()
        assert (answer["taken_back"], answer["duplicates"]) == (taken_back, 1 - taken_back)
        assert answer["unknown"] == ["h-never"]
    refused = shop.send("server", hide("h2", session="v2"))
    assert "erased or taken back" in refused["detail"]
    assert not shop.hidden("v2")
    shop.send("server", hide("h3", session="v2"))
    assert shop.hidden("v2")


def test_a_page_takes_back_its_own_events_alone(shop: Shop) -> None:
    shop.send("page", hide("p1", session="v3"))
    shop.send("server", hide("p2", session="v4"))
    for key, row in (
        ("page", {"event_id": "p1", "session": "another"}),
        ("page", {"event_id": "p1"}),
        ("page", {"event_id": "p2", "session": "v4"}),
        ("other page", {"event_id": "p1", "session": "v3"}),
        ("server", {"event_id": "p1"}),
    ):
        answer = shop.take_back(key, row).json()
        assert (answer["taken_back"], answer["unknown"]) == (0, [row["event_id"]]), (key, row)
    assert shop.hidden("v3")
    assert shop.hidden("v4")
    assert shop.take_back("page", {"event_id": "p1", "session": "v3"}).json()["taken_back"] == 1
    assert not shop.hidden("v3")


def test_a_page_names_a_user_with_a_token_alone(shop: Shop) -> None:
    shop.send("page", hide("u1", user="ann"), user="ann")
    row = {"event_id": "u1", "user": "ann"}
    for user in (None, "bob"):
        assert shop.take_back("page", row, user=user).status_code == 403
    assert shop.take_back("page", row, user="ann").json()["taken_back"] == 1


def test_a_server_takes_back_what_a_page_sent(shop: Shop) -> None:
    shop.send("page", hide("s1", session="v5"))
    row = {"event_id": "s1", "session": "v5", "key": shop.keys["page"][0].id}
    answer = shop.take_back("other page", row)
    assert answer.status_code == 422
    assert "key: this key takes back its own events alone" in answer.json()["detail"]
    assert shop.take_back("server", row).json()["taken_back"] == 1
    assert not shop.hidden("v5")


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "at least 1"),
        ([{}], "event_id"),
        ([{"event_id": ""}], "an id cannot be empty"),
        ([{"event_id": "x", "item": "space-1"}], "unknown field 'item'"),
    ],
)
def test_what_cannot_be_asked_is_told(shop: Shop, rows: list[Any], problem: str) -> None:
    answer = shop.take_back("server", *rows)
    assert answer.status_code == 422
    assert problem in answer.json()["detail"]


def test_it_needs_the_scope_of_events(shop: Shop) -> None:
    assert shop.take_back("reader", {"event_id": "h1"}).status_code == 403


def test_the_client_for_python(shop: Shop) -> None:
    _, secret = shop.keys["server"]
    with Client(str(shop.http.base_url), key=secret, timeout=60) as client:
        sent = client.events([hide("c1", session="v6"), hide("c2", session="v6")])
        assert sent.accepted == 2
        result = client.take_back(["c1", {"event_id": "c2"}, "c3"])
    assert (result.taken_back, result.duplicates, result.unknown) == (2, 0, ("c3",))
    assert not shop.hidden("v6")


def test_what_is_sent_back_is_counted_for_nobody_from_the_next_list_on(shop: Shop) -> None:
    """A `return` event takes the purchase off what others are shown, too."""

    def order(name: str, user: str, item: str, event_type: str) -> dict[str, Any]:
        return {"event_id": name, "event_type": event_type, "user": user, "item": item}

    def reasons() -> str:
        body, headers = {"item": "kitchen-1", "n": 20}, shop.headers("server")
        answer = shop.http.post("/v1/bought-together", json=body, headers=headers)
        return str([row["reason"] for row in answer.json()["items"]])

    people, items = ("buyer-1", "buyer-2", "buyer-3"), ("kitchen-1", "space-7")
    orders = [order(f"{item} {user}", user, item, "purchase") for user in people for item in items]
    shop.send("server", *orders)
    assert "Bought together" in reasons()
    backs = [order(f"back {user}", user, "space-7", "return") for user in people]
    assert shop.send("server", *backs)["accepted"] == 3
    assert "Bought together" not in reasons()
