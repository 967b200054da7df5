"""What all tests of this stage share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty SQLite store."""
    with SqlStore(tmp_path / "behaviour.db") as opened:
        yield opened
