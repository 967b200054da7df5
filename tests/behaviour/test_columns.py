"""Which column holds which field."""

from pathlib import Path

import pytest

from foretaste.behaviour.columns import (
    missing_column_error,
    missing_column_warnings,
    normalise_column,
    resolve_columns,
)
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("userId movieId rating timestamp", "user item value at"),
        ("user_id item_id rating timestamp", "user item value at"),
        ("timestamp visitorid event itemid", "at user event_type item"),
        ("reviewerID asin overall unixReviewTime", "user item value at"),
        ("event_time event_type product_id user_id", "at event_type item user"),
        ("customer_id article_id date", "user item at"),
        ("student course rating date", "user item value at"),
        ("user_hash article_url timestamp", "user item at"),
        ("receipt_no product date", "session item at"),
        ("User;Item;Kind;At".replace(";", " "), "user item event_type at"),
        ("user item kind event_type at", "user item - event_type at"),
    ],
)
def test_usual_names(columns: str, expected: str) -> None:
    wanted = dict(zip(expected.split(), columns.split(), strict=True))
    wanted.pop("-", None)  # a column that nothing is read from
    assert resolve_columns("events", columns.split(), {}) == wanted


def test_our_own_name_comes_before_a_usual_one() -> None:
    found = resolve_columns("events", ["userId", "user", "itemId", "rating", "value"], {})
    assert found == {"user": "user", "item": "itemId", "value": "value"}


def test_the_settings_come_before_all() -> None:
    found = resolve_columns("events", ["user", "buyer", "item"], {"user": "buyer"})
    assert found == {"user": "buyer", "item": "item"}


def test_a_column_named_in_the_settings_is_not_guessed_when_it_is_missing() -> None:
    assert resolve_columns("events", ["user", "item", "rating"], {"value": "stars"}) == {
        "user": "user",
        "item": "item",
    }
    assert missing_column_warnings(["user"], {"value": "stars"}, "events") == [
        "[behaviour.columns.events] says value = 'stars', which is not a column here"
    ]


def test_items_and_users() -> None:
    assert resolve_columns("items", ["movieId", "title", "asin"], {}) == {
        "id": "movieId",
        "title": "title",
    }
    assert resolve_columns("items", ["sku", "Product Name"], {}) == {
        "id": "sku",
        "title": "Product Name",
    }
    assert resolve_columns("users", ["user_id", "age"], {}) == {"id": "user_id"}


def test_what_was_decided_stays() -> None:
    kept = {"user": "userId"}
    assert resolve_columns("events", ["userId", "user", "query"], {}, kept) == {
        "user": "userId",
        "query": "query",
    }


def test_the_error_names_the_columns_and_the_setting() -> None:
    told = str(missing_column_error("a.csv", "events", "user", ["usr", "item"], {}))
    assert told == (
        "a.csv: no column 'user' or 'session' among usr, item; did you mean 'usr'? name yours "
        'under [behaviour.columns.events], e.g. user = "usr"'
    )
    told = str(missing_column_error("a.csv", "items", "id", ["x"], {"id": "number"}))
    assert "no column 'number' among x; name yours under [behaviour.columns.items]" in told


def test_squeezed() -> None:
    assert {normalise_column(name) for name in ("User ID", "user_id", "userId", "USER-ID")} == {
        "userid"
    }


def test_a_time_is_not_offered_for_a_person() -> None:
    columns = ["endTime", "Year", "artistName"]
    error = missing_column_error("plays.csv", "events", "user", columns[:2], {})
    assert "did you mean" not in str(error)


@pytest.mark.parametrize(
    ("table", "title"),
    [
        ("track_id,track,artist\n1,Wish,A\n2,Wish,B\n3,Sun,A\n4,Rain,B\n", "Wish"),
        ("Artikelnr;Artikel;Gruppe\n7;Säge;Holz\n8;Beil;Holz\n", "Säge"),
        ("id,product,colour\n" + "".join(f"{n},Shoe,red\n" for n in range(9)), ""),
        ("id,article\n1,4711\n2,4712\n", ""),
    ],
)
def test_a_column_that_names_the_item_is_its_title(
    store: SqlStore, tmp_path: Path, table: str, title: str
) -> None:
    path = tmp_path / "items.csv"
    path.write_text(table, encoding="utf-8")
    import_file(store, "items", path, BehaviourSettings(), rejects_dir=tmp_path, now=1.7e9)
    assert next(item for _, item in store.items()).title == title
