"""A folder with files in, each of their rows once in the store out."""

import gzip
import os
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.consume.consumer_status import ConsumerStatus
from foretaste.consume.watched_folder import FilePosition, WatchedFolder
from foretaste.errors import InputError
from serve.workspace import until

from .consumed import NOW, consumed, counts, event_ids, rejects


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, content: str | bytes, quiet: float = 100.0) -> Path:
    """A file that has not changed for some seconds."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (NOW - quiet, NOW - quiet))
    return path


def lines(*names: str) -> str:
    rows = (f'{{"event_id":"{name}","user":"u","item":"i","event_type":"click"}}' for name in names)
    return "".join(f"{row}\n" for row in rows)


def read(
    store: SqlStore, folder: Path, inbox: Path, records: str = "events", **settings: Any
) -> ConsumerStatus:
    source = WatchedFolder(inbox, records, BehaviourSettings(), clock=lambda: NOW)
    return consumed(store, source, folder, records, **settings)


def test_files_in_the_order_of_their_names_each_row_once(
    store: SqlStore, tmp_path: Path, inbox: Path
) -> None:
    put(inbox, "2.jsonl", lines("d", "e"))
    put(inbox, "1.csv", "userId,itemId,event_id\nu,i,a\nu,i,b\nu,i,c\n")
    frame = pd.DataFrame({"event_id": ["f", "g"], "user": [1, 2], "item": ["i", "i"]})
    frame.to_parquet(inbox / "3.parquet")
    os.utime(inbox / "3.parquet", (NOW - 100, NOW - 100))
    put(inbox, "4.jsonl.gz", gzip.compress(lines("h").encode()))
    put(inbox, ".hidden.jsonl", lines("x"))
    put(inbox, "readme.txt", "not a table")

    assert counts(read(store, tmp_path, inbox)) == (8, 0, 0)
    assert event_ids(store) == list("abcdefgh")
    assert {event.user for _, event in store.events()} == {"u", "1", "2"}

    put(inbox, "0.csv", "user,item,event_id\nu,i,late\n")  # an earlier name that comes later
    assert counts(read(store, tmp_path, inbox)) == (9, 0, 0)
    assert counts(read(store, tmp_path, inbox)) == (9, 0, 0)
    assert counts(read(store, tmp_path, inbox, start="beginning")) == (9, 9, 0)
    assert counts(read(store, tmp_path, inbox, start="3.parquet")) == (9, 9 + 3, 0)


def test_a_file_of_lines_is_read_as_it_grows(store: SqlStore, tmp_path: Path, inbox: Path) -> None:
    whole = lines("a", "b", "c", "d")
    half = len(lines("a", "b")) + 20
    path = put(inbox, "events.jsonl", whole[:half], quiet=0)

    assert counts(read(store, tmp_path, inbox)) == (2, 0, 0)
    os.utime(path, (1, 1))  # a writer that pauses for long in the middle of a line
    assert counts(read(store, tmp_path, inbox)) == (2, 0, 0)
    path.write_text(whole[:-1])  # without the end of the last line
    assert counts(read(store, tmp_path, inbox)) == (4, 0, 0)
    path.write_text(whole + lines("e"))
    assert counts(read(store, tmp_path, inbox)) == (5, 0, 0)
    assert event_ids(store) == list("abcde")
    assert rejects(tmp_path) == []


def test_a_table_is_waited_for_until_it_rests(store: SqlStore, tmp_path: Path, inbox: Path) -> None:
    put(inbox, "a.csv", "user,item,event_id\nu,i,a\n", quiet=1)
    put(inbox, "b.csv", "user,item,event_id\nu,i,b\nu,i", quiet=30)  # cut off in a row
    source = WatchedFolder(inbox, "events", BehaviourSettings(), clock=lambda: NOW)
    source.resume(lambda _: None, None)
    assert source.read(10, 0.0) is None
    assert source.lag() == 2

    put(inbox, "a.csv", "user,item,event_id\nu,i,a\n", quiet=3)
    put(inbox, "b.csv", "user,item,event_id\nu,i,b\nu,i,b2", quiet=61)
    assert counts(read(store, tmp_path, inbox)) == (3, 0, 0)
    assert rejects(tmp_path) == []

    put(inbox, "a.csv", "user,item,event_id\nu,i,a\nu,i,a2\n")  # it goes on after all
    assert counts(read(store, tmp_path, inbox)) == (4, 0, 0)


def test_rows_without_ids_are_known_by_their_file_and_place(
    store: SqlStore, tmp_path: Path, inbox: Path
) -> None:
    put(inbox, "a.csv", "user,item,at\n" + 5 * "u,i,1700000000\n")
    assert counts(read(store, tmp_path, inbox)) == (5, 0, 0)
    assert counts(read(store, tmp_path, inbox, start="beginning")) == (5, 5, 0)
    assert event_ids(store) == [f"folder/{inbox}/a.csv:{row}" for row in range(5)]


def test_bad_rows_and_bad_files(store: SqlStore, tmp_path: Path, inbox: Path) -> None:
    put(inbox, "1.jsonl", lines("a") + "not json\n[1]\n\n" + lines("b"))
    put(inbox, "2.csv", "user,item,event_id\nu,i,c\nu\nu,i,d\n")
    put(inbox, "3.parquet", b"PAR1 cut off")
    put(inbox, "4.csv", "user,item,event_id\n,i,nobody\nu,i,e\n")

    assert counts(read(store, tmp_path, inbox)) == (5, 0, 5)
    assert event_ids(store) == list("abcde")
    rows = rejects(tmp_path)
    assert [row["entry"].partition(":")[0] for row in rows] == [
        "1.jsonl",
        "1.jsonl",
        "2.csv",
        "3.parquet",
        "4.csv",
    ]
    assert all(row["problem"] and row["remedy"] for row in rows)


def test_a_feed_of_items_with_deletions(store: SqlStore, tmp_path: Path, inbox: Path) -> None:
    put(inbox, "1.csv", "item_id,name,genre,deleted\na,First,x,\nb,Second,y,no\n")
    put(inbox, "2.csv", "item_id,deleted\na,true\n")

    assert counts(read(store, tmp_path, inbox, "items")) == (3, 0, 0)
    ((_, item),) = store.items()
    assert (item.id, item.title, item.attributes) == ("b", "Second", {"genre": ("y",)})


def test_a_file_that_became_shorter_is_said_and_left_alone(
    store: SqlStore, tmp_path: Path, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(inbox, "a.jsonl", lines("a", "b"))
    read(store, tmp_path, inbox)
    put(inbox, "a.jsonl", lines("x"))
    assert counts(read(store, tmp_path, inbox)) == (2, 0, 0)
    assert "a.jsonl is not the file that was read under that name" in caplog.text


def test_a_file_that_took_the_place_of_another_is_not_read_from_its_middle(
    store: SqlStore, tmp_path: Path, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As where a log is rotated: what of it came before that point would be missed in silence."""
    put(inbox, "a.jsonl", lines(*"abcd"))
    read(store, tmp_path, inbox)
    put(inbox, "a.jsonl", lines(*"abcde"))
    assert counts(read(store, tmp_path, inbox)) == (5, 0, 0), "it grew"
    put(inbox, "a.jsonl", lines(*"stuvwxyz"))
    assert counts(read(store, tmp_path, inbox)) == (5, 0, 0)
    assert "a.jsonl is not the file that was read under that name" in caplog.text


