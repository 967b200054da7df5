"""CSV as people and programs write it, and as it breaks."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.behaviour.delimited import rows
from foretaste.behaviour.stream import Stream
from foretaste.domain.data import RejectedRow


def parsed(path: Path, content: bytes, *, zipped: bool = False) -> tuple[Any, list[Any]]:
    path.write_bytes(gzip.compress(content) if zipped else content)
    stream = Stream(path, "events.csv")
    try:
        columns, found = rows(stream)
        return columns, list(found)
    finally:
        stream.close()


def problems(found: list[tuple[int, Any]]) -> dict[int, str]:
    return {line: row.problem for line, row in found if isinstance(row, RejectedRow)}


def good(found: list[tuple[int, Any]]) -> dict[int, list[str]]:
    return {line: [*row.values()] for line, row in found if not isinstance(row, RejectedRow)}


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_separators_line_ends_and_bom(tmp_path: Path, mark: str, end: str, bom: bytes) -> None:
    content = end.join([f'user{mark}"item, or; thing"', f"ann{mark}i1", f'bob{mark}"i{mark}2"', ""])
    columns, found = parsed(tmp_path / "f", bom + content.encode())
    assert columns == ("user", "item, or; thing")
    assert good(found) == {2: ["ann", "i1"], 3: ["bob", f"i{mark}2"]}
    assert len(found) == 2


def test_gzip(tmp_path: Path) -> None:
    assert good(parsed(tmp_path / "f", b"a,b\n1,2\n", zipped=True)[1]) == {2: ["1", "2"]}


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    assert good(parsed(tmp_path / "f", b"a,b\n1,2")[1]) == {2: ["1", "2"]}


def test_a_quoted_field_of_several_lines_keeps_the_numbers_right(tmp_path: Path) -> None:
    content = b'user,text\nann,"one\ntwo\n\nfour"\n\nbob,five\ncid\n'
    _, found = parsed(tmp_path / "f", content)
    assert good(found) == {2: ["ann", "one\ntwo\n\nfour"], 7: ["bob", "five"]}
    assert problems(found) == {8: "1 fields where the header has 2"}


def test_quotes_inside_quotes_and_spaces_before_them(tmp_path: Path) -> None:
    _, found = parsed(tmp_path / "f", b'a,b\n"he said ""no""", "x, y"\n5" nail,z\n')
    assert good(found) == {2: ['he said "no"', "x, y"], 3: ['5" nail', "z"]}


def test_ragged_rows(tmp_path: Path) -> None:
    _, found = parsed(tmp_path / "f", b"a,b,c\n1,2,3\n1,2\n1,2,3,4\n4,5,6\n7,8")
    assert good(found) == {2: ["1", "2", "3"], 5: ["4", "5", "6"]}
    assert problems(found) == {
        3: "2 fields where the header has 3",
        4: "4 fields where the header has 3",
        6: "2 fields where the header has 3, and the file ends here as if cut off",
    }
    ragged = found[1][1]
    assert (ragged.column, ragged.value, ragged.row) == ("c", "1,2", {"a": "1", "b": "2"})
    assert "put quotes around a field that holds a ','" in ragged.remedy


def test_broken_utf8_is_named_and_the_rows_around_it_come(tmp_path: Path) -> None:
    _, found = parsed(tmp_path / "f", b"user,text\nann,good\nbob,caf\xe9\ncid,caf\xc3\xa9\n")
    assert good(found) == {2: ["ann", "good"], 4: ["cid", "café"]}
    assert problems(found) == {3: "not UTF-8 (byte 0xe9 at place 8 of the line)"}
    assert (found[1][1].column, found[1][1].value) == ("text", "caf\ufffd")
    assert "UTF-8" in found[1][1].remedy


@pytest.mark.parametrize(
    "bad",
    [
        b'bob,"never closed',
        b'bob,"closed" and more',
        b'bob,"never closed\xff',
        b'bob,"',
        b'"bob,x',
    ],
)
def test_a_quote_that_is_not_closed_takes_no_other_row_with_it(tmp_path: Path, bad: bytes) -> None:
    before = [b"u%d,fine" % n for n in range(3)]
    after = [b"u%d,fine" % n for n in range(3, 9)] + [b'u9,"quoted, and\nof two lines"', b"z,z"]
    _, found = parsed(tmp_path / "f", b"\n".join([b"user,text", *before, bad, *after, b""]))
    assert list(problems(found)) == [5]
    assert len(good(found)) == 3 + 8
    assert good(found)[12] == ["u9", "quoted, and\nof two lines"]
    assert good(found)[14] == ["z", "z"]


def test_broken_bytes_after_an_open_quote_keep_their_own_line(tmp_path: Path) -> None:
    _, found = parsed(tmp_path / "f", b'a,b\n1,"open\n2,x\n3,caf\xe9\n4,\xc3\xa9\n')
    assert sorted(problems(found)) == [2, 4]
    assert "not UTF-8" in problems(found)[4]
    assert list(good(found)) == [3, 5]


def test_many_open_quotes_are_found_in_linear_time(tmp_path: Path) -> None:
    lines = [b'u,"open' if n % 10 == 0 else b"u,fine" for n in range(5_000)]
    _, found = parsed(tmp_path / "f", b"\n".join([b"user,text", *lines, b""]))
    assert len(problems(found)) == 500
    assert len(good(found)) == 4_500


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from([b"a,b", b"a", b'a,"b', b'a,"b\nc"', b"a,\xff", b"", b'"']), max_size=12
    )
)
def test_no_line_ever_vanishes(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    """Whatever is in a file, each of its lines belongs to a row, to a reject or is empty."""
    content = b"\n".join([b"user,text", *lines, b""])
    _, found = parsed(tmp_path_factory.getbasetemp() / "any.csv", content)
    starts = [line for line, _ in found]
    assert starts == sorted(set(starts))
    covered: set[int] = set()
    for line, row in found:
        fields = row.row if isinstance(row, RejectedRow) else row
        length = 1 + sum(value.count("\n") for value in fields.values())
        covered.update(range(line, line + length))
    filled = {at for at, line in enumerate(content.split(b"\n"), 1) if line.strip() and at > 1}
    assert filled <= covered


def test_the_names_once_more_are_no_row(tmp_path: Path) -> None:
    """Exports of several days that were put one after another."""
    content = b"user,item\nann,i1\nuser, item\nbob,i2\nuser,i3\n"
    _, found = parsed(tmp_path / "f", content)
    assert good(found) == {2: ["ann", "i1"], 4: ["bob", "i2"], 5: ["user", "i3"]}
