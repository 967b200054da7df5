"""In: a dump of Gorse's (`GET /api/dump`), or one of its exported JSON Lines files. Out: its users,
items and feedback as Gorse writes them in JSON, in that order.

The dump is binary: a stream begins with an int64 (-1 users, -2 items, -3 feedback), then follow
messages, each with its length as an int64 before it, and 0 ends all; little-endian. A message is
protobuf (`protocol.proto` of Gorse). Two forms of it have been in use, with and without a namespace
as the first field of items and feedback; which it is shows in each message.
"""

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

from foretaste.behaviour.gorse import (
    NO_TIMESTAMP,
    event_from_gorse,
    format_timestamp,
    item_from_gorse,
    user_from_gorse,
)
from foretaste.errors import InputError

RecordType = Literal["users", "items", "events"]
Record = tuple[RecordType, dict[str, Any]]
RECORD_TYPE_BY_STREAM: Mapping[int, RecordType] = {-1: "users", -2: "items", -3: "events"}
MAX_MESSAGE_BYTES = 1 << 26
"""Bytes of a message past which the file is not a dump."""
RECORD_TYPE_BY_FIELD: Mapping[str, RecordType] = {
    "FeedbackType": "events",
    "ItemId": "items",
    "UserId": "users",
}
_WIRE_DOUBLE, _WIRE_BYTES = 1, 2

ProtobufField = tuple[int, int, Any]
"""(number, wire type, value)"""


ROW_CONVERTERS: Mapping[RecordType, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "users": user_from_gorse,
    "items": item_from_gorse,
    "events": event_from_gorse,
}


def gorse_tables(paths: Sequence[Path]) -> dict[RecordType, Iterator[dict[str, Any]]]:
    """What of each there is in these files, as rows to be imported; each file is read three times.

    The same feedback twice is one event.
    """
    return {record_type: _rows(paths, record_type) for record_type in ("items", "users", "events")}


def _rows(paths: Sequence[Path], wanted_type: RecordType) -> Iterator[dict[str, Any]]:
    for path in paths:
        for record_type, record in read_records(path):
            if record_type == wanted_type:
                yield ROW_CONVERTERS[record_type](record)


def read_records(path: Path) -> Iterator[Record]:
    """(what it is, as Gorse's JSON) of each in the file. Raises InputError where it breaks off."""
    with path.open("rb") as file:
        start = file.read(1)
        file.seek(0)
        if start == b"{":
            yield from _lines(path, file)
        else:
            yield from _messages(path, file)


def _lines(path: Path, file: IO[bytes]) -> Iterator[Record]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            record_type = next(
                RECORD_TYPE_BY_FIELD[name] for name in RECORD_TYPE_BY_FIELD if name in record
            )
        except (ValueError, StopIteration, TypeError):
            raise InputError(
                f"{path.name}:{number}: not a user, an item or a feedback of Gorse's; expected an "
                "object with FeedbackType, ItemId or UserId"
            ) from None
        yield record_type, record


def _messages(path: Path, file: IO[bytes]) -> Iterator[Record]:
    record_type: RecordType | None = None
    while (size := _size(path, file)) != 0:
        if size in RECORD_TYPE_BY_STREAM:
            record_type = RECORD_TYPE_BY_STREAM[size]
            continue
        if record_type is None or not 0 < size <= MAX_MESSAGE_BYTES:
            raise InputError(f"{path.name} is no dump of Gorse's; make one with GET /api/dump")
        raw = file.read(size)
        if len(raw) < size:
            raise _truncated_error(path)
        try:
            yield record_type, MESSAGE_READERS[record_type](list(_fields(raw)))
        except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
            raise InputError(f"{path.name}: a damaged message ({error}); dump it again") from error


def _size(path: Path, file: IO[bytes]) -> int:
    raw = file.read(8)
    if len(raw) < 8:
        raise _truncated_error(path)
    return int(struct.unpack("<q", raw)[0])


