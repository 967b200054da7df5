"""A topic of Kafka, or of what speaks its protocol: `kafka://host:9092/TOPIC`.

Which messages are read is decided by the offsets in our store alone, one for each partition: no
consumer group is joined, and nothing is committed. A message without a value, as compacted topics
keep it for a key that is gone, takes an item out.
"""

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from foretaste.consume.item_feed import DELETED_FIELD
from foretaste.consume.stream_source import (
    BEGINNING,
    RowBatch,
    SourceError,
    StoredPosition,
    StreamRow,
    json_row,
)
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError, MissingExtra

try:
    import confluent_kafka as kafka
except ModuleNotFoundError:
    raise MissingExtra("confluent-kafka", "streams") from None

log = logging.getLogger("foretaste.consume")

ANSWER_SECONDS = 10.0
"""After which a broker that says nothing is taken to be away."""
PARTITIONS_SECONDS = 30.0
"""Between two looks at which partitions there are."""
_REFUSALS = (kafka.KafkaError._AUTHENTICATION, kafka.KafkaError._SSL)
_ENTRY = re.compile(r"(\d{1,9})-(\d{1,18})(?:-\d+)?")
_FIXED_OPTIONS = {
    "group.id": "foretaste",  # asked for, though none is joined
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "allow.auto.create.topics": False,
    "socket.timeout.ms": int(ANSWER_SECONDS * 1000),
    "queued.max.messages.kbytes": 16_384,
    "log_level": 0,  # what goes wrong is said by us
}


