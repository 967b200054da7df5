"""A stream of a real NATS server in, its messages in the store out."""

from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.consume.nats_stream import NatsStream
from foretaste.consume.stream_source import SourceError
from foretaste.errors import InputError

from .consumed import consumed, counts, event_ids, rejects
from .nats_server import NEEDS_NATS, NatsServer

pytestmark = NEEDS_NATS


def clicks(*names: str) -> list[dict[str, Any]]:
    return [{"event_id": name, "user": "u", "item": "i", "event_type": "click"} for name in names]


def read_all(source: NatsStream) -> None:
    for _ in range(3):  # a message may be on its way already
        source.read(1, 0.1)


def test_each_message_once_and_a_replay_adds_nothing(
    nats_server: NatsServer, store: SqlStore, tmp_path: Path
) -> None:
    nats_server.publish([*clicks("a", "b", "c", "d"), {"user": "u", "item": "i"}])
    assert counts(consumed(store, NatsStream(nats_server.address), tmp_path)) == (5, 0, 0)
    nats_server.publish(clicks("a", "e"))  # one of them again
    assert counts(consumed(store, NatsStream(nats_server.address), tmp_path)) == (6, 1, 0)

    source = NatsStream(nats_server.address)
    assert counts(consumed(store, source, tmp_path, start="beginning")) == (6, 8, 0)
    source = NatsStream(nats_server.address)
    assert counts(consumed(store, source, tmp_path, start="6")) == (6, 10, 0)
    *_, named, last = event_ids(store)
    assert last == "e"
    assert named.startswith("nats/EVENTS/")
    assert named.endswith("-5")


def test_bad_messages_go_to_the_rejects(
    nats_server: NatsServer, store: SqlStore, tmp_path: Path
) -> None:
    nats_server.publish([*clicks("a"), b"\xff{", [1], {"user": "u", "event_type": "clik"}])
    assert counts(consumed(store, NatsStream(nats_server.address), tmp_path)) == (1, 0, 3)
    assert len(rejects(tmp_path)) == 3


def test_how_much_waits(nats_server: NatsServer) -> None:
    nats_server.publish(clicks("a", "b", "c"))
    source = NatsStream(nats_server.address)
    source.resume(lambda _: None, None)
    assert source.lag() == 3
    batch = source.read(2, 1.0)
    assert batch is not None
    assert (len(batch.rows), source.lag()) == (2, 1)
    source.close()


def test_a_stream_that_was_made_anew_is_read_from_its_beginning(
    nats_server: NatsServer, store: SqlStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nats_server.publish(clicks("a", "b"))
    consumed(store, NatsStream(nats_server.address), tmp_path)
    position = store.meta_text("consumed:nats/EVENTS")
    assert position is not None
    created, _, sequence = position.partition("-")
    store.put_meta_text("consumed:nats/EVENTS", f"{int(created) - 60}-{sequence}")
    nats_server.publish(clicks("c"), anew=True)

    assert counts(consumed(store, NatsStream(nats_server.address), tmp_path)) == (3, 0, 0)
    assert "made anew" in caplog.text


def test_messages_that_the_server_has_lost_or_deleted_are_said(
    nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    nats_server.publish(clicks("a", "b", "c"))
    source = NatsStream(nats_server.address)
    source.resume(lambda _: None, None)
    batch = source.read(1, 5.0)
    assert batch is not None
    created, _, _ = batch.position.partition("-")
    source.resume(lambda _: f"{created}-99", None)
    assert "nats/EVENTS ends at 3, and was read up to 99" in caplog.text
    nats_server.publish(clicks("d"))
    batch = source.read(10, 5.0)
    assert batch is not None
    assert [row.content["event_id"] for row in batch.rows] == ["d"]
    nats_server.purge(up_to=3)
    source.resume(lambda _: f"{created}-1", None)
    assert "messages 2 to 3 were deleted before they were read" in caplog.text
    source.close()


def test_a_server_that_is_away_and_comes_back(nats_server: NatsServer) -> None:
    nats_server.publish(clicks("a"))
    source = NatsStream(nats_server.address)
    source.resume(lambda _: None, None)
    nats_server.kill()
    with pytest.raises(SourceError, match=r"the NATS server 127\.0\.0\.1 cannot be read"):
        read_all(source)
    nats_server.start()
    source.resume(lambda _: None, None)
    assert source.read(1, 5.0) is not None
    source.close()


def test_what_cannot_be_a_source(nats_server: NatsServer, store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="say which stream"):
        NatsStream(nats_server.url)
    with pytest.raises(InputError, match="no entry of a NATS stream"):
        consumed(store, NatsStream(nats_server.address), tmp_path, start="yesterday")
