"""The client that blocks, against the real service, and against one that fails for a moment."""

import importlib
import json
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.http.keys import create_key
from foretaste_client import (
    Client,
    Recommendation,
    ServiceError,
    answers,
    calls,
    sign_user_token,
)
from serve.workspace import listening, serving


@pytest.fixture(scope="module")
def url(served_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("client") / "workspace"
    shutil.copytree(served_workspace, folder)
    with serving(folder) as client:
        yield str(client.base_url)
    shutil.rmtree(folder)


@pytest.fixture
def shop(url: str) -> Iterator[Client]:
    with Client(url, timeout=60) as client:
        yield client


def test_lists_are_typed(shop: Client) -> None:
    assert shop.ready()
    found = shop.recommend("p1", n=3, explain=True, filter={"theme": "space"})
    assert isinstance(found, Recommendation)
    assert [one.position for one in found] == [1, 2, 3]
    first = found.items[0]
    assert first.attributes["theme"] == ("space",)
    assert sum(term.nats for term in first.terms) == pytest.approx(first.score, abs=1e-3)
    assert len(shop.search("a story about bread", n=2)) == 2
    assert shop.similar("space-1", n=1).items[0].id.startswith("space")
    ranked = shop.rank(["space-1", "nothing"], user="p2")
    assert [one.id for one in ranked.left_out] == ["nothing"]
    assert shop.trending(window="100w", filter={"theme": "kitchen"}, n=1).items[0].id
    assert shop.recommend(next_page_of=found.recommendation_id).items[0].position == 4


def test_a_service_of_the_release_before_is_understood() -> None:
    item = {"id": "a", "position": 1, "score": 1.0}
    old = {
        "recommendation_id": "r",
        "model_version": "m",
        "items": [item],
        "degraded": {"to": "memory", "why": "away"},
        "left_out": [{"id": "b", "why": "hidden"}],
    }
    new = {
        **old,
        "degraded": {"fallback_level": "memory", "reason": "away"},
        "left_out": [{"id": "b", "reason": "hidden"}],
    }
    read = answers.recommendation(old)
    assert read == answers.recommendation(new)
    assert read.degraded is not None
    assert (read.level, read.degraded.to, read.degraded.why) == ("memory", "memory", "away")
    assert read.left_out[0].why == read.left_out[0].reason == "hidden"
    counts = {"accepted": 1, "rejected": []}
    result = answers.batch_result({**counts, "known": 2})
    assert result == answers.batch_result({**counts, "duplicates": 2, "known": 2})
    assert result.known == result.duplicates == 2
    receipt = {"user": "u", "erased": {"events": 1}}
    erasure = answers.erasure({**receipt, "recounted": ["v"], "waits": ["w"]})
    assert erasure == answers.erasure({**receipt, "recounted_versions": ["v"], "pending": ["w"]})
    assert (erasure.recounted, erasure.waits) == (("v",), ("w",))


def test_the_key_of_a_page_names_a_user_with_the_shop_s_word(
    served_workspace: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(served_workspace, tmp_path / "workspace"))
    with SqlStore(folder / STORE_FILE) as store:
        key, secret = create_key(store.keys, "page", ["read", "events"], now=0.0)
    assert key.signing_secret is not None
    token = sign_user_token("ann", key.signing_secret)
    with serving(folder) as client:
        with Client(str(client.base_url), key=secret, timeout=60) as page:
            assert page.recommend(session="a-visit", n=1).items
            with pytest.raises(ServiceError, match="only with a token that proves them") as raised:
                page.identify("a-visit", "ann")
            assert raised.value.kind == "user-token"
            with pytest.raises(ServiceError, match="not that of 'bob'"):
                page.identify("a-visit", "bob", user_token=token)
            assert page.identify("a-visit", "ann", user_token=token) is True
            taken = page.events(
                [{"item": "space-1", "kind": "click", name: "ann"} for name in ("session", "user")]
            )
            assert (taken.accepted, [row.field for row in taken.rejected]) == (1, ["user"])
        with Client(str(client.base_url), key=secret, user_token=token, timeout=60) as page:
            assert page.recommend("ann", n=1).items
            assert page.events([{"user": "ann", "item": "space-1", "kind": "click"}]).accepted == 1


def test_events_have_ids_before_they_are_sent(shop: Client) -> None:
    rows = [{"user": "c1", "item": "space-1", "kind": "click"}, {"user": "c1", "kind": "clik"}]
    taken = shop.events(rows)
    assert (taken.accepted, taken.duplicates, len(taken.rejected)) == (1, 0, 1)
    assert taken.rejected[0].index == 1
    assert taken.event_ids[1] is None
    again = shop.events([{**rows[0], "event_id": taken.event_ids[0]}])
    assert (again.accepted, again.duplicates, again.conflicts) == (0, 1, ())
    view = {"session": "s", "item": "space-1", "kind": "view"}
    other = shop.events([view | {"event_id": taken.event_ids[0]}])
    assert [conflict["fields"] for conflict in other.conflicts] == [
        ["event_type", "user", "session"]
    ]
    assert shop.identify("s-c1", "c1") is True
    assert shop.identify("s-c1", "c1") is False


def test_the_catalogue_and_people(shop: Client) -> None:
    assert shop.put_items([{"id": "cl/1", "title": "T", "theme": "space"}]).accepted == 1
    assert shop.change_item("cl/1", {"theme": ["kitchen"]})["theme"] == ["kitchen"]
    assert shop.item("cl/1")["title"] == "T"
    ids = [row["id"] for row in shop.all_items(n=10)]
    assert len(ids) == len(set(ids)) == 25
    assert shop.items(n=2).cursor
    assert shop.delete_item("cl/1") is True
    assert shop.delete_item("cl/1") is False
    shop.put_users([{"id": "c2", "theme": "space"}])
    assert shop.change_user("c2", {"theme": None, "age": 30}) == {"id": "c2", "age": ["30"]}
    assert shop.user("c2") in list(shop.all_users())
    shop.events([{"user": "c2", "item": "space-1", "kind": "click"}])
    assert len(shop.export("c2")["events"]) == 1
    assert shop.erase("c2").erased["events"] == 1


def test_an_error_says_what_is_wrong(shop: Client) -> None:
    with pytest.raises(ServiceError, match="did you mean 'user'") as error:
        shop.recommend(usr="p1")
    assert (error.value.status, error.value.kind) == (422, "invalid")
    with pytest.raises(ServiceError, match="there is no item 'nothing'"):
        shop.item("nothing")


@contextmanager
def failing(answers: list[int | None]) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers with these statuses in turn; None hangs up. → its URL, what it got."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status = answers.pop(0)
            if status is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = json.dumps({"accepted": 1, "known": 0, "rejected": [], "event_ids": ["e"]})
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    with listening(Handler) as url:
        yield url, got


def test_what_fails_for_a_moment_is_tried_again_with_the_same_ids() -> None:
    with failing([503, None, 429, 200]) as (url, got), Client(url, pause=0.001) as client:
        assert client.events([{"user": "u", "kind": "click"}]).accepted == 1
    assert len(got) == 4
    assert len({body["events"][0]["event_id"] for body in got}) == 1


def test_what_fails_for_good_is_told() -> None:
    with failing([503] * 3) as (url, got), Client(url, pause=0.001, retries=2) as client:
        with pytest.raises(ServiceError) as error:
            client.events([])
        assert (error.value.status, len(got)) == (503, 3)
    with failing([422]) as (url, got), Client(url, pause=0.001) as client:
        with pytest.raises(ServiceError):
            client.events([])
        assert len(got) == 1, "the same would be refused again"
    with Client(url, pause=0.001, retries=1) as client, pytest.raises(httpx.ConnectError):
        client.ready()


def test_no_pause_is_longer_than_the_longest() -> None:
    answer = ServiceError(503, {}, wait=1e6)
    assert calls.pause_after(answer, iter([1.0])) == calls.MAX_PAUSE
    assert max(calls.pauses(60, 1.0)) <= calls.MAX_PAUSE
    assert calls.pause_after(ServiceError(503, {}, wait=3.0), iter([1.0])) == 3.0
    assert calls.pause_after(ServiceError(503, {}), iter([])) is None


def test_a_list_is_a_frame() -> None:
    item = {"id": "1", "position": 1, "score": 0.5, "title": "Alien", "reason": ["new", "space"]}
    answer = {"recommendation_id": "r", "model_version": "m", "items": [item], "left_out": None}
    recommendation = answers.recommendation(answer | {"a_field_of_a_newer_service": 1})
    assert recommendation.to_pandas().to_dict("records") == [item | {"reason": "new; space"}]
    assert recommendation.to_polars().to_dicts() == [item | {"reason": "new; space"}]
    assert recommendation.left_out == ()
    assert recommendation.level == recommendation.rung == "full"


def test_the_old_import_path_gives_the_same_names() -> None:
    sys.modules.pop("foretaste.client", None)
    with pytest.warns(DeprecationWarning, match="is now 'foretaste_client'"):
        old = importlib.import_module("foretaste.client")
    assert old.Client is Client
    assert (old.Refusal, old.Recommendation) == (ServiceError, Recommendation)
    assert (old.Taken, old.Rejected) == (old.BatchResult, old.RejectedRow)
    assert all(hasattr(old, name) for name in old.__all__)


def test_pages_of_a_shop_are_typed(shop: Client) -> None:
    page = shop.page("p1", shelves=["for_you", {"id": "hot", "kind": "popular"}], n=2)
    assert [(shelf.id, len(shelf)) for shelf in page] == [("for_you", 2), ("hot", 2)]
    assert page.shelves[0].items[0].attributes["theme"]
    assert page.left_out == ()
    beside = shop.item_page("space-1", user="p1", n=2)
    assert beside.item["title"].startswith("The planet")
    assert [shelf.kind for shelf in beside.shelves] == ["similar", "bought_together"]
    suggestions = shop.suggest("roc", n=3, filter={"theme": "space"})
    assert all("rocket" in own.text for own in suggestions if own.kind == "item")
    assert suggestions.suggestions[0].matches
    facets = shop.facets(facets=["theme"])
    assert {own["value"] for own in facets["facets"][0]["values"]} == {"space", "kitchen"}
    assert len(shop.bought_together("space-1", n=2)) == 2
    assert len(shop.bought_together(["space-1", "space-2"], n=2)) == 2


def test_placements_are_put_and_undone(shop: Client) -> None:
    assert shop.put_placement("strip", {"n": 2})["placement"] == {"n": 2}
    shop.put_placement("strip", {"n": 3})
    assert len(shop.recommend("p1", placement="strip")) == 3
    assert shop.undo_placement("strip")["placement"]["placement"] == {"n": 2}
    assert shop.placement_changes("strip")[0]["number"] >= 3
    assert shop.placement("strip")["source"] == "stored"
    assert "strip" in [own["name"] for own in shop.placements()]
    assert shop.delete_placement("strip")
    with pytest.raises(ServiceError, match="nothing is called 'strip'"):
        shop.recommend("p1", placement="strip")
