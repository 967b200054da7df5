"""A stream of Redis (or Valkey), 5 or newer: `redis://host:6379/0?stream=NAME&group=GROUP`.

What is read is decided by the position in our store alone (XREAD), not by a consumer group: a group
hands an entry to one reader and remembers that, which is a second truth beside the store. A group
that is named is moved along behind what is stored, so that the tools of Redis show how far it is.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

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
    import redis
except ModuleNotFoundError:
    raise MissingExtra("redis", "streams") from None

log = logging.getLogger("foretaste.consume")

ANSWER_SECONDS = 10.0
"""After which a server that says nothing is taken to be away."""
FIRST_POSITION = "0-0"
LAST_COUNTER = 2**64 - 1
_ENTRY_ID = re.compile(r"(\d{1,20})(?:-(\d{1,20}))?")


class RedisStream:
    """The entries of one stream, in their order."""

    def __init__(self, address: str) -> None:
        """Raises InputError where the address does not say which stream."""
        parts = urlsplit(address)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._stream = options.pop("stream", "")
        if not self._stream:
            raise InputError(
                f"{parts.scheme}://…: say which stream, e.g. redis://localhost:6379/0?stream=events"
            )
        self._group = options.pop("group", None)
        self.name = f"redis/{self._stream}"
        self._server = f"the Redis server {parts.hostname or 'localhost'}"
        url = parts._replace(query=urlencode(options)).geturl()
        try:
            self._client = redis.Redis.from_url(
                url,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
                protocol=2,
            )
        except (ValueError, TypeError) as error:
            raise InputError(f"the address of {self._server} cannot be used: {error}") from None
        self._position = FIRST_POSITION
        self._read_count: int | None = None  # entries ever added up to the position
        self._warned_gap = (0, 0)  # up to where missing entries were said

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        self._position = stored_position("") or _position_before(start)
        self._read_count = None
        with self._answers():
            if self._group is not None:
                self._begin_group(self._group)
        self.lag()  # at the beginning and at the end it tells how many entries lie before

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        with self._answers():
            reply: Any = self._client.xread(
                {self._stream: self._position},
                count=max_rows,
                block=max(int(wait_seconds * 1000), 1),
            )
        if not reply:
            return None
        ((_, entries),) = reply
        rows = [self._row(entry_id.decode(), fields) for entry_id, fields in entries]
        return RowBatch(rows, rows[-1].entry)

    def note_stored(self, batch: RowBatch) -> None:
        self._position = batch.position
        if self._read_count is not None:
            self._read_count += len(batch.rows)
        if self._group is not None:
            with self._answers():
                self._client.xgroup_setid(
                    self._stream, self._group, batch.position, entries_read=self._read_count
                )

    def lag(self) -> int | None:
        with self._answers():
            if not self._client.exists(self._stream):
                return 0
            info: Any = self._client.xinfo_stream(self._stream)
        self._look_for_gaps(info)
        added = info.get("entries-added")  # from Redis 7 on
        unread = self._unread(info)
        if unread is not None and added is not None:
            self._read_count = added - unread
        elif self._read_count is not None and added is not None:
            unread = max(added - self._read_count, 0)
        return unread

    def close(self) -> None:
        self._client.close()

    def _look_for_gaps(self, info: Mapping[str, Any]) -> None:
        """Begin anew in a stream that ends before what was read of it: it was deleted, or its
        server lost what it had acknowledged. Say it where unread entries were cut off.
        """
        position = _numbers(self._position)
        if _numbers(info["last-generated-id"].decode()) < position:
            log.warning(
                "%s ends before %s, up to where it was read; it is read from its beginning",
                *(self.name, self._position),
            )
            self._position, self._read_count = FIRST_POSITION, None
            return
        deleted = info.get("max-deleted-entry-id")  # from Redis 7 on
        if deleted is None or self._position == FIRST_POSITION:
            return
        text = deleted.decode()
        if _numbers(text) > max(position, self._warned_gap):
            self._warned_gap = _numbers(text)
            log.warning(
                "%s: entries past %s were deleted before they were read, up to %s; keep more of "
                "them (MAXLEN)",
                *(self.name, self._position, text),
            )

    def _unread(self, info: Mapping[str, Any]) -> int | None:
        """Entries past the position, where its place among them tells."""
        position = _numbers(self._position)
        if _numbers(info["last-generated-id"].decode()) <= position:
            return 0
        first = info["first-entry"]
        if first is None:
            return 0
        return int(info["length"]) if position < _numbers(first[0].decode()) else None

    def _begin_group(self, group: str) -> None:
        """Make it if it is not there; learn from it how many entries lie before the position."""
        try:
            self._client.xgroup_create(self._stream, group, self._position, mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        groups: Any = self._client.xinfo_groups(self._stream)
        for known_group in groups:
            is_here = known_group["last-delivered-id"].decode() == self._position
            if known_group["name"].decode() == group and is_here:
                self._read_count = known_group.get("entries-read")

    def _row(self, entry_id: str, fields: Mapping[bytes, bytes]) -> StreamRow:
        milliseconds, _ = _numbers(entry_id)
        content = _content(entry_id, fields, self.name)
        return StreamRow(entry_id, content, milliseconds / 1000)

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError) as error:
            raise SourceError(f"{self._server} cannot be read: {error}") from None


def _content(
    entry_id: str, fields: Mapping[bytes, bytes], source_name: str
) -> dict[str, Any] | RejectedRow:
    """The fields of an entry as a row. An entry with a single field that holds a JSON object, as
    many producers write it, is that object.
    """
    try:
        texts = {name.decode(): value.decode() for name, value in fields.items()}
    except UnicodeDecodeError as error:
        raw = ascii(error.object[:200])
        remedy = "write names and values as UTF-8"
        return RejectedRow(source_name, 0, "", raw, "not UTF-8", remedy, {"entry": entry_id})
    if len(texts) == 1:
        (text,) = texts.values()
        if text.lstrip().startswith("{"):
            return json_row(text, source_name)
    return dict(texts)


def _numbers(entry_id: str) -> tuple[int, int]:
    """(milliseconds since 1970, counter within them)"""
    milliseconds, _, counter = entry_id.partition("-")
    return int(milliseconds), int(counter or 0)


def _position_before(start: str | None) -> str:
    """The position from which an entry is the next."""
    if start is None or start == BEGINNING:
        return FIRST_POSITION
    if _ENTRY_ID.fullmatch(start) is None:
        raise InputError(
            f"--from '{start}' is no entry of a Redis stream; write '{BEGINNING}', an id such as "
            "1700000000000-0, or milliseconds since 1970"
        )
    milliseconds, counter = _numbers(start)
    if counter:
        return f"{milliseconds}-{counter - 1}"
    return f"{milliseconds - 1}-{LAST_COUNTER}" if milliseconds else FIRST_POSITION
