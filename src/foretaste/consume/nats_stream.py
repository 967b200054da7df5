"""A stream of NATS JetStream: `nats://host:4222?stream=NAME`, also with `&subject=FILTER`.

It is read by a consumer without a name and without acknowledgements that begins past the position
in our store, so that there is one truth about what was taken. A stream that acknowledgements empty
(retention by interest or as a work queue) cannot be read that way.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from foretaste.consume.stream_source import (
    BEGINNING,
    RowBatch,
    SourceError,
    StoredPosition,
    StreamRow,
    json_row,
)
from foretaste.errors import InputError, MissingExtra

try:
    import nats
    from nats.errors import Error as NatsError
    from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
except ModuleNotFoundError:
    raise MissingExtra("nats-py", "streams") from None

T = TypeVar("T")

log = logging.getLogger("foretaste.consume")

ANSWER_SECONDS = 10.0
"""After which a server that says nothing is taken to be away."""
SLOW_SECONDS = 5.0
"""That messages are waited for of which the server says that they are there."""
FORGET_SECONDS = 300.0
"""After which the server forgets a consumer that does not ask."""
_ENTRY = re.compile(r"(?:(\d{1,12})-)?(\d{1,20})")


class NatsStream:
    """The messages of one stream, in their order. An entry is `created-sequence`: a stream that is
    deleted and made anew counts from 1 again, and its messages are others.
    """

    def __init__(self, address: str) -> None:
        """Raises InputError where the address does not say which stream."""
        parts = urlsplit(address)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._stream, self._subject = options.get("stream", ""), options.get("subject")
        if not self._stream:
            raise InputError(
                f"{parts.scheme}://…: say which stream, e.g. nats://localhost:4222?stream=EVENTS"
            )
        self.name = f"nats/{self._stream}"
        self._server = f"the NATS server {parts.hostname or 'localhost'}"
        self._url = parts._replace(query="").geturl()
        self._created = 0  # seconds since 1970
        self._read_sequence = 0
        self._connection: Any = None
        self._subscription: Any = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        position = stored_position("")
        sequence = 0 if position is not None else _sequence_before(start)
        self._wait_for(self._subscribe(position, sequence))

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        messages = self._wait_for(self._fetch(max_rows, wait_seconds), wait_seconds)
        if not messages:
            return None
        rows = [self._row(message) for message in messages]
        return RowBatch(rows, rows[-1].entry)

    def note_stored(self, batch: RowBatch) -> None:
        """Nothing of its readers is shown by the server."""

    def lag(self) -> int | None:
        return self._wait_for(self._pending_count())

    def close(self) -> None:
        if self._loop.is_closed():
            return
        try:
            self._wait_for(self._disconnect())
        except SourceError as error:
            log.info("%s", error)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _subscribe(self, position: str | None, sequence: int) -> None:
        await self._disconnect()
        self._connection = await nats.connect(
            self._url, allow_reconnect=False, connect_timeout=5, error_cb=_ignore
        )
        jetstream = self._connection.jetstream()
        info = await jetstream.stream_info(self._stream)
        self._created = _seconds(info.created)
        if position is not None:
            created, _, number = position.partition("-")
            sequence = int(number)
            if int(created) != self._created:
                log.warning(
                    "%s: the stream was made anew; it is read from its beginning", self.name
                )
                sequence = 0
            else:
                sequence = self._continued(sequence, info.state)
        self._read_sequence = sequence
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=sequence + 1,
            ack_policy=AckPolicy.NONE,
            filter_subject=self._subject,
            inactive_threshold=FORGET_SECONDS,
        )
        consumer = await jetstream.add_consumer(self._stream, config=config)
        self._subscription = await jetstream.pull_subscribe_bind(
            consumer=consumer.name, stream=self._stream
        )

    async def _creation_time(self) -> int:
        return _seconds((await self._connection.jetstream().stream_info(self._stream)).created)

    def _continued(self, sequence: int, state: Any) -> int:
        """The sequence up to which messages count as read. state: of the stream."""
        if state.last_seq < sequence:
            log.warning(
                "%s ends at %d, and was read up to %d: its server lost what it had acknowledged. "
                "What comes now has the same numbers; an event without an event_id is taken for "
                "one that is stored",
                *(self.name, state.last_seq, sequence),
            )
            return int(state.last_seq)
        if state.first_seq > sequence + 1 and self._subject is None:
            log.warning(
                "%s: messages %d to %d were deleted before they were read; keep them for longer",
                *(self.name, sequence + 1, state.first_seq - 1),
            )
        return sequence

    async def _fetch(self, max_rows: int, wait_seconds: float) -> list[Any]:
        try:
            messages = list(await self._subscription.fetch(max_rows, timeout=wait_seconds))
        except TimeoutError:
            info = await self._consumer_info()  # raises where the server has lost the consumer
            if not info.num_pending and info.delivered.stream_seq <= self._read_sequence:
                return []
            messages = list(await self._subscription.fetch(max_rows, timeout=SLOW_SECONDS))
        self._read_sequence = messages[-1].metadata.sequence.stream
        return messages

    async def _pending_count(self) -> int:
        return int((await self._consumer_info()).num_pending or 0)

    async def _consumer_info(self) -> Any:
        if await self._creation_time() != self._created:
            raise NatsError("the stream was made anew")
        return await self._subscription.consumer_info()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed:
            await connection.close()

    def _row(self, message: Any) -> StreamRow:
        metadata = message.metadata
        entry = f"{self._created}-{metadata.sequence.stream}"
        text = message.data.decode("utf-8", "backslashreplace")
        return StreamRow(entry, json_row(text, self.name), metadata.timestamp.timestamp())

    def _wait_for(self, work: Coroutine[Any, Any, T], wait_seconds: float = 0.0) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(ANSWER_SECONDS + wait_seconds)
        except (NatsError, OSError) as error:  # TimeoutError is an OSError
            problem = " ".join(str(error).split()) or type(error).__name__
            raise SourceError(f"{self._server} cannot be read: {problem}") from None
        finally:
            future.cancel()


def _seconds(created: Any) -> int:
    """Since 1970, of a time as the server has it."""
    if isinstance(created, str):
        created = datetime.fromisoformat(created.replace("Z", "+00:00"))
    return int(created.astimezone(UTC).timestamp())


async def _ignore(_: Exception) -> None:
    """What goes wrong shows at the next question."""


def _sequence_before(start: str | None) -> int:
    """The sequence before that of an entry."""
    if start is None or start == BEGINNING:
        return 0
    match = _ENTRY.fullmatch(start)
    if match is None:
        raise InputError(
            f"--from '{start}' is no entry of a NATS stream; write '{BEGINNING}' or a sequence "
            "such as 1200"
        )
    return max(int(match[2]) - 1, 0)
