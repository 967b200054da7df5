"""What was made once is found again, unless it was made of something else or is not whole."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.arrays import Array, is_mapped
from foretaste.domain.derived_files import (
    IN_MEMORY,
    STALE_SECONDS,
    DerivedFiles,
    remove_derived,
)

SOURCE = {"encoder": "a"}


class Maker:
    """Makes an array, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> Mapping[str, Array]:
        self.count += 1
        return {"numbers": np.arange(4)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = DerivedFiles(tmp_path / "models" / "v1", SOURCE)
    assert not files.is_complete
    make = Maker()
    for _ in range(2):
        assert is_mapped(files.arrays("numbers", make)["numbers"])
    assert make.count == 1
    assert files.value("words", lambda: ["a"]) == ["a"]
    assert not DerivedFiles(tmp_path / "models" / "v1", SOURCE).is_complete
    files.complete({"revision": 7})
    assert files.value("half", lambda: "\ud800") == "\ud800"
    return tmp_path / "models" / "v1"


def test_is_found_by_the_next_one(folder: Path) -> None:
    files, make = DerivedFiles(folder, SOURCE), Maker()
    assert files.facts == {"revision": 7}
    assert files.arrays("numbers", make)["numbers"].tolist() == [0, 1, 2, 3]
    assert files.value("words", list) == ["a"]
    assert make.count == 0
    for _ in range(2):  # of a later release, or not needed to load
        assert is_mapped(files.arrays("others", make)["numbers"])
    assert make.count == 1
    assert DerivedFiles(folder, SOURCE).is_complete


def _other_source(folder: Path) -> DerivedFiles:
    return DerivedFiles(folder, {"encoder": "b"})


def _short_file(folder: Path) -> DerivedFiles:
    os.truncate(folder / "numbers.safetensors", 10)
    return DerivedFiles(folder, SOURCE)


def _no_file(folder: Path) -> DerivedFiles:
    (folder / "words.json").unlink()
    return DerivedFiles(folder, SOURCE)


def _odd_facts(folder: Path) -> DerivedFiles:
    (folder / "complete.json").write_text("[]")
    return DerivedFiles(folder, SOURCE)


@pytest.mark.parametrize(
    "changed",
    [_other_source, _short_file, _no_file, _odd_facts, lambda f: DerivedFiles(f, SOURCE).again()],
)
def test_is_made_again(folder: Path, changed: Callable[[Path], DerivedFiles]) -> None:
    before = DerivedFiles(folder, SOURCE).arrays("numbers", Maker())["numbers"]
    files, make = changed(folder), Maker()
    assert not files.is_complete
    files.arrays("numbers", make)
    files.complete({"revision": 9})
    assert make.count == 1
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    if changed is not _short_file:
        assert before.tolist() == [0, 1, 2, 3]  # whoever has the old ones mapped reads on


def test_two_at_once_leave_one_behind(folder: Path) -> None:
    both = [DerivedFiles(folder, SOURCE).again() for _ in range(2)]
    arrays = [files.arrays("numbers", Maker())["numbers"] for files in both]
    for number, files in enumerate(both):
        files.complete({"revision": number})
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert [array.tolist() for array in arrays] == [[0, 1, 2, 3]] * 2


def test_without_room_it_is_made_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").touch()  # no folder can be made in a file
    files, make = DerivedFiles(tmp_path / "models" / "v1", SOURCE), Maker()
    for _ in range(2):
        assert files.arrays("numbers", make)["numbers"].tolist() == [0, 1, 2, 3]
    files.complete({})
    assert "not kept in files" in caplog.text
    assert DerivedFiles(tmp_path / "v1", SOURCE).is_writable
    assert not IN_MEMORY.is_writable
    assert IN_MEMORY.file("numbers", lambda _: None) is None
    assert IN_MEMORY.value("numbers", lambda: 3) == 3


def test_what_a_kill_left_is_swept(folder: Path) -> None:
    leftover = folder.with_name(".v0.12345678.partial")
    leftover.mkdir()
    at = leftover.stat().st_mtime - 2 * STALE_SECONDS
    os.utime(leftover, (at, at))
    DerivedFiles(folder, SOURCE).again().arrays("numbers", Maker())
    assert not leftover.exists()


def test_is_removed_in_one_step(folder: Path) -> None:
    remove_derived(folder)
    remove_derived(folder)
    assert list(folder.parent.iterdir()) == []
