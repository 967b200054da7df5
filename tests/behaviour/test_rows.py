"""Every source gives the same rows; whatever is broken is named with its line."""

import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet

from foretaste.behaviour.rows import HEAD_ROWS, OpenTable, open_table
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

ROWS: list[dict[str, Any]] = [
    {"user": "ann", "item": "i1", "value": 4.5},
    {"user": "bob", "item": "i2", "value": 2.0},
]
FRAME = pd.DataFrame(ROWS)


def all_rows(source: Any) -> list[tuple[int, Any]]:
    with open_table(source) as table:
        return list(table.rows)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: FRAME, id="pandas"),
        pytest.param(lambda: pl.DataFrame(ROWS), id="polars"),
        pytest.param(lambda: pa.table(FRAME), id="arrow"),
        pytest.param(lambda: pa.RecordBatch.from_pandas(FRAME), id="arrow batch"),
        pytest.param(lambda: list(ROWS), id="mappings"),
        pytest.param(lambda: iter(ROWS), id="an iterator"),
        pytest.param(lambda: {name: FRAME[name].to_numpy() for name in FRAME}, id="columns"),
        pytest.param(
            lambda: np.array(
                [tuple(row.values()) for row in ROWS],
                dtype=[("user", "U3"), ("item", "U2"), ("value", "f8")],
            ),
            id="numpy",
        ),
    ],
)
def test_frames_of_all_kinds(make: Callable[[], Any]) -> None:
    with open_table(make()) as table:
        assert table.columns == ("user", "item", "value")
        assert list(table.rows) == [(1, ROWS[0]), (2, ROWS[1])]
        assert table.name == "frame"


def test_parquet(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "events.parquet")
    with open_table(tmp_path / "events.parquet") as table:
        assert table.total == 2
        assert list(table.rows) == [(1, ROWS[0]), (2, ROWS[1])]
        assert table.amount_read() == 2
        assert table.name == "events.parquet"


def test_the_head_comes_again(tmp_path: Path) -> None:
    n = HEAD_ROWS + 5
    with open_table({"user": list(range(n))}) as table:
        assert len(table.head) == HEAD_ROWS
        assert [line for line, _ in table.rows] == list(range(1, n + 1))


def test_pandas_with_all_that_pandas_does() -> None:
    frame = pd.DataFrame(
        {
            "user": pd.Series([31.0, np.nan]),
            "mixed": pd.Series([1, "two"], dtype=object),
            "lists": [["a"], None],
            "maps": [{"i1": 5}, {"i2": 4}],
            "at": [pd.Timestamp("2024-01-01"), pd.NaT],
            "kind": pd.Categorical(["view", None]),
            "whole": pd.array([1, None], dtype="Int64"),
        }
    ).set_index(pd.Index(["x", "y"], name="session"))
    (_, first), (_, second) = all_rows(frame)
    assert first["session"] == "x"
    assert (first["user"], first["mixed"], second["mixed"]) == (31.0, 1, "two")
    assert (first["lists"], second["lists"]) == (["a"], None)
    assert (first["maps"], second["maps"]) == ({"i1": 5}, {"i2": 4})
    assert first["at"] == datetime(2024, 1, 1)
    assert second["at"] is None
    assert (first["kind"], second["kind"]) == ("view", None)
    assert (first["whole"], second["whole"]) == (1, None)


def test_a_plain_index_is_no_column() -> None:
    with open_table(FRAME.iloc[::-1]) as table:
        assert table.columns == ("user", "item", "value")


def test_nanoseconds_are_no_trouble() -> None:
    at = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "UTC"))
    ((_, row),) = all_rows(pa.table({"at": at}))
    assert row["at"].timestamp() == pytest.approx(1_700_000_000.123456)


def test_a_row_that_is_no_mapping() -> None:
    rows = all_rows([{"user": "a"}, 7])
    assert isinstance(rows[1][1], RejectedRow)
    assert (rows[1][1].line, rows[1][1].problem) == (2, "a row is a int")


@pytest.mark.parametrize("source", [7, b"bytes", None, pl.LazyFrame(ROWS)])
def test_no_frame_at_all(source: Any) -> None:
    with pytest.raises(InputError, match=r"cannot read rows from .*expected a path, a data frame"):
        open_table(source)


def test_columns_of_different_lengths() -> None:
    with pytest.raises(InputError, match=r"different lengths, \[1, 2\]"):
        open_table({"a": [1], "b": [1, 2]})