def _truncated_error(path: Path) -> InputError:
    return InputError(f"{path.name} is cut off: what came before is in; dump it again")


def _fields(raw: bytes) -> Iterator[ProtobufField]:
    """The fields of a protobuf message (encoding: protobuf.dev/programming-guides/encoding)."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        value: Any
        if wire == 0:
            value, at = _varint(raw, at)
        elif wire == _WIRE_DOUBLE:
            value, at = struct.unpack_from("<d", raw, at)[0], at + 8
        elif wire == _WIRE_BYTES:
            length, at = _varint(raw, at)
            value, at = raw[at : at + length], at + length
            if len(value) < length:
                raise ValueError("it ends too early")
        elif wire == 5:
            value, at = struct.unpack_from("<f", raw, at)[0], at + 4
        else:
            raise ValueError(f"wire type {wire}")
        yield number, wire, value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _user(fields: list[ProtobufField]) -> dict[str, Any]:
    values_by_number = {number: value for number, _, value in fields}
    return {
        "UserId": values_by_number.get(1, b"").decode(),
        "Labels": _json(values_by_number.get(2)),
        "Comment": values_by_number.get(3, b"").decode(),
        "Subscribe": [value.decode() for number, _, value in fields if number == 4],
    }


def _item(fields: list[ProtobufField]) -> dict[str, Any]:
    shift = _namespace_offset(fields)
    values_by_number = {number - shift: value for number, _, value in fields}
    categories = [value.decode() for number, _, value in fields if number == 3 + shift]
    return {
        "ItemId": values_by_number[1].decode(),
        "IsHidden": bool(values_by_number.get(2, 0)),
        "Categories": categories,
        "Timestamp": _timestamp(values_by_number.get(4)),
        "Labels": _json(values_by_number.get(5)),
        "Comment": values_by_number.get(6, b"").decode(),
    }


def _feedback(fields: list[ProtobufField]) -> dict[str, Any]:
    shift = _namespace_offset(fields)
    values_by_number = {number - shift: value for number, _, value in fields}
    later_fields = [(wire, value) for number, wire, value in fields if number > 3 + shift]
    times = [value for wire, value in later_fields if wire == _WIRE_BYTES and _is_time(value)]
    comments = [
        value for wire, value in later_fields if wire == _WIRE_BYTES and not _is_time(value)
    ]
    return {
        "FeedbackType": values_by_number[1].decode(),
        "UserId": values_by_number[2].decode(),
        "ItemId": values_by_number[3].decode(),
        "Value": next((value for wire, value in later_fields if wire == _WIRE_DOUBLE), None),
        "Timestamp": _timestamp(times[0] if times else None),
        "Comment": comments[-1].decode() if comments else "",
    }


def _namespace_offset(fields: list[ProtobufField]) -> int:
    """1 where the first field is an (empty, hence absent) namespace, else 0."""
    if not any(number in (1, 2) for number, _, _ in fields):
        raise ValueError("it has no id")
    return 0 if any(number == 1 for number, _, _ in fields) else 1


def _is_time(raw: bytes) -> bool:
    try:
        fields = list(_fields(raw))
    except (IndexError, ValueError, struct.error):
        return False
    return all(wire == 0 and number in (1, 2) for number, wire, _ in fields)


def _timestamp(raw: bytes | None) -> str:
    """google.protobuf.Timestamp: seconds and nanoseconds since 1970."""
    values_by_number = {number: value for number, _, value in _fields(raw or b"")}
    seconds = values_by_number.get(1, 0)
    if not values_by_number or seconds >> 63:  # before 1970: no time at all
        return NO_TIMESTAMP
    return format_timestamp(seconds + values_by_number.get(2, 0) / 1e9)


def _json(raw: bytes | None) -> Any:
    return json.loads(raw) if raw else None


MESSAGE_READERS = {"users": _user, "items": _item, "events": _feedback}
