"""A stream of a real Redis server in, its rows in the store out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.consume.consumer_status import consumer_gauges, consumer_statuses
from foretaste.consume.redis_stream import RedisStream
from foretaste.domain.data import Item
from foretaste.errors import InputError

from .consumed import NOW, consumed, counts, event_ids, rejects
from .redis_server import NEEDS_REDIS, RedisServer

pytestmark = NEEDS_REDIS


def add(server: RedisServer, fields: dict[Any, Any], entry: str = "*") -> str:
    return str(server.client.xadd("events", fields, id=entry).decode())


def click(event_id: str | None = None) -> dict[str, Any]:
    named = {} if event_id is None else {"event_id": event_id}
    return {"user": "u1", "item": "i1", "event_type": "click", **named}


def stream(server: RedisServer) -> RedisStream:
    return RedisStream(server.address())


def test_fields_and_json_alike(redis_server: RedisServer, store: SqlStore, tmp_path: Path) -> None:
    add(redis_server, {**click("a"), "value": "2.5", "at": "1700000000"})
    whole = {**click("b"), "context": {"page": "home"}, "value": 2.5}
    add(redis_server, {"payload": json.dumps(whole)})

    assert counts(consumed(store, stream(redis_server), tmp_path)) == (2, 0, 0)
    (_, first), (_, second) = store.events()
    assert (first.event_id, first.user, first.item, first.value) == ("a", "u1", "i1", 2.5)
    assert first.at == 1_700_000_000.0
    assert (second.event_id, second.value, second.context) == ("b", 2.5, {"page": "home"})


def test_an_event_without_id_and_time_has_those_of_its_entry(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    entries = [
        add(redis_server, click(), "1700000000500-0"),
        add(redis_server, click(), "1700000000500-1"),  # the same, once more
    ]

    consumed(store, stream(redis_server), tmp_path)

    assert event_ids(store) == [f"redis/events/{entry}" for entry in entries]
    assert {event.at for _, event in store.events()} == {1_700_000_000.5}


def test_a_second_run_goes_on_and_a_replay_adds_nothing(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    entries = [add(redis_server, click()) for _ in range(7)]
    assert counts(consumed(store, stream(redis_server), tmp_path)) == (7, 0, 0)
    add(redis_server, click())
    assert counts(consumed(store, stream(redis_server), tmp_path)) == (8, 0, 0)

    whole = consumed(store, stream(redis_server), tmp_path, start="beginning")
    assert counts(whole) == (8, 8, 0)
    part = consumed(store, stream(redis_server), tmp_path, start=entries[5])  # with it
    assert counts(part) == (8, 8 + 3, 0)
    assert len(event_ids(store)) == 8


def test_the_same_event_id_again_is_one_event(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    for _ in range(5):
        add(redis_server, click("same"))

    assert counts(consumed(store, stream(redis_server), tmp_path)) == (1, 4, 0)
    assert event_ids(store) == ["same"]


def test_bad_rows_go_to_the_rejects_with_their_reason_once(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    add(redis_server, click("good"))
    bad = [
        add(redis_server, {"user": "u1", "item": "i1", "event_type": "clik"}),
        add(redis_server, {"data": '{"user": '}),
        add(redis_server, {b"user": b"\xff\xfe", b"item": b"i1"}),
        add(redis_server, {"item": "i1", "event_type": "click"}),
        add(redis_server, {**click(), "colour": "red"}),
    ]
    add(redis_server, click("good too"))

    assert counts(consumed(store, stream(redis_server), tmp_path)) == (2, 0, 5)
    rows = rejects(tmp_path)
    assert sorted(row["entry"] for row in rows) == sorted(bad)
    assert all(row["problem"] and row["remedy"] for row in rows)
    assert rows[0]["row"] == {"user": "u1", "item": "i1", "event_type": "clik"}

    # a kill after the file was written and before the position was kept
    store.swap_meta_text("consumed:redis/events", store.meta_text("consumed:redis/events"), "0-0")
    consumed(store, stream(redis_server), tmp_path, batch_rows=100)
    assert rejects(tmp_path) == rows
    assert event_ids(store) == ["good", "good too"]


def test_of_somebody_who_was_erased_nothing_comes_back(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    add(redis_server, {**click("a"), "at": "1700000000"})
    consumed(store, stream(redis_server), tmp_path)
    store.erase("u1", NOW)

    status = consumed(store, stream(redis_server), tmp_path, start="beginning")

    assert counts(status) == (1, 0, 1)
    assert event_ids(store) == []
    (reject,) = rejects(tmp_path)
    assert "row" not in reject
    assert "u1" not in json.dumps(reject)


def test_a_feed_of_items_with_deletions_keeps_its_order(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    feed: list[dict[str, Any]] = [
        {"id": "a", "title": "First"},
        {"id": "b", "title": "Second", "deleted": "false"},
        {"id": "a", "deleted": "true"},
        {"id": "b", "deleted": "1"},
        {"id": "b", "title": "Second again"},
        {"id": "c", "deleted": "perhaps"},
        {"title": "no id", "deleted": "true"},
        {"id": "never there", "deleted": "true"},
    ]
    for fields in feed:
        add(redis_server, fields)

    for start in (None, "beginning"):
        status = consumed(
            store, stream(redis_server), tmp_path, "items", start=start, batch_rows=100
        )
        assert [item for _, item in store.items()] == [Item("b", "Second again")]
    assert status.rejected == 4  # two, twice read
    assert {row["column"] for row in rejects(tmp_path)} == {"deleted", "id"}


def test_the_lag_is_known_also_in_the_middle_and_after_a_restart(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    for _ in range(10):
        add(redis_server, click())
    source = stream(redis_server)
    source.resume(lambda _: None, None)
    assert source.lag() == 10
    batch = source.read(4, 0.01)
    assert batch is not None
    source.note_stored(batch)
    assert source.lag() == 6
    (group,) = redis_server.client.xinfo_groups("events")
    assert (group["lag"], group["pending"]) == (6, 0)
    source.close()

    again = stream(redis_server)
    again.resume(lambda _: batch.position, None)
    assert again.lag() == 6
    again.close()
    consumed(store, stream(redis_server), tmp_path)
    (status,) = consumer_statuses(store)
    assert (status.lag, status.accepted, status.problem) == (0, 10, None)
    gauges = consumer_gauges(store, NOW + 5)
    assert gauges["foretaste_consumer_lag:redis/events"] == 0
    assert "foretaste_consumer_seconds:redis/events" not in gauges, "it ended as it should"
    assert not status.is_away(NOW + 3600)
    replace(status, is_complete=False).save(store)
    assert consumer_gauges(store, NOW + 5)["foretaste_consumer_seconds:redis/events"] == 5
    assert replace(status, is_complete=False).is_away(NOW + 3600)
    assert gauges["foretaste_consumer_rows:accepted:redis/events"] == 10


def test_a_stream_that_ends_before_what_was_read_of_it_is_read_from_its_beginning(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a failover to a server that had not got all, and whose clock is behind."""
    redis_server.client.xadd("events", click(event_id="a"), id="1700000002000-0")
    consumed(store, stream(redis_server), tmp_path)
    redis_server.client.delete("events")
    redis_server.client.xadd("events", click(event_id="b"), id="1700000001000-0")
    assert counts(consumed(store, stream(redis_server), tmp_path)) == (2, 0, 0)
    assert "redis/events ends before 1700000002000-0, up to where it was read" in caplog.text


