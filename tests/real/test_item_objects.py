"""Items and users whose rows have objects within: from apps, document databases and Parquet."""

import json
from typing import Any

import pyarrow as pa
import pytest

from .conftest import Shop


def recipe(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "_id": {"$oid": f"64a{number:021x}"},
        "recipe": {
            "name": f"Dal number {number}",
            "cuisine": ("indian", "thai")[number % 2],
            "servings": number,
            "difficulty": "easy",
        },
        "nutrition": {"kcal": 300 + number},
        "rating": {"avg": 4.5, "count": 12},
        "isDraft": number == 3,
        **fields,
    }


def test_each_value_within_an_object_has_its_column(shop: Shop) -> None:
    shop.add("items", "\n".join(json.dumps(recipe(n)) for n in range(6)), "recipes.jsonl")
    items = list(shop.items.values())
    assert [item.title for item in items] == [f"Dal number {n}" for n in range(6)]
    assert items[1].attributes["cuisine"] == ("thai",)
    assert items[1].attributes["kcal"] == ("301",)
    assert [item.hidden for item in items] == [False, False, False, True, False, False]
    assert "recipe" not in items[0].attributes


def test_an_object_that_only_names_something_is_its_name(shop: Shop) -> None:
    rows = [
        {"id": f"i{n}", "title": f"Lamp {n}", "brand": {"id": n, "name": "Acme"}} for n in (1, 2)
    ]
    shop.add("items", rows)
    assert shop.items["i1"].attributes["brand"] == ("Acme",)


def test_structs_of_a_table_and_objects_as_json_in_a_cell(shop: Shop) -> None:
    skills = [{"main": "Pandas", "level": "hard"}, {"main": "React", "level": "easy"}]
    shop.add("items", pa.table({"id": ["a", "b"], "title": ["A b", "C d"], "skills": skills}))
    shop.add("items", 'id,title,size\nc,E f,"{""width"": 3, ""colour"": ""red""}"', "items.csv")
    assert shop.items["a"].attributes["skills_main"] == ("Pandas",)
    assert shop.items["c"].attributes["colour"] == ("red",)


@pytest.mark.parametrize("column", ["shipping", "seo"])
def test_what_is_said_of_no_item_is_left_out(shop: Shop, column: str) -> None:
    rows = [
        {"id": f"i{n}", "title": "Lamp", column: {"price": 4.9, "country": "DE"}} for n in (1, 2)
    ]
    shop.add("items", rows)
    assert shop.items["i1"].attributes == {}


def test_objects_whose_keys_are_data_are_left_out(shop: Shop) -> None:
    rows = [
        {"id": f"i{n}", "title": f"Lamp {n}", "scores": {f"user{n}-{k}": k for k in range(20)}}
        for n in range(5)
    ]
    shop.add("items", rows)
    assert shop.items["i1"].attributes == {}


def test_the_traits_of_users(shop: Shop) -> None:
    shop.add("users", [{"id": "u1", "profile": {"country": "DE", "plan": "free", "age": 30}}] * 2)
    user = shop.store.user("u1")
    assert user is not None
    assert user.attributes["plan"] == ("free",)


def test_the_item_of_an_event_by_its_object_and_how_long_it_was_looked_at(shop: Shop) -> None:
    shop.add("items", [recipe(n) for n in range(5)])
    events = [
        {
            "event": "recipe_viewed" if n % 5 else "recipe_rated",
            "occurredAt": 1_770_000_000_000 + n,
            "user": {"id": f"u{n}"},
            "properties": {
                "recipe": {"_id": f"64a{n % 5:021x}", "name": f"Dal number {n % 5}"},
                **({"dwellMs": 3_000 * n} if n % 5 else {"rating": {"stars": 4, "max": 5}}),
            },
        }
        for n in range(30)
    ]
    events.append({**events[1], "event": "recipe_unsaved"})
    result = shop.add("events", events)
    assert (result.added, result.rejected) == (30, 0)
    assert {event.item for event in shop.events} == set(shop.items)
    views = [event for event in shop.events if event.kind == "view"]
    assert all(event.value is not None for event in views)
    assert {event.value for event in shop.events if event.kind == "rating"} == {4.0}
