"""A topic of a broker that speaks Kafka's protocol in, its messages in the store out."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.consume.consumer_status import ConsumerStatus
from foretaste.consume.stream_source import SourceError, StreamSource
from foretaste.domain.data import Item
from foretaste.errors import InputError

from .consumed import consumed, counts, event_ids, rejects
from .kafka_broker import NEEDS_KAFKA, KafkaBroker, KafkaCluster, free_server
from .tls_proxy import TlsProxy

pytestmark = NEEDS_KAFKA


@pytest.fixture(scope="module")
def cluster() -> KafkaCluster:
    """Its topics, which are made when they are written to, have four partitions."""
    return KafkaCluster()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Make a topic of your own."""
    started = KafkaBroker(tmp_path_factory.mktemp("kafka") / "data")
    yield started
    started.kill()


def clicks(*names: str) -> list[bytes]:
    rows = [{"event_id": name, "user": "u", "item": "i", "event_type": "click"} for name in names]
    return [json.dumps(row).encode() for row in rows]


def topic(server: KafkaBroker | KafkaCluster, name: str, records: str = "events") -> StreamSource:
    from foretaste.consume.kafka_topic import KafkaTopic

    return KafkaTopic(server.address(name), records)


def read(
    store: SqlStore, folder: Path, source: StreamSource, records: str = "events", **settings: Any
) -> ConsumerStatus:
    return consumed(store, source, folder, records, empty_seconds=0.3, slow_seconds=20, **settings)


def test_each_message_once_and_a_replay_adds_nothing(
    cluster: KafkaCluster, store: SqlStore, tmp_path: Path
) -> None:
    cluster.publish("once", [*clicks("a", "b", "c", "d"), b'{"user": "u", "item": "i"}'])
    assert counts(read(store, tmp_path, topic(cluster, "once"))) == (5, 0, 0)
    cluster.publish("once", clicks("a", "e"))
    assert counts(read(store, tmp_path, topic(cluster, "once"))) == (6, 1, 0)
    assert counts(read(store, tmp_path, topic(cluster, "once"))) == (6, 1, 0)
    assert counts(read(store, tmp_path, topic(cluster, "once"), start="beginning")) == (6, 8, 0)
    start = "0-2,1-1,2-1-1700000000000,3-1"
    assert counts(read(store, tmp_path, topic(cluster, "once"), start=start)) == (6, 10, 0)
    (unnamed,) = set(event_ids(store)) - set("abcde")
    assert unnamed.startswith("kafka/once/0-1-")
    assert json.loads(store.meta_text("consumed:kafka/once") or "") == {
        "0": 3,
        "1": 2,
        "2": 1,
        "3": 1,
    }
    with pytest.raises(InputError, match="'yesterday' is no message of Kafka"):
        read(store, tmp_path, topic(cluster, "once"), start="yesterday")


def test_a_compacted_topic_of_items(broker: KafkaBroker, store: SqlStore, tmp_path: Path) -> None:
    broker.make("items", 1)
    for key, value in (("a", b'{"id": "a", "title": "A"}'), ("b", b'{"id": "b", "title": "B"}')):
        broker.publish("items", [value], key=key)
    broker.publish("items", [None], key="a")
    assert counts(read(store, tmp_path, topic(broker, "items", "items"), "items")) == (3, 0, 0)
    assert [item for _, item in store.items()] == [Item("b", "B")]


def test_bad_messages_go_to_the_rejects(
    broker: KafkaBroker, store: SqlStore, tmp_path: Path
) -> None:
    broker.make("bad", 1)
    broker.publish("bad", [*clicks("a"), b"\xff{", b"[1]", None, b'{"user": "u", "item": ""}'])
    assert counts(read(store, tmp_path, topic(broker, "bad"))) == (1, 0, 4)
    entries = {row["entry"].rpartition("-")[0] for row in rejects(tmp_path)}
    assert entries == {"0-1", "0-2", "0-3", "0-4"}


def test_how_much_waits_and_messages_that_are_gone(
    cluster: KafkaCluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.publish("lag", clicks("a", "b", "c"))
    with closing(topic(cluster, "lag")) as source:
        source.resume(lambda _: None, None)
        assert source.lag() == 3
        batch = source.read(3, 5.0)
        assert batch is not None
        assert source.lag() == 3 - len(batch.rows)
        source.resume(lambda _: '{"0": 1, "1": 7}', None)  # of a topic that had more
        assert source.lag() == 2
        assert "partition 1 has no message 7 any more" in caplog.text


def test_a_broker_that_falls_silent_and_goes_on(
    broker: KafkaBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foretaste.consume import kafka_topic

    monkeypatch.setattr(kafka_topic, "ANSWER_SECONDS", 0.3)
    broker.make("silent", 1)
    broker.publish("silent", clicks("a"))
    with closing(topic(broker, "silent")) as source:
        broker.freeze()
        with pytest.raises(SourceError, match=r"the Kafka broker 127\.0\.0\.1:\d+ cannot be read"):
            source.resume(lambda _: None, None)
        broker.thaw()
        monkeypatch.setattr(kafka_topic, "ANSWER_SECONDS", 10.0)
        source.resume(lambda _: None, None)
        assert source.read(1, 5.0) is not None


def test_by_tls_and_sasl(store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an address says it; the certificate and the password are checked."""
    from foretaste.consume import kafka_topic
    from foretaste.consume.kafka_topic import KafkaTopic

    with closing(TlsProxy(tmp_path, login=("shop", "p@ss:word/1"))) as proxy:
        trusted = {"ssl.ca.location": str(proxy.certificate)}
        login = {"sasl.mechanism": "PLAIN", "sasl.username": "shop", "sasl.password": "p@ss:word/1"}
        proxy.forward_to(server := free_server())
        broker = KafkaBroker(
            tmp_path / "kafka",
            server=server,
            advertised=proxy.server,
            **{"security.protocol": "sasl_ssl"} | trusted | login,
        )
        broker.make("clicks", 1)
        broker.publish("clicks", clicks("a", "b"))
        user, options = "shop:p%40ss%3Aword%2F1@", f"?ssl.ca.location={proxy.certificate}"
        address = f"kafkas://{user}{proxy.server}/clicks{options}"
        assert counts(read(store, tmp_path, KafkaTopic(address, "events"))) == (2, 0, 0)
        monkeypatch.setattr(kafka_topic, "ANSWER_SECONDS", 1.0)
        for wrong, problem in (
            (address.replace("p%40ss", "pass"), "Authentication failed|wrong password"),
            (address.partition("?")[0], "certificate verify failed|SSL handshake failed"),
        ):
            source = KafkaTopic(wrong, "events")
            with closing(source), pytest.raises(SourceError, match=problem):
                source.resume(lambda _: None, None)
        broker.kill()


def test_what_cannot_be_a_topic(broker: KafkaBroker) -> None:
    from foretaste.consume.kafka_topic import KafkaTopic

    for address in ("kafka://localhost:9092", "kafka:///events", "kafka://host/a/b"):
        with pytest.raises(InputError, match="say which topic"):
            KafkaTopic(address, "events")
    with pytest.raises(InputError, match='cannot be used: No such configuration property: "secur'):
        KafkaTopic("kafka://localhost/events?security=ssl", "events")
    with closing(topic(broker, "nowhere")) as source, pytest.raises(SourceError, match="nowhere"):
        source.resume(lambda _: None, None)
