"""Orders of which no column is known to name the customer."""

import pytest

from foretaste.behaviour.order_owners import ownerless_order_warnings

FIELDS = {"session": "order_id", "item": "sku", "at": "date"}
ROWS = [
    {"order_id": order, "sku": f"s{line}", "line": line, "card": f"c{order % 12}", "till": "t1"}
    for order in range(40)
    for line in range(3)
]


def test_the_column_that_may_name_the_customer_is_named() -> None:
    (warning,) = ownerless_order_warnings(FIELDS, ROWS, ["line", "till", "card"])
    assert "each 'order_id' counts as a person of its own" in warning
    assert warning.endswith('user = "card"')


def test_where_no_column_may_none_is_named() -> None:
    (warning,) = ownerless_order_warnings(FIELDS, ROWS, ["line", "till"])
    assert warning.endswith('user = "that column"')


@pytest.mark.parametrize(
    "by_field", [{**FIELDS, "user": "card"}, {**FIELDS, "session": "visit_id"}, {"item": "sku"}]
)
def test_nothing_is_said_of_visits_and_known_customers(by_field: dict[str, str]) -> None:
    assert ownerless_order_warnings(by_field, ROWS, ["card"]) == []
