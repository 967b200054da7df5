"""Two servers on one workspace, each a process of its own: what comes in through one is in the next
answer of the other, on SQLite and on PostgreSQL.
"""

from functools import partial
from pathlib import Path

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from serve.workspace import DEADLINE, until, until_ready

from .nursery import Nursery


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"])
def either(request: pytest.FixtureRequest, workspace: Path) -> Path:
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres")
        with SqlStore(url) as store:
            store.fill_from(workspace / STORE_FILE)
        with (workspace / "foretaste.toml").open("a") as file:
            file.write(f'[behaviour]\ndatabase = "{url}"\n')
        (workspace / STORE_FILE).rename(workspace / "not-used.db")
    return workspace


def waits_for_items(client: httpx.Client) -> bool:
    """Whether new items are read before a list is made: not until the language model is loaded."""
    answer = client.post("/v1/recommend", json={"user": "p1", "n": 99}).json()
    return "first" in [item["id"] for item in answer["items"]]


def test_what_comes_through_one_is_in_the_next_answer_of_the_other(
    nursery: Nursery, either: Path
) -> None:
    with (
        nursery.start(either, "serve", "--port", "0") as first,
        nursery.start(either, "serve", "--port", "0") as second,
        httpx.Client(base_url=first.address, timeout=DEADLINE) as one,
        httpx.Client(base_url=second.address, timeout=DEADLINE) as other,
    ):
        for client in (one, other):
            until_ready(client)
        first_item = {"id": "first", "title": "The rocket", "theme": ["space"]}
        assert one.post("/v1/items", json={"items": [first_item]}).json()["accepted"] == 1
        for client in (one, other):
            until(partial(waits_for_items, client), "the language model is loaded")
        for turn, (here, there) in enumerate([(one, other), (other, one)]):
            person = f"between-{turn}"
            asked = {"user": person, "n": 3}
            before = there.post("/v1/recommend", json=asked).json()["items"]
            top = before[0]["id"]
            event = {"event_id": person, "user": person, "item": top, "kind": "click"}
            answer = here.post("/v1/events", json={"events": [event]}).json()
            assert answer["accepted"] == 1
            after = there.post("/v1/recommend", json=asked).json()["items"]
            assert top not in [item["id"] for item in after], "taken, so left out"
            again = there.post("/v1/events", json={"events": [event]}).json()
            assert (again["accepted"], again["duplicates"]) == (0, 1)
            theme = top.split("-")[0]
            assert after[0]["id"].startswith(theme), "and it counts"
            new = {"id": f"new-{turn}", "title": "The rocket and the moon", "theme": ["space"]}
            assert here.post("/v1/items", json={"items": [new]}).json()["accepted"] == 1
            patient = {"user": "p1", "n": 99, "timeout_ms": 10_000}  # however busy the machine is
            found = there.post("/v1/recommend", json=patient).json()["items"]
            assert new["id"] in [item["id"] for item in found]
        left = {"user": "p3", "n": 99}
        lists = [client.post("/v1/recommend", json=left).json()["items"] for client in (one, other)]
        assert [item["id"] for item in lists[0]] == [item["id"] for item in lists[1]]
