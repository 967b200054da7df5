"""Users and items that are the wrong way round: said where names or values make it evident."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.behaviour.swapped_columns import counts_seem_swapped, swapped_column_warnings

ROWS: Sequence[Mapping[str, Any]] = [
    {
        "customer": f"c{order % 40}",
        "mail": f"c{order % 40}@example.org",
        "thing": f"p{(order * 7 + line * 3) % 30}",
        "title": f"Thing number {(order * 7 + line * 3) % 30}",
        "order_id": f"o{order}",
        "at": f"2026-03-01 10:{order:02}",
        "day": "2026-03-01",
    }
    for order in range(60)
    for line in range(1 + order % 3)
]


def warnings(user: str, item: str, *others: str, known: Sequence[str] = ()) -> list[str]:
    """others: columns of the file, beside those of the user and the item."""
    names = {"order_id": "session", "at": "at", "day": "at"}
    fields = {"user": user, "item": item} | {names[o]: o for o in others if o in names}
    rows = [
        {column: row[source] for column, source in ((user, _source(user)), (item, _source(item)))}
        | {column: row[column] for column in others}
        for row in ROWS
    ]
    return swapped_column_warnings(fields, rows, known)


def _source(column: str) -> str:
    """A column a holds customers, b things; others are called as what they hold."""
    names = {"a": "customer", "b": "thing", "product_id": "thing", "customer_id": "customer"}
    return names.get(column, column)


@pytest.mark.parametrize(
    ("item", "other", "evidence"),
    [
        ("mail", None, "'mail' holds e-mail addresses"),
        ("a", "order_id", "each 'order_id' has one 'a' and most have several 'b'"),
        ("a", "at", "each 'at' has one 'a' and most have several 'b'"),
        ("a", "title", "each 'b' has one 'title' and most of 'a' have several"),
    ],
)
def test_what_the_values_say(item: str, other: str | None, evidence: str) -> None:
    others = () if other is None else (other,)
    (warning,) = warnings("b", item, *others)
    assert warning.startswith("users and items may be swapped: 'b' was taken for the user")
    assert evidence in warning
    assert warning.endswith(f'user = "{item}" and item = "b"')
    assert warnings(item, "b", *others) == []  # as it should be
    assert warnings("b", "a", "day") == []  # nothing tells


def test_what_the_catalogue_says() -> None:
    things = [f"p{number}" for number in range(30)]
    assert "'b' holds ids of the catalogue and 'a' does not" in warnings("b", "a", known=things)[0]
    assert warnings("a", "b", known=things) == []
    both = [*things, *(f"c{number}" for number in range(40))]  # as numbers from 1 on
    assert warnings("b", "a", known=both) == []


@pytest.mark.parametrize(
    ("user", "item", "is_swapped"),
    [("product_id", "customer_id", True), ("customer_id", "product_id", False)],
)
def test_what_their_names_say(user: str, item: str, is_swapped: bool) -> None:
    said = warnings(user, item)
    assert len(said) == is_swapped
    assert not said or "their names say the opposite" in said[0]


def test_one_name_alone() -> None:
    (warning,) = swapped_column_warnings({"user": "Artikel-Ref", "item": "group"}, [])
    assert "'Artikel-Ref' was taken for the user, but columns of items are called so" in warning
    (warning,) = swapped_column_warnings({"user": "owner_ref", "item": "kunden_ref"}, [])
    assert "'kunden_ref' was taken for the item, but columns of users are called so" in warning
    assert swapped_column_warnings({"user": "badge", "item": "customer_item"}, []) == []
    assert swapped_column_warnings({"item": "customer_id"}, []) == []


@pytest.mark.parametrize(
    ("events", "users", "items", "seem_swapped"),
    [
        (5_000, 20, 4_500, True),
        (5_000, 900, 280, False),
        (100_000, 943, 1_682, False),
        (5_000, 20, 900, False),  # a busy few who take the same
        (100, 1, 100, False),
    ],
)
def test_what_the_counts_say(events: int, users: int, items: int, seem_swapped: bool) -> None:
    assert counts_seem_swapped(events, users, items) is seem_swapped


@pytest.mark.parametrize(
    ("user", "item", "words"),
    [
        ("product_id", "customer_id", "users and items may be swapped"),
        ("a", "b", "if users and items are swapped"),
    ],
)
def test_it_is_said_at_the_import(
    tmp_path: Path, store: SqlStore, user: str, item: str, words: str
) -> None:
    file = tmp_path / "log.csv"
    lines = [f"p{number % 4},c{number}" for number in range(200)]
    file.write_text("\n".join([f"{user},{item}", *lines]))
    columns = {"events": {"user": user, "item": item}}
    settings = BehaviourSettings.model_validate({"columns": columns})
    result = import_file(
        store, "events", file, settings, rejects_dir=tmp_path / "rejects", now=1_772_366_400.0
    )
    assert [words in warning for warning in result.warnings].count(True) == 1