def test_two_columns_of_one_name() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(InputError, match="two columns are called 'a'; rename one"):
        open_table(frame)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("events.csv", b"", "events.csv is empty"),
        ("events.parquet", b"", "events.parquet is empty"),
        ("events.zip", b"PK\3\4", "is not a whole zip file"),
        ("events.xls", b"\xd0\xcf\x11\xe0", "is not a whole spreadsheet"),
        ("events.xls", b"<html><table>", "is a page and has no rows; save it as CSV"),
        ("events", b"SQLite format 3\0", "is a database; export a table of it"),
        (
            "events.parquet",
            b"user,item\n",
            "is not a whole Parquet file; copy or write it again",
        ),
        ("events.csv", b"\n \n", "there is no header"),
        (
            "events.csv",
            b"us\xe9r,item\n" + b"\xc3\xa9,i\n" * 9,
            r"the header is not UTF-8 \(byte 0xe9 at place 3\)",
        ),
        ("events.csv", b"user,user\na,b\n", "two columns are called 'user'; rename one"),
        (
            "events.csv.gz",
            gzip.compress(b"user,item\n", mtime=0)[:10],
            "compressed file is cut off",
        ),
        ("events.jsonl.gz", b"\x1f\x8b" + b"?" * 20, "compressed file is damaged"),
        ("events.csv", b'user,"item\n', "the header cannot be read"),
    ],
)
def test_a_file_that_is_of_no_use(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        open_table(tmp_path / name)
    assert name in str(raised.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.csv is not there; check the name"):
        open_table(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="is a folder; name the file in it"):
        open_table(tmp_path)


def test_a_parquet_file_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    FRAME.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"events.parquet is not a whole Parquet file"):
        open_table(path)


def test_a_parquet_file_that_is_damaged_inside(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    table = pa.table({"user": [f"u{n:05}" for n in range(40_000)]})
    parquet.write_table(
        table,
        path,
        row_group_size=20_000,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
    )
    content = bytearray(path.read_bytes())
    page = content.index(b"u20000")
    content[page - 37 : page] = b"\xff" * 37  # its header
    path.write_bytes(content)
    rows = all_rows(path)
    assert [line for line, _ in rows] == list(range(1, 20_002))
    broken = rows[-1][1]
    assert isinstance(broken, RejectedRow)
    assert "the file is damaged from row 20001 on" in broken.problem


def test_a_parquet_file_with_bytes_that_are_no_text(tmp_path: Path) -> None:
    """Arrow writes and reads them without a word; only their own row is bad."""
    raw = pa.array([b"ann", b"caf\xe9", None, b"caf\xc3\xa9"])
    text = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:], raw.buffers()[0], 1)
    parquet.write_table(pa.table({"user": text}), tmp_path / "events.parquet")
    rows = all_rows(tmp_path / "events.parquet")
    assert [row["user"] for _, row in rows] == ["ann", b"caf\xe9", None, "café"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_gzip_file_that_was_cut_off(tmp_path: Path, suffix: str) -> None:
    """What is before the break goes in; the break has a line."""
    rng = np.random.default_rng(0)  # so that it does not shrink to nothing
    ids = rng.integers(0, 10**9, 5_000)
    lines = [f'{{"user": {n}}}' if suffix == ".jsonl" else str(n) for n in ids]
    header = [] if suffix == ".jsonl" else ["user"]
    whole = gzip.compress("\n".join([*header, *lines, ""]).encode())
    path = tmp_path / f"events{suffix}.gz"
    path.write_bytes(whole[: len(whole) // 2])
    rows = all_rows(path)
    last, broken = rows[-1]
    assert isinstance(broken, RejectedRow)
    assert broken.problem == "the compressed file is cut off here"
    good = rows[:-1]
    assert 1_000 < len(good) < 5_000
    assert [int(row["user"]) for _, row in good] == ids[: len(good)].tolist()
    assert last == good[-1][0] + 1


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress(b"user,item\n" + b"a,b\n" * 10_000))
    with open_table(path) as table:
        assert table.total == path.stat().st_size
        assert sum(1 for _ in table.rows) == 10_000
        assert table.amount_read() == table.total


def test_closing_a_table_that_was_not_read(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("user,item\na,b\n")
    table: OpenTable = open_table(path)
    assert str(path) in {file.path for file in psutil.Process().open_files()}
    table.close()
    assert str(path) not in {file.path for file in psutil.Process().open_files()}
