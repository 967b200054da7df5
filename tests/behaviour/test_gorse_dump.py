"""Dumps are written here as Gorse writes them, by protobuf's own library, and read."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

from foretaste.behaviour.gorse_dump import gorse_tables, read_records
from foretaste.errors import InputError

STRING, BYTES, BOOL, DOUBLE, MESSAGE = 9, 12, 8, 1, 11
TIME = ".google.protobuf.Timestamp"
PLAIN = {
    "User": "user_id labels:bytes comment subscribe*",
    "Item": "item_id is_hidden:bool categories* timestamp:time labels:bytes comment",
    "Feedback": "feedback_type user_id item_id timestamp:time comment",
}
NAMED = {
    "User": PLAIN["User"],
    "Item": f"namespace {PLAIN['Item']}",
    "Feedback": "namespace feedback_type user_id item_id value:double timestamp:time "
    "updated:time comment",
}
KINDS = {"": STRING, "bytes": BYTES, "bool": BOOL, "double": DOUBLE, "time": MESSAGE}


def messages(form: dict[str, str], package: str) -> dict[str, Any]:
    """Classes of the messages, from their fields in order of their numbers."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto", package=package, syntax="proto3"
    )
    file.dependency.append("google/protobuf/timestamp.proto")
    for name, fields in form.items():
        message = file.message_type.add(name=name)
        for number, told in enumerate(fields.split(), 1):
            field, _, kind = told.partition(":")
            one = message.field.add(name=field.strip("*"), number=number, type=KINDS[kind])
            one.label = 3 if field.endswith("*") else 1
            if kind == "time":
                one.type_name = TIME
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in form
    }


def dumped(form: dict[str, str], package: str) -> bytes:
    made = messages(form, package)
    user = made["User"](user_id="u", labels=b'["a", "b"]', subscribe=["x"])
    item = made["Item"](item_id="i", is_hidden=True, categories=["films", "war"])
    item.labels = json.dumps(
        {"genre": ["Drama"], "vector": [0.5, 0.1], "maker": {"name": "Ada"}}
    ).encode()
    item.comment = "A title"
    item.timestamp.seconds = 1_700_000_000
    bare = made["Item"](item_id="j")
    bare.timestamp.seconds = -62_135_596_800  # Go's zero time
    star = made["Feedback"](feedback_type="star", user_id="u", item_id="i", comment="good")
    star.timestamp.seconds, star.timestamp.nanos = 1_700_000_001, 500_000_000
    if "value" in form["Feedback"]:
        star.value = 4.5
        star.updated.seconds = 1_800_000_000
    out = b""
    for stream, some in ((-1, [user]), (-2, [item, bare]), (-3, [star])):
        out += struct.pack("<q", stream)
        for one in some:
            raw = one.SerializeToString()
            out += struct.pack("<q", len(raw)) + raw
    return out + struct.pack("<q", 0)


@pytest.mark.parametrize(("form", "value"), [(PLAIN, {}), (NAMED, {"value": 4.5})])
def test_both_forms_of_the_dump(tmp_path: Path, form: dict[str, str], value: Any) -> None:
    path = tmp_path / "dump.bin"
    path.write_bytes(dumped(form, f"p{len(value)}"))

    found = {what: list(rows) for what, rows in gorse_tables([path]).items()}

    assert found["users"] == [{"id": "u", "labels": ["a", "b"], "subscribe": ["x"]}]
    assert found["items"] == [
        {
            "id": "i",
            "categories": ["films", "war"],
            "genre": ["Drama"],
            "maker.name": "Ada",
            "title": "A title",
            "hidden": True,
            "available_from": "2023-11-14T22:13:20Z",
        },
        {"id": "j", "categories": [], "title": "", "hidden": False},
    ]
    (event,) = found["events"]
    assert event.pop("event_id").startswith("gorse-")
    assert event == {
        "event_type": "star",
        "user": "u",
        "item": "i",
        "text": "good",
        "at": "2023-11-14T22:13:21.500000Z",
        **value,
    }


def test_a_file_that_is_cut_off_or_something_else(tmp_path: Path) -> None:
    path = tmp_path / "dump.bin"
    whole = dumped(PLAIN, "cut")
    path.write_bytes(whole[:-12])
    with pytest.raises(InputError, match="cut off: what came before is in"):
        list(read_records(path))
    path.write_bytes(b"PK\x03\x04 something else entirely")
    with pytest.raises(InputError, match=r"no dump of Gorse's; make one with GET /api/dump"):
        list(read_records(path))
    path.write_text('{"UserId": "u"}\n{"no": 1}\n')
    with pytest.raises(InputError, match=r"dump.bin:2: not a user, an item or a feedback"):
        list(read_records(path))


def test_exported_lines(tmp_path: Path) -> None:
    path = tmp_path / "any.jsonl"
    rows = [
        {"UserId": "u", "Labels": None},
        {"ItemId": "i", "Categories": ["a"], "Timestamp": "0001-01-01T00:00:00Z"},
        {"FeedbackType": "star", "UserId": "u", "ItemId": "i", "Timestamp": "2024-01-01T00:00:00Z"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = {what: list(some) for what, some in gorse_tables([path]).items()}
    assert found["users"] == [{"id": "u"}]
    assert found["items"] == [{"id": "i", "categories": ["a"]}]
    assert found["events"][0]["at"] == "2024-01-01T00:00:00Z"
