"""Rows that were rejected are forgotten with their person, and others stay as they are."""

import json
from pathlib import Path

import pytest

from foretaste.behaviour.rejected_rows import erase_rejected_rows


def reject(**row: object) -> str:
    return json.dumps({"file": "events.csv", "line": 1, "row": row}) + "\n"


OTHERS = [
    reject(user="annabel", item="i1"),
    reject(user="bert", note="not anna-like"),
    '{"cut": "o',
]


@pytest.mark.parametrize(
    "line",
    [
        reject(user="anna"),
        reject(customer=" anna "),
        reject(nested={"users": ["bert", "anna"]}),
        reject(line="anna;i1;click"),
        reject(session="s-1"),
        reject(user=15),
        '{"row": {"user": "anna", "it',
    ],
)
def test_whatever_the_column_the_row_goes(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "rejects"
    folder.mkdir()
    (folder / "events.jsonl").write_text(
        "".join([OTHERS[0], line.rstrip("\n") + "\n", *OTHERS[1:]])
    )
    (folder / "other.jsonl").write_text(OTHERS[0])
    assert erase_rejected_rows(tmp_path, {"anna", "s-1", "15"}) == 1
    assert (folder / "events.jsonl").read_text() == "".join(OTHERS)
    assert sorted(path.name for path in folder.iterdir()) == ["events.jsonl", "other.jsonl"]


def test_without_rejects_nothing_is_done(tmp_path: Path) -> None:
    assert erase_rejected_rows(tmp_path, {"anna"}) == 0
