"""JSON Lines and JSON arrays, whole and broken."""

from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.rows import open_table
from foretaste.domain.data import RejectedRow


def parsed(path: Path, content: bytes) -> list[tuple[int, Any]]:
    path.write_bytes(content)
    with open_table(path) as table:
        return list(table.rows)


@pytest.mark.parametrize("name", ["f.jsonl", "f.ndjson", "f.json"])
def test_lines(tmp_path: Path, name: str) -> None:
    found = parsed(tmp_path / name, b'\xef\xbb\xbf{"user": "a", "n": 1}\n\n{"user": "\xc3\xa9"}')
    assert found == [(1, {"user": "a", "n": 1}), (3, {"user": "é"})]


def test_columns_are_those_of_the_first_rows(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"user": 1}\n{"item": 2, "user": 3}\n')
    with open_table(path) as table:
        assert table.columns == ("user", "item")
        assert table.open_ended


def test_broken_lines(tmp_path: Path) -> None:
    content = (
        b'{"user": "\xc3\xa9"}\n{"user": 2,}\n[3]\n{"user": "caf\xe9"}\n{"user": 5}\n'
        b'{"user": 6, "it'
    )
    found = parsed(tmp_path / "f.jsonl", content)
    assert [line for line, row in found if not isinstance(row, RejectedRow)] == [1, 5]
    told = {line: row.problem for line, row in found if isinstance(row, RejectedRow)}
    assert list(told) == [2, 3, 4, 6]
    assert told[2].startswith("not JSON (")
    assert told[3] == "not a JSON object"
    assert told[4] == "not UTF-8 (byte 0xe9 at place 14 of the line)"
    assert told[6].endswith("and the file ends here as if cut off")


def test_json_too_deep_to_read(tmp_path: Path) -> None:
    found = parsed(tmp_path / "f.jsonl", b"{}\n" + b"[" * 100_000 + b"\n{}\n")
    assert [type(row) for _, row in found] == [dict, RejectedRow, dict]


def test_an_array_over_many_lines(tmp_path: Path) -> None:
    content = b'\n[\n {"user": 1,\n  "item": "x"},\n {"user": 2}\n , {"user": 3}]\n'
    found = parsed(tmp_path / "f.json", content)
    assert found == [(3, {"user": 1, "item": "x"}), (5, {"user": 2}), (6, {"user": 3})]


def test_an_empty_array(tmp_path: Path) -> None:
    assert parsed(tmp_path / "f.json", b"[]") == []


def test_an_array_that_breaks(tmp_path: Path) -> None:
    content = b'[{"user": "\xc3\xa9"},\n 7,\n {"user": "caf\xe9"},\n{"user": 4},\n{"user": 5, "i'
    found = parsed(tmp_path / "f.json", content)
    assert [(line, row) for line, row in found if isinstance(row, dict)] == [
        (1, {"user": "é"}),
        (4, {"user": 4}),
    ]
    told = {line: row.problem for line, row in found if isinstance(row, RejectedRow)}
    assert told[2] == "not a JSON object"
    assert told[3] == "not UTF-8 (byte 0xe9)"
    assert told[5].startswith("not JSON from here on")


def test_values_of_mongodb_are_plain_values(tmp_path: Path) -> None:
    line = (
        b'{"_id": {"$oid": "65a1"}, "at": {"$date": {"$numberLong": "1700000000000"}}, '
        b'"tags": [{"name": "a"}, {"$numberInt": "3"}], "author": {"name": "Ann"}}'
    )
    row = {
        "_id": "65a1",
        "at": "1700000000000",
        "tags": [{"name": "a"}, "3"],
        "author": {"name": "Ann"},
    }
    assert parsed(tmp_path / "f.jsonl", line + b"\n" + line) == [(1, row), (2, row)]
    assert parsed(tmp_path / "g.json", b"[" + line + b"]") == [(1, row)]
