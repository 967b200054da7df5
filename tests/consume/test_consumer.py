"""A source in, its rows in the store out: what does not depend on which source it is."""

from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.consume.stream_source import RowBatch, StoredPosition, StreamRow
from foretaste.errors import Busy

from .consumed import consumed, counts


class SlowSource:
    """One that has rows, and says so, and is asked in vain a few times before each batch."""

    name = "slow"

    def __init__(self, batches: int, silences: int) -> None:
        self._silences, self._left, self._asked, self._taken = silences, batches, 0, 0

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        """From wherever it is."""

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        self._asked += 1
        if not self._left or self._asked % (self._silences + 1):
            return None
        self._left, self._taken = self._left - 1, self._taken + 1
        row = {"event_id": f"e{self._taken}", "user": "u", "item": "i", "event_type": "click"}
        return RowBatch([StreamRow(str(self._taken), row)], str(self._taken))

    def note_stored(self, batch: RowBatch) -> None:
        """Nobody looks."""

    def lag(self) -> int | None:
        return self._left

    def close(self) -> None:
        """Nothing is open."""


class ContestedSource(SlowSource):
    """One of which another consumer, which knows nothing of us, takes the lock while it is read."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(10**6, 0)
        self._store = store

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        self._store.put_meta_text(
            "lock:consumer of slow", '{"process": 1, "host": "other", "beat": 1}'
        )
        return super().read(max_rows, wait_seconds)


def test_a_slow_source_is_empty_when_it_says_so(store: SqlStore, tmp_path: Path) -> None:
    status = consumed(store, SlowSource(batches=2, silences=3), tmp_path, slow_seconds=60.0)
    assert counts(status) == (2, 0, 0)
    assert status.lag == 0


def test_a_run_ends_with_what_is_never_given(
    store: SqlStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    status = consumed(store, SlowSource(batches=1, silences=10**9), tmp_path, slow_seconds=0.01)
    assert (counts(status), status.lag) == ((0, 0, 0), 1)
    assert "slow: 1 are left, which cannot be read now" in caplog.text


def test_one_whose_lock_was_taken_ends_with_an_error(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(Busy, match="another consumer of slow took over"):
        consumed(store, ContestedSource(store), tmp_path, lease_seconds=0.1)
