"""Imports that stop in the middle and are run again give the store of one that did not."""

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from faults.nursery import Nursery
from foretaste.behaviour import importer
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import ImportResult, RejectedRow

NOW = 1_770_000_000.0
START = 1_600_000_000
WHATS: tuple[RecordType, RecordType] = ("items", "events")


def run(store: SqlStore, source: Path, folder: Path, what: RecordType = "events") -> ImportResult:
    return import_file(store, what, source, BehaviourSettings(), rejects_dir=folder, now=NOW)


def line(n: int) -> str:
    kind = "clik" if n % 9 == 0 else "click"
    return f"u{n % 50},i{n % 100},{kind},{1_700_000_000 + n}"


SCRIPT = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from foretaste.behaviour import importer
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
folder, where, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
importer.ROWS_PER_BATCH = 100
store = SqlStore(folder / "behaviour.db")
calls = 0

def die(*_, **__):
    global calls
    calls += 1
    if calls == step:
        os.kill(os.getpid(), signal.SIGKILL)

def inserted(_connection, _cursor, statement, *_):
    if statement.startswith("INSERT"):
        die()

if where == "in a transaction":
    sa.event.listen(store._engine, "after_cursor_execute", inserted)
progress = die if where == "between two" else lambda *_, **__: None
for what in ("items", "events"):
    import_file(store, what, folder / f"{what}.csv", BehaviourSettings(), rejects_dir=folder,
                now=1_770_000_000.0, progress=progress)
"""


def everything(store: SqlStore) -> tuple[Any, ...]:
    events = Counter(str(event) for _, event in store.events())
    items = {item.id: item for _, item in store.items()}
    return events, items, store.meta_text("items_columns")


@pytest.mark.parametrize(
    ("where", "step"), [("between two", 4), ("between two", 7), ("in a transaction", 9)]
)
@pytest.mark.parametrize("catalogue", [True, False])
def test_killed_in_the_middle_and_run_again(
    nursery: Nursery, tmp_path: Path, where: str, step: int, catalogue: bool
) -> None:
    """Killed with SIGKILL, between two batches or after the rows of one before its commit."""
    lines = ["user,item,kind,at", *map(line, range(1_000)), line(500), line(7)]
    (tmp_path / "events.csv").write_text("\n".join(lines))
    titles = [f"i{n},title {n},{n % 7}" for n in range(100)] if catalogue else ["i1,,"]
    (tmp_path / "items.csv").write_text("\n".join(["id,title,shelf", *titles]))

    def once(folder: Path) -> list[ImportResult]:
        with SqlStore(folder / "behaviour.db") as store:
            return [run(store, tmp_path / f"{what}.csv", folder, what) for what in WHATS]

    (tmp_path / "whole").mkdir()
    whole = once(tmp_path / "whole")
    with nursery.start_script(SCRIPT, tmp_path, where, step) as process:
        process.wait()
    assert process.log == ""
    with SqlStore(tmp_path / "behaviour.db") as store:
        assert 0 < store.counts()["events"] < whole[1].added, "it was in the middle"
    again = once(tmp_path)
    assert again[1].known > 0
    assert [done.rejected for done in again] == [done.rejected for done in whole]
    with (
        SqlStore(tmp_path / "behaviour.db") as store,
        SqlStore(tmp_path / "whole" / "behaviour.db") as other,
    ):
        assert everything(store) == everything(other)


def test_a_source_that_breaks_off_keeps_what_came_before(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "ROWS_PER_BATCH", 1_000)
    rows = [f"u{n * 7_919 % 100_003},i{n * 104_729 % 9_973},{START + n}" for n in range(4_000)]
    whole = gzip.compress("\n".join(["user,item,at", *rows, ""]).encode())
    path = tmp_path / "events.csv.gz"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    cut = run(store, path, tmp_path)
    assert cut.rejected == 1
    assert isinstance(cut.rejects[0], RejectedRow)
    assert cut.rejects[0].line == cut.added + 2
    assert 1_000 < cut.added < 4_000
    path.write_bytes(whole)
    rest = run(store, path, tmp_path)
    assert (rest.known, rest.added) == (cut.added, 4_000 - cut.added)
