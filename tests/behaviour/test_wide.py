"""One row a user becomes events."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.behaviour.wide import is_wide
from foretaste.domain.data import ImportResult
from foretaste.errors import InputError

NOW = 1_770_000_000.0


def imported(store: SqlStore, folder: Path, source: Any) -> ImportResult:
    return import_file(store, "events", source, BehaviourSettings(), rejects_dir=folder, now=NOW)


def told(store: SqlStore, user: str) -> list[tuple[Any, ...]]:
    events = store.history(user, None)
    return [(e.kind, e.item, e.value, e.query or e.text, e.at) for e in events]


ANN = [
    ("search", None, None, "red shoes", 1),
    ("search", None, None, "boots", 2),
    ("click", "i1", None, None, 3),
    ("click", "i2", None, None, 4),
    ("rating", "i2", 4.5, None, 5),
    ("review", "i2", None, "good", 6),
]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            {
                "user": "ann",
                "search_history": ["red shoes", "boots"],
                "clicks": ["i1", "i2"],
                "ratings": {"i2": 4.5},
                "comments": {"i2": "good"},
            },
            id="python",
        ),
        pytest.param(
            {
                "userId": "ann",
                "searchHistory": '["red shoes", "boots"]',
                "clicks": "['i1', 'i2']",
                "ratings": '{"i2": 4.5}',
                "comments": '[["i2", "good"]]',
            },
            id="json",
        ),
        pytest.param(
            {
                "user_id": "ann",
                "search_history": "red shoes|boots",
                "clicks": "i1|i2",
                "ratings": "i2:4.5",
                "comments": '[{"item": "i2", "text": "good"}]',
            },
            id="separated",
        ),
        pytest.param(
            {
                "user": "ann",
                "search_history": ["red shoes", {"query": "boots"}],
                "clicks": ("i1", {"item": "i2"}),
                "ratings": [("i2", 4.5)],
                "comments": [{"item": "i2", "text": "good", "value": None}],
            },
            id="objects",
        ),
    ],
)
def test_every_way_to_write_it(store: SqlStore, tmp_path: Path, row: dict[str, Any]) -> None:
    done = imported(store, tmp_path, [row])
    assert (done.read, done.added, done.rejects) == (6, 6, ())
    assert told(store, "ann") == ANN


@pytest.mark.parametrize("field", ["event_type", "kind"])
def test_an_element_may_name_its_event_type(store: SqlStore, tmp_path: Path, field: str) -> None:
    row = {"user": "ann", "search_history": ["red"], "clicks": [{"item": "i1", field: "like"}]}
    assert imported(store, tmp_path, [row]).rejects == ()
    assert [kind for kind, *_ in told(store, "ann")] == ["search", "like"]


def test_from_a_csv_and_from_pandas(tmp_path: Path) -> None:
    rows = [
        {"user": "ann", "search_history": '["red shoes", "boots"]', "ratings": '{"i2": 4}'},
        {"user": "bob", "search_history": "boots", "ratings": ""},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "wide.csv", index=False)
    lists = [
        {"user": "ann", "search_history": ["red shoes", "boots"], "ratings": {"i2": 4}},
        {"user": "bob", "search_history": ["boots"], "ratings": None},
    ]
    sources = [tmp_path / "wide.csv", pd.DataFrame(lists)]
    for n, source in enumerate(sources):
        with SqlStore(tmp_path / f"{n}.db") as store:
            assert imported(store, tmp_path, source).added == 4
            assert told(store, "ann") == [*ANN[:2], ("rating", "i2", 4.0, None, 3)]
            assert told(store, "bob") == [("search", None, None, "boots", 1)]


def test_the_keys_of_other_rows_are_no_ratings(store: SqlStore, tmp_path: Path) -> None:
    """Parquet gives every row of a struct column the keys of all."""
    rows = [
        {"user": "ann", "search_history": ["a"], "ratings": {"i1": 5}},
        {"user": "bob", "search_history": ["b"], "ratings": {"i2": 4}},
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "wide.parquet")
    assert imported(store, tmp_path, tmp_path / "wide.parquet").added == 4
    assert told(store, "bob") == [("search", None, None, "b", 1), ("rating", "i2", 4.0, None, 2)]


def test_times_of_their_own(store: SqlStore, tmp_path: Path) -> None:
    clicks = [{"item": "i2", "at": "2024-01-02"}, {"item": "i1", "at": "2024-01-01"}]
    imported(store, tmp_path, [{"user": "ann", "search_history": [], "clicks": clicks}])
    assert [event.item for event in store.history("ann", None)] == ["i1", "i2"]


def test_a_comment_on_nothing_in_particular(store: SqlStore, tmp_path: Path) -> None:
    imported(store, tmp_path, [{"user": "ann", "search_history": [], "comments": ["so dull"]}])
    assert told(store, "ann") == [("review", None, None, "so dull", 1)]


def test_bad_cells_are_named_and_the_others_go_in(store: SqlStore, tmp_path: Path) -> None:
    rows = [
        {"user": "ann", "search_history": '["a", "b', "clicks": "i1", "ratings": "i1=5"},
        {"user": "bob", "search_history": "", "clicks": None, "ratings": {}},
        {"user": None, "search_history": "x", "clicks": {"i1": 3}},
        {"user": "cid", "search_history": "ok", "clicks": [{"itm": 3}], "ratings": {"i1": "five"}},
        {"user": "dan", "search_history": "ok", "ratings": [["i1"]]},
    ]
    done = imported(store, tmp_path, rows)
    assert [(r.line, r.column, r.problem) for r in done.rejects] == [
        (1, "search_history", 'search_history \'["a", "b\' cannot be read'),
        (1, "ratings", "ratings 'i1=5' cannot be read"),
        (2, "", "a user without any event"),
        (3, "user", "no user and no session"),
        (3, "clicks", "clicks '{'i1': 3}' cannot be read"),
        (4, "itm", "unknown field 'itm'"),
        (4, "value", "value 'five' is not a number"),
        (5, "ratings", "ratings '[['i1']]' cannot be read"),
    ]
    assert done.rejects[1].remedy == 'write ratings like {"item": 4.5}'
    assert done.rejects[0].remedy == 'write search_history as a JSON list, e.g. ["a", "b"]'
    assert (done.read, done.added, done.rejected) == (11, 3, 8)


def test_it_is_known_the_second_time(store: SqlStore, tmp_path: Path) -> None:
    rows = [{"user": "ann", "search_history": json.dumps(["a", "b"]), "clicks": "i1", "age": 3}]
    first = imported(store, tmp_path, rows)
    again = imported(store, tmp_path, rows)
    assert (first.added, again.added, again.known) == (3, 0, 3)
    assert first.warnings[0] == "columns that are no list of events were left alone: age"


def test_a_wide_table_without_a_user(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'user' or 'session' among who, search_history"):
        imported(store, tmp_path, [{"who": "a", "search_history": "x"}])


def test_only_search_history_makes_a_table_wide() -> None:
    assert is_wide(["user", "Search History"])
    assert not is_wide(["user", "item", "query", "ratings"])
