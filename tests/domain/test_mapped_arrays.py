"""A file gives back what was written, read where it lies, and grows without being copied."""

from pathlib import Path

import numpy as np
import pytest

from foretaste.domain import mapped_arrays as mapped_arrays_module
from foretaste.domain.arrays import Array, GrowingVectors, QuantizedVectors, growing_rows, is_mapped
from foretaste.domain.mapped_arrays import is_mappable, mapped_arrays, write_arrays

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((7, 3)).astype(np.float32)


@pytest.fixture
def mapped(tmp_path: Path) -> Array:
    """`ROWS` in a file."""
    write_arrays(tmp_path / "rows", {"rows": ROWS})
    return mapped_arrays(tmp_path / "rows")["rows"]


def test_every_type_and_shape_comes_back(tmp_path: Path) -> None:
    types = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")
    arrays: dict[str, Array] = {name: np.arange(5).astype(name) for name in types}
    arrays |= {"none": np.empty((0, 4), np.int32), "table": ROWS, "turned": ROWS.T}
    write_arrays(tmp_path / "arrays", arrays)
    loaded = mapped_arrays(tmp_path / "arrays")
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype
        assert is_mapped(loaded[name])
        np.testing.assert_array_equal(loaded[name], array)
    assert not is_mapped(ROWS)


def test_what_is_written_to_it_is_not_in_the_file(tmp_path: Path, mapped: Array) -> None:
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1
    own = mapped_arrays(tmp_path / "rows", is_writable=True)["rows"]
    own[0] = 1
    np.testing.assert_array_equal(own[0], 1)
    np.testing.assert_array_equal(mapped, ROWS)
    np.testing.assert_array_equal(mapped_arrays(tmp_path / "rows")["rows"], ROWS)


def test_it_grows_as_an_array_in_memory_does(mapped: Array) -> None:
    more, other = RNG.standard_normal((2, 4, 3)).astype(np.float32)
    of_file, of_memory = growing_rows(mapped), growing_rows(ROWS)
    for _ in range(2):
        of_file, of_memory = of_file.appended(more), of_memory.appended(more)
        of_file, of_memory = (own.replaced([8, 2, 0, 6], other) for own in (of_file, of_memory))
        of_file, of_memory = (own.replaced([2], more[:1]) for own in (of_file, of_memory))
        assert len(of_file) == len(of_memory)
        whole = np.asarray(of_memory.rows)
        np.testing.assert_array_equal(np.asarray(of_file.rows), whole)
        for index in (slice(5, 9), 2, -1, np.array([8, 0, 2, 2]), whole[:, 0] > 0):
            np.testing.assert_array_equal(of_file.rows[index], whole[index])
    np.testing.assert_array_equal(growing_rows(mapped).replaced([], more[:0]).rows, ROWS)


def test_vectors_in_8_bits_grow_over_their_file(tmp_path: Path) -> None:
    packed = QuantizedVectors.from_blocks([ROWS], len(ROWS))
    write_arrays(tmp_path / "codes", {"codes": np.asarray(packed.codes)})
    codes = mapped_arrays(tmp_path / "codes")["codes"]
    kept = GrowingVectors(QuantizedVectors(codes, packed.steps))
    grown = kept.appended(ROWS[:2]).replaced([1, 7], ROWS[5:])
    expected = GrowingVectors(packed).appended(ROWS[:2]).replaced([1, 7], ROWS[5:])
    np.testing.assert_array_equal(grown.rows, expected.rows)
    np.testing.assert_array_equal(grown.rows @ ROWS[0], expected.rows @ ROWS[0])
    np.testing.assert_array_equal(kept.rows, packed)


def test_files_on_a_disk_of_others_are_not_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"nfs4": "of the network", "ext4": "own", "fuse.sshfs": "over ssh"}
    lines = [f"1 0 8:1 / {tmp_path.parent} rw - xfs /dev/a rw"]
    for disk, name in places.items():
        mount_point = str(tmp_path / name).replace(" ", "\\040")
        lines.append(f"2 1 0:5 / {mount_point} rw shared:2 - {disk} server:/disk rw")
    (tmp_path / "mounts").write_text("\n".join(lines))
    monkeypatch.setattr(mapped_arrays_module, "MOUNTS", tmp_path / "mounts")
    is_mappable_by_disk = {
        disk: is_mappable(tmp_path / name / "models") for disk, name in places.items()
    }
    assert is_mappable_by_disk == {"nfs4": False, "ext4": True, "fuse.sshfs": False}
    assert is_mappable(tmp_path / "other")
    monkeypatch.setattr(mapped_arrays_module, "MOUNTS", tmp_path / "none")
    assert is_mappable(tmp_path / "of the network")