class KafkaTopic:
    """The messages of one topic, in the order of their partitions."""

    def __init__(self, address: str, record_type: str) -> None:
        """Raises InputError where the address does not say which topic, or has an option that
        librdkafka does not know.
        """
        parts = urlsplit(address)
        servers, self._topic = parts.netloc.rpartition("@")[2], parts.path.strip("/")
        if not servers or not self._topic or "/" in self._topic:
            raise InputError(
                f"{parts.scheme}://…: say which topic, e.g. kafka://localhost:9092/events"
            )
        self._are_items = record_type == "items"
        self.name = f"kafka/{self._topic}"
        self._server = f"the Kafka broker {servers}"
        self._options = _client_options(address) | _FIXED_OPTIONS | {"bootstrap.servers": servers}
        self._problem: str | None = None
        self._refusal: str | None = None  # of us by a broker, or of its certificate
        self._client: kafka.Consumer | None = None
        self._next_offsets: dict[int, int] = {}  # of each partition
        self._ends: dict[int, int] = {}  # of each partition, when reading began
        self._next_look = 0.0  # monotonic
        self._open().close()

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        text = stored_position("")
        offsets = _offsets_of(start) if text is None else _stored_offsets(text)
        self.close()
        self._problem, self._refusal, self._client = None, None, self._open()
        try:
            partitions = self._partitions(self._client)
            self._next_offsets = {}
            self._assign(self._client, partitions, offsets)
        except kafka.KafkaException as error:
            self._client.poll(0.0)  # where it is told of refusals
            raise self._source_error(error) from None

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        client = self._connected
        try:
            self._look_for_partitions(client)
            first = client.poll(wait_seconds)
            messages = [] if first is None else [first, *client.consume(max_rows - 1, 0.0)]
        except kafka.KafkaException as error:
            raise self._source_error(error) from None
        for message in messages:
            if message.error() is not None:
                raise SourceError(f"{self._server} cannot be read: {message.error().str()}")
        if not messages:
            if self._problem is not None:
                raise SourceError(f"{self._server} cannot be read: {self._problem}")
            return None
        self._problem = None
        rows = [self._row(message) for message in messages]
        return RowBatch(rows, json.dumps(self._next_offsets))

    def note_stored(self, batch: RowBatch) -> None:
        """No group is told."""

    def lag(self) -> int | None:
        unread = 0
        for number, offset in self._next_offsets.items():
            # as the last answer had it: the broker would answer only after the wait for messages
            _, end = self._connected.get_watermark_offsets(self._partition(number), cached=True)
            unread += max(end, self._ends[number], offset) - offset
        return unread

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def _connected(self) -> kafka.Consumer:
        if self._client is None:
            raise SourceError(f"{self._server} is not connected")
        return self._client

    def _open(self) -> kafka.Consumer:
        try:
            return kafka.Consumer(self._options | {"error_cb": self._note_problem})
        except kafka.KafkaException as error:
            raise InputError(
                f"the address of {self._server} cannot be used: {error.args[0].str()}"
            ) from None

    def _note_problem(self, error: kafka.KafkaError) -> None:
        if error.code() in _REFUSALS:
            self._refusal = error.str()
        if error.code() == kafka.KafkaError._ALL_BROKERS_DOWN or error.fatal():
            self._problem = error.str()

    def _partitions(self, client: kafka.Consumer) -> set[int]:
        """Raises SourceError where there is no such topic."""
        topic = client.list_topics(self._topic, timeout=ANSWER_SECONDS).topics[self._topic]
        if topic.error is not None:
            raise SourceError(f"topic {self._topic} cannot be read: {topic.error.str()}")
        self._next_look = time.monotonic() + PARTITIONS_SECONDS
        return set(topic.partitions)

    def _look_for_partitions(self, client: kafka.Consumer) -> None:
        """Read those as well that were added."""
        if time.monotonic() < self._next_look:
            return
        new_partitions = self._partitions(client) - set(self._next_offsets)
        if new_partitions:
            self._assign(client, new_partitions, {})

    def _assign(
        self, client: kafka.Consumer, partitions: set[int], offsets: Mapping[int, int]
    ) -> None:
        """Read from these offsets on, or from the beginning."""
        for number in sorted(partitions):
            begin, end = self._range(client, number)
            offset = offsets.get(number, begin)
            if not begin <= offset <= end:
                log.warning(
                    "%s: partition %d has no message %d any more; it is read from its first, %d",
                    *(self.name, number, offset, begin),
                )
                offset = begin
            self._next_offsets[number], self._ends[number] = offset, end
        assigned = [self._partition(number, self._next_offsets[number]) for number in partitions]
        client.incremental_assign(assigned)

    def _range(self, client: kafka.Consumer, number: int) -> tuple[int, int]:
        """The offsets of the first message that is still there and of the next to come."""
        begin, end = client.get_watermark_offsets(self._partition(number), timeout=ANSWER_SECONDS)
        return begin, end

    def _partition(self, number: int, offset: int = kafka.OFFSET_INVALID) -> kafka.TopicPartition:
        return kafka.TopicPartition(self._topic, number, offset)

    def _row(self, message: kafka.Message) -> StreamRow:
        partition, offset = message.partition(), message.offset()
        kind, milliseconds = message.timestamp()
        has_time = kind != kafka.TIMESTAMP_NOT_AVAILABLE
        # with its time: a topic that is deleted and made anew counts from 0 again
        entry = f"{partition}-{offset}" + (f"-{milliseconds}" if has_time else "")
        self._next_offsets[partition] = offset + 1
        content = self._content(message.key(), message.value())
        return StreamRow(entry, content, milliseconds / 1000 if has_time else None)

    def _content(self, key: Any, value: Any) -> dict[str, Any] | RejectedRow:
        if value is None and key is not None and self._are_items:
            return {"id": _text(key), DELETED_FIELD: True}
        return json_row(_text(value or b""), self.name)

    def _source_error(self, error: kafka.KafkaException) -> SourceError:
        problem = self._refusal or error.args[0].str()
        return SourceError(f"{self._server} cannot be read: {problem}")


def _client_options(address: str) -> dict[str, Any]:
    """What librdkafka is told: the options of the address, and who we are."""
    parts = urlsplit(address)
    options: dict[str, Any] = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    user, _, _ = parts.netloc.rpartition("@")
    transport = "ssl" if parts.scheme.lower() == "kafkas" else "plaintext"
    if not user:
        return {"security.protocol": transport} | options
    name, _, password = user.partition(":")
    return {
        "security.protocol": f"sasl_{transport}",
        "sasl.mechanism": "PLAIN",
        "sasl.username": unquote(name),
        "sasl.password": unquote(password),
    } | options


def _stored_offsets(position: str) -> dict[int, int]:
    return {int(number): offset for number, offset in json.loads(position).items()}


def _offsets_of(start: str | None) -> dict[int, int]:
    """Partition → offset, of entries such as `0-1200,1-88`."""
    if start is None or start == BEGINNING:
        return {}
    matches = [_ENTRY.fullmatch(entry) for entry in start.split(",")]
    offsets = {int(match[1]): int(match[2]) for match in matches if match}
    if len(offsets) < len(matches):
        raise InputError(
            f"--from '{start}' is no message of Kafka; write '{BEGINNING}', or partitions and "
            "offsets such as 0-1200,1-88"
        )
    return offsets


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")
