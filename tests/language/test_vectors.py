import logging
import sqlite3
from pathlib import Path

import pytest

from foretaste.errors import StoreError
from foretaste.language.vectors import VectorFile

MANY = {number.to_bytes(16, "big"): bytes([number % 256]) * 600 for number in range(2000)}


def test_what_is_added_is_found_by_the_next_who_opens(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "vectors.sqlite"
    first = VectorFile(path)
    first.add(MANY)
    first.close()

    assert dict(VectorFile(path).find([*MANY, b"unknown"])) == MANY


def test_a_key_is_replaced(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "vectors.sqlite")
    file.add({b"a": b"old"})
    file.add({b"a": b"new"})

    assert list(file.find([b"a"])) == [(b"a", b"new")]


@pytest.mark.parametrize(
    "content", [b"this is no database", b"SQLite format 3\x00 cut", b"\0" * 5000]
)
def test_a_file_that_is_no_database_is_set_aside(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(content)

    file = VectorFile(path)
    file.add({b"a": b"1"})

    assert list(file.find([b"a"])) == [(b"a", b"1")]
    assert (tmp_path / "vectors.sqlite.corrupt").read_bytes() == content
    assert "is damaged" in caplog.text


def test_damage_inside_is_set_aside_when_met(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "vectors.sqlite"
    first = VectorFile(path)
    first.add(MANY)
    first.close()
    whole = path.read_bytes()
    # The first page says that it is a database; all that follows is noise.
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))

    file = VectorFile(path)
    found = dict(file.find(list(MANY)))
    file.add(MANY)

    assert found == {}
    assert dict(file.find(list(MANY))) == MANY
    assert (tmp_path / "vectors.sqlite.corrupt").exists()
    assert "is damaged" in caplog.text


def test_a_file_that_cannot_be_used_is_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "vectors.sqlite"
    file = VectorFile(path)
    other = sqlite3.connect(path)
    other.execute("DROP TABLE vectors")
    other.close()

    with caplog.at_level(logging.WARNING):
        file.add({b"a": b"1"})

    assert list(file.find([b"a"])) == []
    assert "going on without it" in caplog.text
    assert not (tmp_path / "vectors.sqlite.corrupt").exists()


def test_a_place_where_nothing_can_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match="cannot be made"):
        VectorFile(tmp_path / "file" / "vectors.sqlite")
    with pytest.raises(StoreError, match="cannot be opened"):
        VectorFile(tmp_path)
