"""What files were taken for, written into foretaste.toml beside what is there."""

import tomllib

import pytest

from foretaste.behaviour.inspection.mapping import add_to_toml
from foretaste.errors import InputError

SETTINGS = (
    ("table", "items"),
    ("columns", {"id": "SKU", "title": "Name der Ware"}),
    ("ignored_columns", ('a"b', "c\\d\x7f")),
)


def test_a_table_of_the_file_is_added() -> None:
    text = '# mine\nname = "Shop"\n\n[behaviour]\nlocale = "de_DE"  # as we write\n'
    changed = add_to_toml(text, [("items.csv", SETTINGS)])
    assert changed.startswith(text.rstrip())
    tree = tomllib.loads(changed)["behaviour"]
    assert tree["locale"] == "de_DE"
    assert tree["files"] == {
        "items.csv": {
            "table": "items",
            "columns": {"id": "SKU", "title": "Name der Ware"},
            "ignored_columns": ['a"b', "c\\d\x7f"],
        }
    }
    assert add_to_toml(changed, [("items.csv", SETTINGS)]) == changed, "once is enough"


def test_what_is_there_stays() -> None:
    text = '[behaviour.files."items.csv"]  # theirs\ntable = "users"\n\n[rank]\nn = 7\n'
    tree = tomllib.loads(add_to_toml(text, [("items.csv", SETTINGS)]))
    assert tree["behaviour"]["files"]["items.csv"]["table"] == "users"
    assert tree["behaviour"]["files"]["items.csv"]["columns"]["id"] == "SKU"
    assert tree["rank"] == {"n": 7}


def test_settings_that_are_written_in_another_way_are_left_to_their_owner() -> None:
    text = 'behaviour = { files = { "items.csv" = { table = "items" } } }\n'
    with pytest.raises(InputError, match="put these lines in by hand"):
        add_to_toml(text, [("items.csv", SETTINGS)])