def test_entries_that_were_cut_off_are_said_once(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1, 6):
        redis_server.client.xadd("events", click(), id=f"{number}-0")
    source = stream(redis_server)
    source.resume(lambda _: "1-0", None)
    redis_server.client.xtrim("events", maxlen=2, approximate=False)
    redis_server.client.xdel("events", "4-0")
    if "max-deleted-entry-id" not in redis_server.client.xinfo_stream("events"):
        pytest.skip("before Redis 7 nothing tells what was deleted")
    for _ in range(2):
        source.lag()
    source.close()
    assert caplog.text.count("entries past 1-0 were deleted before they were read, up to 4-0") == 1


def test_an_empty_stream_is_waited_for(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path
) -> None:
    assert counts(consumed(store, stream(redis_server), tmp_path)) == (0, 0, 0)
    add(redis_server, click())
    assert counts(consumed(store, stream(redis_server), tmp_path)) == (1, 0, 0)


@pytest.mark.parametrize("start", ["yesterday", "1-2-3", "-1"])
def test_a_start_that_is_no_entry(
    redis_server: RedisServer, store: SqlStore, tmp_path: Path, start: str
) -> None:
    with pytest.raises(InputError, match=r"no entry of a Redis stream; write 'beginning'"):
        consumed(store, stream(redis_server), tmp_path, start=start)


def test_an_address_without_a_stream() -> None:
    with pytest.raises(InputError, match="say which stream"):
        RedisStream("redis://localhost:6379/0?group=foretaste")
