"""Recombee: exports of its interactions, of which each kind is a file, and of its items."""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Compute, Constant
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing

_COLUMNS = {"user": "userId", "item": "itemId", "at": "timestamp", "event_type": "event_type"}


def _stars(row: Row) -> Any:
    """Its ratings go from -1 to 1; here from 1 to 5, with the same middle."""
    rating = row.get("rating")
    try:
        return None if rating is None or is_missing(rating) else 3 + 2 * float(rating)
    except (TypeError, ValueError):
        return rating


def _interactions(event_type: str, title: str, file: str, value: str = "") -> TableFormat:
    return TableFormat(
        "events",
        f"Recombee's {title}",
        columns={**_COLUMNS, **({"value": value} if value else {})},
        marks=("userId", "itemId", "timestamp"),
        file=rf".*{file}.*",
        steps=(Constant("event_type", event_type),),
        needs_name=True,
    )


RATINGS = TableFormat(
    "events",
    "Recombee's ratings",
    columns={**_COLUMNS, "value": "stars"},
    marks=("userId", "itemId", "timestamp", "rating"),
    steps=(Compute("stars", _stars), Constant("event_type", "rating")),
    needs_name=True,
)
VIEWS = _interactions("view", "detail views", "(detail[-_ ]?views?|view[-_ ]?portions?)")
PURCHASES = _interactions("purchase", "purchases", "purchases?", "price")
CART = _interactions("add_to_cart", "cart additions", "cart[-_ ]?additions?", "price")
BOOKMARKS = _interactions("like", "bookmarks", "bookmarks?")
ITEMS = TableFormat(
    "items",
    "Recombee's items",
    columns={"id": "itemId", "title": "title|name|product_name", "hidden": "deleted"},
    marks=("itemId",),
    file=r".*(items|products|catalog).*",
    needs_name=True,
)
USERS = TableFormat(
    "users",
    "Recombee's users",
    columns={"id": "userId"},
    marks=("userId",),
    file=r".*users.*",
    needs_name=True,
)
RECOMBEE = FileFormat(
    "recombee", "Recombee", (RATINGS, VIEWS, PURCHASES, CART, BOOKMARKS, ITEMS, USERS)
)
