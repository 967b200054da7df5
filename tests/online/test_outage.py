"""While the store is away lists come from memory, say so, and are kept for when it is back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.behaviour.store import STORE_FILE
from foretaste.domain.data import Event, Recommendation
from foretaste.domain.patience import LIST, Patience, current_patience
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
    """Its file is not there, and nobody has it open. There is no moment in which a thread that
    looks for it could make an empty one.
    """
    loop.slates.log.flush()
    loop.store.close()
    path = loop.folder / STORE_FILE
    kept, nowhere = path.with_name("kept.db"), path.with_name("nowhere")
    kept.hardlink_to(path)
    nowhere.symlink_to(path.with_name("no such folder") / STORE_FILE)
    nowhere.replace(path)
    loop.store.close()  # what a thread opened again before the file was away
    yield
    kept.replace(path)
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
    with away(loop):
        assert loop.similar("space-1").fallback_level == "memory", "of one that was seen"
        with pytest.raises(StoreError, match="unable to open database file"):
            loop.similar("new")


def test_where_nothing_is_in_memory_the_store_is_told_of(loop: Foretaste) -> None:
    with away(loop), pytest.raises(StoreError, match="unable to open database file"):
        loop.recommend("u1")


def test_what_a_store_that_is_away_answers(loop: Foretaste) -> None:
    loop.record(
        [
            Event("h", "hide", 1.0, user="u1", item="space-3"),
            Event("s", "hide", 1.0, session="tv", item="space-4"),
        ]
    )
    loop.steer("u1", changes=[{"filter": {"genre": "kitchen"}, "mute": True}])
    snapshot, error = loop.catch_up(), StoreError("away")
    loop.outage.limits.refresh()
    store = outage.NullStore(lambda: snapshot.items, loop.outage.limits, error)
    assert [event.item for event in store.bare_history("u1", None, 10, [])] == ["space-3"]
    assert [event.item for event in store.bare_history(None, "tv", 10, [])] == ["space-4"]
    assert [preference.act for preference in store.preferences("u1", None)] == ["mute"]
    assert (store.bare_history("u2", None), store.preferences("u2", None)) == ([], ())
    assert (store.user("u1"), store.user_of_session("tv"), store.user_counts(0.0, 1.0)) == (
        None,
        None,
        [],
    )
    assert store.item("space-1") == loop.store.item("space-1")
    with pytest.raises(StoreError) as caught:
        store.item("new")
    assert caught.value is error


def in_outage(loop: Foretaste) -> tuple[object, str | None]:
    return loop.outage.slates, loop.outage.reason


def test_it_is_said_what_the_store_failed_with_until_it_is_back(
    loop: Foretaste, caplog: pytest.LogCaptureFixture
) -> None:
    loop.recommend("u1")
    assert in_outage(loop) == (None, None)
    with away(loop):
        loop.recommend("u1")
        slates, reason = loop.outage.slates, loop.outage.reason
        assert reason is not None
        assert "unable to open database file" in reason
        assert loop.outage.begin(StoreError("another")) is slates
        assert loop.outage.reason == reason, "the first failure began it"
        thread = loop.outage._thread
        assert thread is not None
        assert (thread.name, thread.daemon, thread.is_alive()) == ("outage", True, True)
    assert in_outage(loop) == (None, None)
    assert "the store is back" in caplog.text


def test_closing_ends_the_look_for_the_store(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "RETRY_SECONDS", 3600.0)
    loop.recommend("u1")
    loop.outage.begin(StoreError("away"))
    thread = loop.outage._thread
    assert thread is not None
    assert thread.is_alive()
    loop.outage.close()
    assert not thread.is_alive()


def test_the_store_is_looked_for_as_long_as_a_list_would_wait(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.recommend("u1")
    seen: list[Patience] = []
    look = loop.store.log_position

    def noted() -> tuple[int, int]:
        if threading.current_thread().name == "outage":  # others look as well
            seen.append(current_patience())
        return look()

    monkeypatch.setattr(loop.store, "log_position", noted)
    loop.outage.begin(StoreError("away"))
    thread = loop.outage._thread
    assert thread is not None
    thread.join(60)
    assert seen == [LIST]
