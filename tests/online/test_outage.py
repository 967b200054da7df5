"""While the store is away lists come from memory, say so, and are kept for when it is back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.behaviour.store import STORE_FILE
from foretaste.domain.data import Event, Recommendation
from foretaste.errors import StoreError
from foretaste.loop import Foretaste
from foretaste.online import outage


@pytest.fixture
def loop(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Foretaste]:
    monkeypatch.setattr(outage, "RETRY_SECONDS", 0.01)
    one = Foretaste.open(trained)
    one.outage.limits.refresh()
    yield one
    one.close()


@contextmanager
def away(loop: Foretaste) -> Iterator[None]:
    """Its file is not there, and nobody has it open."""
    loop.slates.log.flush()
    loop.store.close()
    path = loop.folder / STORE_FILE
    kept = path.rename(path.with_name("kept.db"))
    path.mkdir()
    loop.store.close()  # what a thread opened again before the file was away
    yield
    path.rmdir()
    kept.rename(path)
    if loop.outage._thread is not None:
        loop.outage._thread.join()


def ids(answer: Recommendation) -> list[str]:
    return [one.id for one in answer]


def test_lists_go_on_without_the_person_and_say_so(loop: Foretaste) -> None:
    loop.record([Event("h", "hide", 1.0, user="u1", item="space-3")])
    before, nobody = loop.recommend("u1", n=20), loop.recommend(n=20)
    assert "space-3" not in ids(before)
    with away(loop):
        served = loop.recommend("u1", n=20)
        assert served.fallback_level == "memory"
        assert served.degraded is not None
        assert served.degraded.reason == outage.WITHOUT_STORE
        assert "space-3" not in ids(served)
        other = ids(loop.recommend("u2", n=20))
        assert other == ids(nobody), "what the model knows of anybody"
        assert {one.source for one in served} <= {"fallback", "new"}
        assert ids(loop.recommend(query="rocket", n=3))[0].startswith("space")
        page = loop.recommend(next_page_of=loop.recommend(n=3).recommendation_id)
        assert page.items[0].position == 4
        assert loop.trending(n=3).fallback_level == "memory"
        with pytest.raises(StoreError):
            loop.record([Event("e", "click", 1.0, user="u1", item="space-3")])
    assert loop.outage.reason is None
    again = loop.recommend("u1", n=20)
    assert again.degraded is None
    assert ids(again) == ids(before)
    loop.slates.log.flush()
    assert loop.store.recommendations_by_id([served.recommendation_id]), "kept until it was back"


def test_a_list_from_memory_is_the_owner_s_of_its_session(loop: Foretaste) -> None:
    loop.identify("tv", "u1")
    loop.identify("tv", "u2")
    loop.recommend("u1")
    with loop.store._engine.connect() as connection:  # the file alone is moved away
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    with away(loop):
        served = loop.recommend(session="tv", query="rocket", n=3)
        assert served.fallback_level == "memory"
    data = [loop.personal(user) for user in ("u1", "u2")]
    told = [
        [answer["recommendation_id"] for answer in one["recommendations"]] for one in data if one
    ]
    assert served.recommendation_id not in told[0]
    assert told[1] == [served.recommendation_id]


def test_what_is_hidden_and_what_is_not_on_offer_stays_away(loop: Foretaste) -> None:
    item = loop.store.item("space-1")
    assert item is not None
    loop.store.put_items([replace(item, hidden=True)])
    loop.store.put_items([replace(item, id="space-2", available_until=loop.clock() - 1)])
    loop.recommend("u1")
    with away(loop):
        assert not {"space-1", "space-2"} & set(ids(loop.recommend("u2", n=20)))


def test_an_item_that_was_never_seen_may_be_there(loop: Foretaste) -> None:
    loop.recommend("u1")
    with away(loop), pytest.raises(StoreError):
        loop.similar("new")


def test_where_nothing_is_in_memory_the_store_is_told_of(loop: Foretaste) -> None:
    with away(loop), pytest.raises(StoreError, match="unable to open database file"):
        loop.recommend("u1")
