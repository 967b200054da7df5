"""Jobs with applications and restaurants with orders, as portals and delivery services have."""

import json
from typing import Any

import pytest

from foretaste.domain.feature_types import find_feature_type

from .conftest import Shop

JOBS = ("Nurse", "Chef", "Nurse", "Driver")
DISHES = [{"dishId": "d1", "name": "Margherita", "price": {"amount": 890}}, {"name": "Tiramisu"}]
HOURS = [{"open": "11:00", "close": "22:00"}]


def restaurant(number: int, **fields: Any) -> dict[str, Any]:
    return {"restaurantId": f"r{number}", "name": f"Pizzeria {number}", "menu": DISHES, **fields}


def order(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "orderId": f"o{number}",
        "placedAt": f"2026-02-{number + 1:02}T18:00:00Z",
        "customer": {"id": f"c{number}", "name": "Ann"},
        "restaurant": {"id": f"r{number % 2}", "name": f"Taj Mahal {number % 2}"},
        **fields,
    }


@pytest.mark.parametrize("noun", ["job", "vacancy", "restaurant", "workshop"])
def test_what_is_called_as_the_ids_are_is_the_title(shop: Shop, noun: str) -> None:
    rows = [{f"{noun}_id": n, f"{noun}_title": name} for n, name in enumerate(JOBS)]
    shop.add("items", rows)
    assert tuple(item.title for item in shop.items.values()) == JOBS


def test_a_name_of_another_thing_is_no_title(shop: Shop) -> None:
    shop.add("items", [{"job_id": n, "company_name": name} for n, name in enumerate(JOBS)])
    assert {item.title for item in shop.items.values()} == {""}


def test_applications_are_what_people_took(shop: Shop) -> None:
    rows = "application_id,candidate_id,job_id,applied_at,status\n" + "\n".join(
        f"A-{n},{n},{n % 3},2026-02-0{n + 1},rejected" for n in range(5)
    )
    shop.add("events", rows, "applications.csv")
    assert [(e.user, e.item, e.kind) for e in shop.events] == [
        (str(n), str(n % 3), "purchase") for n in range(5)
    ]


def test_customers_and_items_that_are_objects_are_their_ids(shop: Shop) -> None:
    shop.add("events", "\n".join(json.dumps(order(n)) for n in range(4)), "orders.jsonl")
    assert [(e.user, e.item) for e in shop.events] == [(f"c{n}", f"r{n % 2}") for n in range(4)]
    assert shop.items["r1"].title == "Taj Mahal 1"


def test_an_object_that_some_rows_lack_is_no_column(shop: Shop) -> None:
    """`feedback` with stars within is no type of event, so that the orders stay orders."""
    rows = [order(n, **({"feedback": {"courierRating": 4}} if n else {})) for n in range(4)]
    shop.add("events", "\n".join(map(json.dumps, rows)), "orders.jsonl")
    assert {e.kind for e in shop.events} == {"purchase"}


def test_lists_of_objects_are_their_names_or_left_out(shop: Shop) -> None:
    result = shop.add("items", [restaurant(n, mon=HOURS, tue=HOURS) for n in range(2)])
    assert (result.rejected, len(shop.items)) == (0, 2)
    assert shop.items["r0"].attributes == {"menu": ("Margherita", "Tiramisu")}


def test_the_least_that_one_may_order_is_no_price(shop: Shop) -> None:
    rows = [restaurant(n, minOrder_amount=10 + n, price_amount=5) for n in range(2)]
    shop.add("items", rows)
    assert "minOrder_amount_band" not in shop.items["r0"].attributes
    assert shop.items["r0"].attributes["price_amount_band"] == ("0-10",)


@pytest.mark.parametrize("column", ["postcode", "PLZ", "postalCode", "Postleitzahl"])
def test_a_postcode_names_a_place(column: str) -> None:
    assert find_feature_type(column, ["10115", "04109", "80331"] * 4) == "category"