def test_the_position_is_kept_after_all_that_it_stands_for(
    store: SqlStore, tmp_path: Path, inbox: Path
) -> None:
    """Rejects cannot be written for a while: the batch comes again, whole."""
    path = put(inbox, "a.jsonl", lines("a") + "not json\n")
    (tmp_path / "rejects").write_text("a file in the way")
    name = f"folder/{inbox}"

    def has_problem() -> bool:
        status = ConsumerStatus.load(store, name)
        return status is not None and "rejected rows cannot be written" in (status.problem or "")

    thread = threading.Thread(target=read, args=(store, tmp_path, inbox))
    thread.start()
    until(has_problem, "a word about it")
    assert event_ids(store) == ["a"]
    assert store.meta_text(f"consumed:{name}/a.jsonl") is None
    (tmp_path / "rejects").unlink()
    thread.join()

    assert event_ids(store) == ["a"]
    assert [row["entry"] for row in rejects(tmp_path)] == [f"a.jsonl:{len(lines('a'))}"]
    position = FilePosition.of(store.meta_text(f"consumed:{name}/a.jsonl"))
    assert position.offset == path.stat().st_size


def test_in_postgresql_too(empty_postgres: str, tmp_path: Path, inbox: Path) -> None:
    put(inbox, "1.csv", "user,item\n" + 7 * "u,i\n")
    put(inbox, "2.jsonl", lines("a", "b") + "not json\n")
    with SqlStore(empty_postgres) as store:
        assert counts(read(store, tmp_path, inbox)) == (9, 0, 1)
        assert counts(read(store, tmp_path, inbox)) == (9, 0, 1)
        assert counts(read(store, tmp_path, inbox, start="beginning")) == (9, 9, 2)
        assert len(event_ids(store)) == 9


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder; make it"):
        WatchedFolder(tmp_path / "nowhere", "events", BehaviourSettings())
