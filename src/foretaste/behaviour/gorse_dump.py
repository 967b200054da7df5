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

from foretaste.behaviour.gorse import UNSET, event_row, item_row, user_row, written
from foretaste.errors import InputError

What = Literal["users", "items", "events"]
Thing = tuple[What, dict[str, Any]]
STREAMS: Mapping[int, What] = {-1: "users", -2: "items", -3: "events"}
LONGEST = 1 << 26
"""Bytes of a message past which the file is not a dump."""
IDS: Mapping[str, What] = {"FeedbackType": "events", "ItemId": "items", "UserId": "users"}
_DOUBLE, _BYTES = 1, 2

Field = tuple[int, int, Any]
"""(number, wire type, value)"""


ROWS: Mapping[What, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "users": user_row,
    "items": item_row,
    "events": event_row,
}


def tables(paths: Sequence[Path]) -> dict[What, Iterator[dict[str, Any]]]:
    """What of each there is in these files, as rows to be imported; each file is read three times.

    The same feedback twice is one event.
    """
    return {what: _rows(paths, what) for what in ("items", "users", "events")}


def _rows(paths: Sequence[Path], wanted: What) -> Iterator[dict[str, Any]]:
    for path in paths:
        for what, told in things(path):
            if what == wanted:
                yield ROWS[what](told)


def things(path: Path) -> Iterator[Thing]:
    """(what it is, as Gorse's JSON) of each in the file. Raises InputError where it breaks off."""
    with path.open("rb") as file:
        start = file.read(1)
        file.seek(0)
        if start == b"{":
            yield from _lines(path, file)
        else:
            yield from _messages(path, file)


def _lines(path: Path, file: IO[bytes]) -> Iterator[Thing]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            what = next(IDS[name] for name in IDS if name in told)
        except (ValueError, StopIteration, TypeError):
            raise InputError(
                f"{path.name}:{number}: not a user, an item or a feedback of Gorse's; expected an "
                "object with FeedbackType, ItemId or UserId"
            ) from None
        yield what, told


def _messages(path: Path, file: IO[bytes]) -> Iterator[Thing]:
    what: What | None = None
    while (size := _size(path, file)) != 0:
        if size in STREAMS:
            what = STREAMS[size]
            continue
        if what is None or not 0 < size <= LONGEST:
            raise InputError(f"{path.name} is no dump of Gorse's; make one with GET /api/dump")
        raw = file.read(size)
        if len(raw) < size:
            raise _cut(path)
        try:
            yield what, READ[what](list(_fields(raw)))
        except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
            raise InputError(f"{path.name}: a damaged message ({error}); dump it again") from error


def _size(path: Path, file: IO[bytes]) -> int:
    raw = file.read(8)
    if len(raw) < 8:
        raise _cut(path)
    return int(struct.unpack("<q", raw)[0])


def _cut(path: Path) -> InputError:
    return InputError(f"{path.name} is cut off: what came before is in; dump it again")


def _fields(raw: bytes) -> Iterator[Field]:
    """The fields of a protobuf message (encoding: protobuf.dev/programming-guides/encoding)."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        value: Any
        if wire == 0:
            value, at = _varint(raw, at)
        elif wire == _DOUBLE:
            value, at = struct.unpack_from("<d", raw, at)[0], at + 8
        elif wire == _BYTES:
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


def _user(fields: list[Field]) -> dict[str, Any]:
    told = {number: value for number, _, value in fields}
    return {
        "UserId": told.get(1, b"").decode(),
        "Labels": _json(told.get(2)),
        "Comment": told.get(3, b"").decode(),
        "Subscribe": [value.decode() for number, _, value in fields if number == 4],
    }


def _item(fields: list[Field]) -> dict[str, Any]:
    shift = _shift(fields)
    told = {number - shift: value for number, _, value in fields}
    categories = [value.decode() for number, _, value in fields if number == 3 + shift]
    return {
        "ItemId": told[1].decode(),
        "IsHidden": bool(told.get(2, 0)),
        "Categories": categories,
        "Timestamp": _timestamp(told.get(4)),
        "Labels": _json(told.get(5)),
        "Comment": told.get(6, b"").decode(),
    }


def _feedback(fields: list[Field]) -> dict[str, Any]:
    shift = _shift(fields)
    told = {number - shift: value for number, _, value in fields}
    rest = [(wire, value) for number, wire, value in fields if number > 3 + shift]
    times = [value for wire, value in rest if wire == _BYTES and _is_time(value)]
    words = [value for wire, value in rest if wire == _BYTES and not _is_time(value)]
    return {
        "FeedbackType": told[1].decode(),
        "UserId": told[2].decode(),
        "ItemId": told[3].decode(),
        "Value": next((value for wire, value in rest if wire == _DOUBLE), None),
        "Timestamp": _timestamp(times[0] if times else None),
        "Comment": words[-1].decode() if words else "",
    }


def _shift(fields: list[Field]) -> int:
    """1 where the first field is an (empty, hence absent) namespace, else 0."""
    if not any(number in (1, 2) for number, _, _ in fields):
        raise ValueError("it has no id")
    return 0 if any(number == 1 for number, _, _ in fields) else 1


def _is_time(raw: bytes) -> bool:
    try:
        found = list(_fields(raw))
    except (IndexError, ValueError, struct.error):
        return False
    return all(wire == 0 and number in (1, 2) for number, wire, _ in found)


def _timestamp(raw: bytes | None) -> str:
    """google.protobuf.Timestamp: seconds and nanoseconds since 1970."""
    told = {number: value for number, _, value in _fields(raw or b"")}
    whole = told.get(1, 0)
    if not told or whole >> 63:  # before 1970: no time at all
        return UNSET
    return written(whole + told.get(2, 0) / 1e9)


def _json(raw: bytes | None) -> Any:
    return json.loads(raw) if raw else None


READ = {"users": _user, "items": _item, "events": _feedback}
