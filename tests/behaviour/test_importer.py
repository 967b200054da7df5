"""Whole imports: nothing vanishes, the counts add up, and run again it is the same store."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from foretaste.behaviour import importer
from foretaste.behaviour.attributes import load_column_decisions
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.forms import service_item_form
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.parse import parse_item
from foretaste.behaviour.settings import BehaviourSettings, ColumnSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, ImportResult, Item, User
from foretaste.errors import InputError

NOW = 1_770_000_000.0
START = 1_600_000_000
WHATS: tuple[RecordType, RecordType] = ("items", "events")
HEADER = "user,item,kind,at,value,text,context"
ITEMS = [Item(f"i{n}", title=f"title {n}") for n in range(100)]


def run(
    store: SqlStore, source: Any, folder: Path, what: RecordType = "events", **more: Any
) -> ImportResult:
    behaviour = more.pop("settings", BehaviourSettings())
    done = import_file(
        store, what, source, behaviour, rejects_dir=folder / "rejects", now=NOW, **more
    )
    assert done.read == done.added + done.known + done.rejected, "the counts add up"
    return done


def good_line(n: int) -> bytes:
    return f'u{n % 50},i{n % 100},click,{1_700_000_000 + n},{n % 5},"fïne, as it is",'.encode()


AT = b"1700000000"
REPEAT = "repeats line 3"
"""No fault: it counts once."""
FAULTS: list[tuple[bytes, str]] = [
    (b"u1,i1,clik," + AT + b",1,,", "unknown event type 'clik'"),
    (b"u1,i1,click," + AT + b",five,,", "value 'five' is not a number"),
    (b"u1,i1,click," + AT + b",inf,,", "value 'inf' is not finite"),
    (b"u1,i1,click,2099-01-01,1,,", "time out of range: '2099-01-01'"),
    (b"u1,i1,click,-5,1,,", "time out of range: '-5'"),
    (b"u1,i1,click,yesterday,1,,", "time 'yesterday' cannot be read"),
    (b"u1,i1,click,,1,,", "no time"),
    (b"u1,i1,review," + AT + b",1,caf\xe9,", "not UTF-8 (byte 0xe9"),
    (b"u1,i1,click," + AT, "4 fields where the header has 7"),
    (b"u1,i1,click," + AT + b",1,,,,more", "9 fields where the header has 7"),
    (b"u1,i1,review," + AT + b',1,"never closed,', "a quote is not closed"),
    (good_line(1), REPEAT),
    (b"u1,nothing,click," + AT + b",1,,", "unknown item 'nothing'"),
    (b",i1,click," + AT + b",1,,", "no user and no session"),
    (b"u1,,purchase," + AT + b",1,,", "a purchase without an item"),
    (b"u1,i1,rating," + AT + b",,,", "a rating without a value"),
    (b"u1,,search," + AT + b",,,", "a search without words"),
    (b"u1,i1,click," + AT + b",1,,home", "context 'home' is not a JSON object"),
    (b"u1,i1,click," + AT + b",1,a\0b,", "text has a NUL character"),
]


@pytest.fixture(scope="module")
def faulty() -> tuple[bytes, dict[int, str], list[str]]:
    """10,000 rows with a fault in every tenth: (the file, line → fault, users of good rows)."""
    lines, faults = [HEADER.encode()], {}
    for n in range(10_000):
        if n % 10 == 9:
            line, fault = FAULTS[n // 10 % len(FAULTS)]
            if fault != REPEAT:
                faults[len(lines) + 1] = fault
            lines.append(line)
        else:
            lines.append(good_line(n))
    good = [f"u{n % 50}" for n in range(10_000) if n % 10 != 9]
    return b"\n".join([*lines, b""]), faults, good


@pytest.mark.parametrize("zipped", [False, True])
def test_every_fault_is_named_and_every_good_row_is_in(
    store: SqlStore, tmp_path: Path, faulty: tuple[bytes, dict[int, str], list[str]], zipped: bool
) -> None:
    content, faults, good = faulty
    path = tmp_path / ("events.csv.gz" if zipped else "events.csv")
    path.write_bytes(gzip.compress(content) if zipped else content)
    store.put_items(ITEMS)
    done = run(store, path, tmp_path)
    repeats = 1_000 - len(faults)
    assert (done.read, done.added, done.known) == (10_000, 9_000, repeats)
    assert done.rejected == len(faults)
    assert (
        f"{repeats} rows repeat another in all columns, e.g. line 121 repeats line 3"
        in " ".join(done.warnings)
    )
    assert [event.user for _, event in store.events()] == good
    assert done.rejects_file == str(tmp_path / "rejects" / "events-events.jsonl")
    told = [json.loads(line) for line in Path(done.rejects_file).read_text().splitlines()]
    assert [reject["line"] for reject in told] == list(faults)
    for reject in told:
        assert faults[reject["line"]] in reject["problem"]
        assert reject["file"] == path.name
        assert reject["remedy"]
        assert reject["row"]
    assert len(done.rejects) == importer.MAX_REJECTS_IN_MEMORY, "only the first are kept in memory"
    assert str(done.rejects[0]).startswith(
        f"{path.name}:11: unknown event type 'clik'; did you mean"
    )


def test_run_again_everything_is_known(
    store: SqlStore, tmp_path: Path, faulty: tuple[bytes, dict[int, str], list[str]]
) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(faulty[0])
    store.put_items(ITEMS)
    first = run(store, path, tmp_path)
    again = run(store, path, tmp_path)
    assert (again.added, again.rejected) == (0, first.rejected)
    assert again.known == first.added + first.known


def test_a_file_of_names_without_rows_is_told(store: SqlStore, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("Kundennr;Datum;Artikelnr\n")
    result = run(store, orders, tmp_path)
    assert result.read == 0
    assert "no rows" in result.warnings[0]
    orders.write_text("Kundennr;Datum;Artikelnr\nk1;03.11.2025;a1\n")
    assert not any("no rows" in warning for warning in run(store, orders, tmp_path).warnings)


@pytest.mark.parametrize(("column", "total"), [("Gesamt", 122.4), ("Menge", 3.0)])
def test_what_was_paid_in_an_order_is_the_value_of_a_purchase(
    store: SqlStore, tmp_path: Path, column: str, total: float
) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "Kundennr;Datum;Artikelnr;Menge;Gesamt\n"
        "k1;03.11.2025 14:05;a1;1;22,40\nk2;23.11.2025 14:05;a1;2;100,00\n"
    )
    columns = ColumnSettings(events={"value": column})
    run(store, orders, tmp_path, settings=BehaviourSettings(columns=columns))
    events = [event for _, event in store.events()]
    assert [event.kind for event in events] == ["purchase", "purchase"]
    assert sum(event.value or 0 for event in events) == pytest.approx(total)


def test_strict_stores_nothing_if_one_row_is_bad(store: SqlStore, tmp_path: Path) -> None:
    rows = [{"user": "u", "item": "i", "at": START + n} for n in range(50)]
    rows += [{"user": "u", "item": "i", "at": "soon"}] * 4
    with pytest.raises(InputError) as raised:
        run(store, iter(rows), tmp_path, strict=True, name="events")
    told = str(raised.value)
    assert told.startswith("events: 4 of 54 rows are bad and nothing was stored, as --strict asks.")
    assert told.count("time 'soon' cannot be read") == 3
    assert told.endswith(f"All of them: {tmp_path}/rejects/events-events.jsonl")
    assert store.counts() == {"events": 0, "items": 0, "users": 0}
    with pytest.raises(InputError, match="'maybe' is not yes or no"):
        run(store, [{"id": "i", "x": 1, "hidden": "maybe"}], tmp_path, "items", strict=True)
    assert store.meta_text("items_columns") is None


def test_strict_stores_what_is_good(store: SqlStore, tmp_path: Path) -> None:
    rows = iter([{"user": "u", "item": "i", "at": START + n} for n in range(50)])
    assert run(store, rows, tmp_path, strict=True).added == 50


def test_any_source_gives_the_same_events(tmp_path: Path) -> None:
    rows = [
        {"userId": 1, "movieId": 31 + n, "rating": 2.5, "timestamp": 1_260_759_144 + n}
        for n in range(5)
    ]
    frame = pd.DataFrame(rows)
    frame.to_csv(tmp_path / "e.csv", index=False)
    frame.to_csv(tmp_path / "e.tsv", index=False, sep="\t")
    frame.to_csv(tmp_path / "e.csv.gz", index=False, sep=";")
    frame.to_parquet(tmp_path / "e.parquet")
    frame.to_json(tmp_path / "e.jsonl", orient="records", lines=True)
    frame.to_json(tmp_path / "e.json", orient="records")
    floats = frame.astype("float64")
    timed = frame.assign(timestamp=pd.to_datetime(frame["timestamp"], unit="s"))
    sources = [*tmp_path.iterdir(), frame, floats, timed, pl.DataFrame(rows), rows]
    with SqlStore(tmp_path / "b.db") as store:
        added = [run(store, source, tmp_path).added for source in sources]
        assert sum(added) == added[0] == 5
        event = next(store.events())[1]
        assert event == Event(
            event.event_id, "rating", 1_260_759_144.0, user="1", item="31", value=2.5
        )


def test_without_a_time_column_the_order_is_kept(store: SqlStore, tmp_path: Path) -> None:
    rows = [{"user": "u", "item": item} for item in ("b", "a", "b")]
    done = run(store, rows, tmp_path)
    assert done.added == 3, "the same item twice is no duplicate, since the place tells them apart"
    assert [event.item for event in store.history("u", None)] == ["b", "a", "b"]
    assert "there is no time column: the row number was taken" in done.warnings[0]
    assert run(store, rows, tmp_path).known == 3


def test_rows_from_high_values_to_low_ones_are_no_order_in_time(
    store: SqlStore, tmp_path: Path
) -> None:
    """As Last.fm lists plays: what is heard most would be the oldest, and hardly count."""
    counts = {"ann": range(900, 300, -20), "ben": range(150, 10, -5)}
    rows = [
        {"user": user, "item": f"i{count}", "value": count + 30 * (place % 5 == 4)}
        for user, own in counts.items()
        for place, count in enumerate(own)
    ]  # a fifth of them stand higher than the one before
    done = run(store, rows, tmp_path)
    assert "each user's rows go from high to low value" in done.warnings[0]
    newest = [list(store.history(user, None))[-1] for user in ("ann", "ben")]
    assert [event.item for event in newest] == ["i900", "i150"]
    assert newest[0].at == newest[1].at, "what counts most is as new with everybody"
    assert run(store, rows, tmp_path).known == len(rows)


@pytest.mark.parametrize("value", [lambda row: row * 5 % 7, lambda row: 5, lambda row: row])
def test_rows_in_any_other_order_are_taken_as_they_come(
    value: Callable[[int], int], store: SqlStore, tmp_path: Path
) -> None:
    rows = [{"user": "u", "item": f"i{row}", "value": value(row)} for row in range(120)]
    done = run(store, rows, tmp_path)
    assert "the row number was taken as the time" in done.warnings[0]
    assert [event.item for event in store.history("u", None)][-1] == "i119"


def test_unknown_items(tmp_path: Path) -> None:
    rows = [{"user": "u", "item": "i1", "at": START}, {"user": "u", "item": "new", "at": START + 1}]
    cases: list[tuple[str, list[Item], int]] = [
        ("auto", [], 2),
        ("auto", [Item("i1")], 2),
        ("auto", [Item("i1", title="x")], 1),
        ("create", [Item("i1", title="x")], 2),
        ("reject", [Item("i1")], 1),
        ("reject", [], 0),
    ]
    for n, (policy, catalogue, added) in enumerate(cases):
        with SqlStore(tmp_path / f"{n}.db") as store:
            store.put_items(catalogue)
            behaviour = BehaviourSettings.model_validate({"unknown_items": policy})
            done = run(store, rows, tmp_path, settings=behaviour)
            assert done.added == added, (policy, catalogue)
            created = len(store.item_ids()) - len(catalogue)
            assert created == (0 if added < 2 else 2 - len(catalogue))
            assert any("created from the events" in told for told in done.warnings) == (created > 0)


def test_columns_of_the_settings(store: SqlStore, tmp_path: Path) -> None:
    behaviour = BehaviourSettings(
        columns=ColumnSettings(
            events={"user": "buyer", "value": "stars"}, items={"id": "no"}, users={"id": "buyer"}
        )
    )
    items = [{"no": 7, "name": "x", "brand": "y"}]
    run(store, items, tmp_path, "items", settings=behaviour)
    assert store.item("7") == Item("7", title="x", attributes={"brand": ("y",)})
    rows = [{"buyer": "ann", "item": 7, "at": START, "colour": "red"}]
    done = run(store, rows, tmp_path, settings=behaviour)
    assert done.added == 1
    assert done.warnings == (
        "[behaviour.columns.events] says value = 'stars', which is not a column here",
        "columns that are no field of an event were left alone: colour",
    )
    run(store, [{"buyer": "ann", "age": 30}], tmp_path, "users", settings=behaviour)
    assert list(store.users()) == [User("ann", {"age": ("30",)})]


@pytest.mark.parametrize(
    ("what", "columns", "message"),
    [
        ("events", "uzr,item", "no column 'user' or 'session' among uzr, item; did you mean 'uzr'"),
        ("events", "user,itm", "no column 'item' among user, itm; did you mean 'itm'"),
        ("items", "name,year", r"no column 'id' .*\[behaviour.columns.items\]"),
        ("events", "2,51", r"the first line is a row .*header = \[\"user\", \"item\"\]"),
        ("users", "age", r"no column 'id' among age; .*\[behaviour.columns.users\]"),
    ],
)
def test_a_missing_column_is_one_error(
    store: SqlStore, tmp_path: Path, what: RecordType, columns: str, message: str
) -> None:
    path = tmp_path / "some.csv"
    path.write_text(f"{columns}\n1,2\n")
    with pytest.raises(InputError, match=f"^some.csv: {message}") as raised:
        run(store, path, tmp_path, what)
    assert "\n" not in str(raised.value)
    assert store.counts() == {"events": 0, "items": 0, "users": 0}


def test_a_key_that_comes_late_in_a_json_file_is_not_lost(store: SqlStore, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"userId": n, "item": "i", "ts": START + n} for n in range(2_500)]
    rows += [{"userId": "late", "query": "red", "ts": START + 5, "kind": "search", "user": "other"}]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    done = run(store, path, tmp_path)
    assert done.added == 2_501
    assert store.history("late", None)[0].query == "red"
    assert "left alone: user" in done.warnings[0]


def test_items_are_read_by_the_file_and_single_ones_after_it(
    store: SqlStore, tmp_path: Path
) -> None:
    rows = [
        {
            "movieId": n,
            "title": f"t{n}",
            "genres": "Drama, War",
            "imdb": f"tt{n:07}",
            "year": 1995.0,
        }
        for n in range(60)
    ]
    done = run(store, pd.DataFrame(rows), tmp_path, "items")
    assert done.added == 60
    assert "'imdb' (it has a different value in nearly every row)" in done.warnings[-1]
    expected = {"genres": ("Drama", "War"), "year": ("1995",)}
    assert store.item("3") == Item("3", title="t3", attributes=expected)
    form = service_item_form(BehaviourSettings(), load_column_decisions(store, "items"))
    body = {"id": 99, "title": "t", "genres": "Drama, War", "imdb": "tt99", "year": 1995}
    assert parse_item(body, form, file="request", line=1) == Item(
        "99", title="t", attributes=expected
    )
    again = run(store, pd.DataFrame(rows), tmp_path, "items")
    assert (again.added, again.known) == (0, 60)


def test_of_two_rows_for_one_item_the_first_stays(store: SqlStore, tmp_path: Path) -> None:
    rows = [{"id": "a", "title": "one"}, {"id": "a", "title": "two"}, {"id": "b"}]
    for _ in range(2):
        done = run(store, rows, tmp_path, "items")
        assert done.rejects[0].problem == "duplicate of line 1"
        assert store.item("a") == Item("a", title="one")


def test_nothing_to_read(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user,item\n")
    (tmp_path / "events.json").write_text("[]")
    frames: list[Any] = [[], pd.DataFrame({"user": [], "item": []}), iter([])]
    for source in [tmp_path / "events.csv", tmp_path / "events.json", *frames]:
        assert run(store, source, tmp_path).read == 0


def test_the_rejects_of_an_earlier_run_are_gone(store: SqlStore, tmp_path: Path) -> None:
    bad = run(store, [{"user": "u", "item": "i", "at": "soon"}], tmp_path)
    assert bad.rejects_file is not None
    assert Path(bad.rejects_file).exists()
    good = run(store, [{"user": "u", "item": "i", "at": START}], tmp_path)
    assert good.rejects_file is None
    assert not Path(bad.rejects_file).exists()


def test_rejects_that_are_hard_to_write(store: SqlStore, tmp_path: Path) -> None:
    context = {"x": pd.Timestamp("2024-01-01")}
    rows = [{"user": "a\ud800", "item": "i", "context": context, "at": float("nan")}]
    done = run(store, rows, tmp_path)
    assert done.rejects_file is not None
    assert json.loads(Path(done.rejects_file).read_text())["column"] == "user"


def test_progress_is_told(store: SqlStore, tmp_path: Path) -> None:
    told: list[tuple[str, int, int, str]] = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        told.append((task, done, total, note))

    rows = pd.DataFrame({"user": ["u", ""], "item": ["i", "i"], "at": [START, START + 1]})
    run(store, rows, tmp_path, progress=progress, name="shop")
    assert told[-1] == ("importing shop", 2, 2, "1 rejected")


def test_a_large_import_is_done_in_batches(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "ROWS_PER_BATCH", 7)
    rows = [{"user": f"u{n}", "item": "i", "at": START + n} for n in range(40)]
    done = run(store, [*rows, *rows], tmp_path)
    assert (done.added, done.known, done.rejected) == (40, 40, 0)
    assert store.counts()["events"] == 40


CONFLICTING = [
    {"event_id": "e1", "user": "u1", "item": "i1", "event_type": "click", "at": START},
    {"event_id": "e2", "user": "u1", "item": "i2", "event_type": "click", "at": START + 5},
    {"event_id": "e3", "user": "u1", "item": "i3", "event_type": "click", "at": START},
]


@pytest.mark.parametrize("door", ["csv", "jsonl", "frame", "rows"])
def test_an_id_that_was_used_for_something_else_is_told(
    store: SqlStore, tmp_path: Path, door: str
) -> None:
    store.put_items(ITEMS)
    store.add_events(
        [Event(f"e{n}", "click", float(START), user="u1", item=f"i{n}") for n in (1, 2)]
    )
    frame, path = pd.DataFrame(CONFLICTING), tmp_path / f"events.{door}"
    source: Any = {"frame": frame, "rows": CONFLICTING}.get(door, path)
    if door == "csv":
        frame.to_csv(path, index=False)
    elif door == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in CONFLICTING))
    done = run(store, source, tmp_path)
    assert (done.added, done.known) == (1, 2)
    told = [warning for warning in done.warnings if "event_id" in warning]
    assert told == [
        "1 event has an event_id that was used before for something else: 'e2' (at); the first "
        "holds; give every event an id of its own"
    ]
    assert store.events_by_id(["e2"])["e2"].at == START
    again = run(store, source, tmp_path)
    assert [warning for warning in again.warnings if "event_id" in warning] == told


def test_a_file_without_ids_conflicts_with_nothing(store: SqlStore, tmp_path: Path) -> None:
    store.put_items(ITEMS)
    rows = [{name: cell for name, cell in row.items() if name != "event_id"} for row in CONFLICTING]
    run(store, rows, tmp_path)
    again = run(store, [{**row, "value": 3} for row in rows], tmp_path)
    assert (again.added, [warning for warning in again.warnings if "used before" in warning]) == (
        3,
        [],
    )
