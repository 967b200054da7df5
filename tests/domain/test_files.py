import hashlib
from pathlib import Path

import pytest

from foretaste.domain.files import file_sha256, sync_to_disk


def test_the_hash_is_that_of_all_that_the_file_holds(tmp_path: Path) -> None:
    path, content = tmp_path / "weights", bytes(range(256)) * 5000
    path.write_bytes(content)

    assert file_sha256(path) == hashlib.sha256(content).hexdigest()


def test_a_file_and_a_folder_are_flushed_and_one_that_is_not_there_is_an_error(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    sync_to_disk(path)
    sync_to_disk(tmp_path)

    with pytest.raises(FileNotFoundError):
        sync_to_disk(tmp_path / "missing")
