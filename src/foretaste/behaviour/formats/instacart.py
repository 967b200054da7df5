"""Instacart: what was in each order; who ordered and when is in another file, without dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.join_steps import Join
from foretaste.behaviour.formats.row_steps import Constant, Levels, StepContext
from foretaste.behaviour.stream import Rows
from foretaste.domain.data import RejectedRow
from foretaste.domain.identifiers import without_zero_fraction
from foretaste.errors import InputError

FIRST_ORDER = datetime(2015, 1, 1, tzinfo=UTC).timestamp()
"""When each user's first order is taken to have been: the set has days between orders alone."""
SECONDS_PER_DAY, SECONDS_PER_HOUR = 86_400.0, 3_600.0


@dataclass(frozen=True, slots=True)
class OrderTimes:
    """Who ordered, and when: the days between the orders of a user added up from a fixed day."""

    file: str

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        orders = self._orders(context)
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            user, at = orders.get(_id(row.get("order_id")), (None, None))
            yield line, {**row, "user": user, "session": row.get("order_id"), "at": at}

    def _orders(self, context: StepContext) -> dict[str, tuple[str, float]]:
        other_rows = context.folder.rows_of(self.file)
        if other_rows is None:
            raise InputError(
                "order_products of Instacart needs orders.csv beside it, which says whose an order "
                "is; put it into the same folder"
            )
        days_by_user: dict[str, float] = {}
        orders: dict[str, tuple[str, float]] = {}
        for row in other_rows:  # a user's orders come one after another, the first first
            user = _id(row.get("user_id"))
            days = days_by_user.get(user, 0.0) + _number(row, "days_since_prior_order")
            days_by_user[user] = days
            hours = _number(row, "order_hour_of_day")
            at = FIRST_ORDER + days * SECONDS_PER_DAY + hours * SECONDS_PER_HOUR
            orders[_id(row.get("order_id"))] = (user, at)
        context.notes[
            "the set has no dates: each user's first order was taken to be on 2015-01-01"
        ] = None
        return orders


def _id(cell: Any) -> str:
    return without_zero_fraction(str(cell).strip())


def _number(row: Mapping[Any, Any], column: str) -> float:
    try:
        number = float(row.get(column) or 0)
    except ValueError:
        return 0.0
    return number if number == number else 0.0


LINES = TableFormat(
    "events",
    "Instacart's lines of orders",
    columns={
        **{"user": "user", "session": "session", "item": "product_id", "at": "at"},
        "event_type": "event_type",
    },
    marks=("order_id", "product_id", "add_to_cart_order", "reordered"),
    steps=(OrderTimes(r"orders\.csv"), Constant("event_type", "purchase")),
)
PRODUCTS = TableFormat(
    "items",
    "Instacart's products",
    columns={"id": "product_id", "title": "product_name"},
    marks=("product_id", "product_name", "aisle_id", "department_id"),
    steps=(
        Join(r"aisles\.csv", key="aisle_id", columns={"aisle": "aisle"}),
        Join(
            r"departments\.csv",
            key="department_id",
            columns={"department": "department"},
            remedy="departments.csv is not beside it: products have no categories",
        ),
        Levels("category", ("department", "aisle")),
    ),
    attribute_columns=("category",),
    ignored_columns=("aisle_id", "department_id"),
)
ORDERS = TableFormat(
    None,
    "Instacart's orders, which are read with order_products",
    marks=("order_id", "user_id", "eval_set", "order_number"),
)
AISLES = TableFormat(
    None, "Instacart's aisles, which are read with products", marks=("aisle_id", "aisle")
)
DEPARTMENTS = TableFormat(
    None,
    "Instacart's departments, which are read with products",
    marks=("department_id", "department"),
    file=r"departments.*",
)
INSTACART = FileFormat("instacart", "Instacart", (LINES, PRODUCTS, ORDERS, AISLES, DEPARTMENTS))
