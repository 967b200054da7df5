"""Matomo: the log of visits, as `Live.getLastVisitsDetails` gives it in JSON or CSV. A row is a
visit with all that was done in it.
"""

import re
from dataclasses import dataclass
from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Compute,
    Explode,
    Require,
    Select,
    StepContext,
    value_at,
)
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import RejectedRow

_EVENT_TYPES = {
    "action": "view",
    "search": "search",
    "ecommerceOrder": "purchase",
    "ecommerceAbandonedCart": "add_to_cart",
}
"""Type of an action → what it is. An abandoned cart has what was put into it and stayed."""
_AFTER_PATH = re.compile(r"[?#]")
_FLAT_NAME = re.compile(r"actionDetails_(\d+)_(?:itemDetails_(\d+)_)?(\w+)")


@dataclass(frozen=True, slots=True)
class GatherActions:
    """The columns `actionDetails_0_type`, `actionDetails_1_itemDetails_0_itemSKU` of CSV as the
    list that JSON has.
    """

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow) or not is_missing(row.get("actionDetails")):
                yield line, row
                continue
            yield line, _gathered(row)


def _gathered(row: Row) -> Row:
    visit_cells: dict[str, Any] = {}
    actions: dict[int, dict[str, Any]] = {}
    products: dict[int, dict[int, dict[str, Any]]] = {}
    for column, cell in row.items():
        match = _FLAT_NAME.fullmatch(str(column))
        if match is None:
            visit_cells[column] = cell
        elif not is_missing(cell):
            position, product, name = int(match[1]), match[2], match[3]
            action = actions.setdefault(position, {})
            if product is None:
                action[name] = cell
            else:
                products.setdefault(position, {}).setdefault(int(product), {})[name] = cell
    for position, bought in products.items():
        actions[position]["itemDetails"] = [bought[number] for number in sorted(bought)]
    return {**visit_cells, "actionDetails": [actions[position] for position in sorted(actions)]}


def _event_type(row: Row) -> Any:
    kind = value_at(row, "action.type")
    return _EVENT_TYPES.get(str(kind), kind)


def _category(row: Row) -> Any:
    """The first category; several of an item are no path."""
    categories = value_at(row, "product.categories|action.productViewCategories")
    if isinstance(categories, list | tuple):
        return categories[0] if categories else None
    flat = value_at(row, "product.itemCategory|product.categories_0|action.productViewCategories_0")
    return categories if flat is None else flat


def _page(row: Row) -> Any:
    """The address of a page without what stands behind `?` and `#`: campaigns, places in it."""
    address = value_at(row, "action.url")
    is_page = value_at(row, "action.type") == "action"
    return _AFTER_PATH.split(str(address), maxsplit=1)[0] if is_page and address else None


_WHO = {
    "user": "userId",
    "session": "visitorId",
    "at": "action.timestamp|serverTimestamp",
    "device": "deviceType",
}
_QUERY = "action.siteSearchKeyword"
_PRODUCT = "product.itemSKU|action.productViewSku|product.itemName|action.productViewName"
_PRODUCT_TITLE = "product.itemName|action.productViewName"
_FIELDS = ("user", "session", "item", "event_type", "at", "value", "query", "device")
_MARKS = ("idVisit", "visitorId", "actionDetails|actionDetails_0_type")
_ACTIONS = (GatherActions(), Explode("actionDetails", "action"))
_PRODUCTS = (*_ACTIONS, Explode("action.itemDetails", "product"))
EVENTS = TableFormat(
    "events",
    "Matomo's log of visits",
    columns={name: name for name in _FIELDS},
    marks=_MARKS,
    steps=(
        *_PRODUCTS,
        Compute("event_type", _event_type),
        Compute("category", _category),
        Select(
            {
                **_WHO,
                "item": _PRODUCT,
                "event_type": "event_type",
                "value": "product.price",
                "query": _QUERY,
                "title": _PRODUCT_TITLE,
                "category": "category",
            }
        ),
        Require(
            ("item", "query"),
            type_column="event_type",
            reason="no product and no words; --format matomo-pages takes pages for the items",
        ),
    ),
)
PRODUCTS = TableFormat(
    "items",
    "products within Matomo's log of visits",
    columns={"id": "id", "title": "title"},
    marks=_MARKS,
    steps=(
        *_PRODUCTS,
        Compute("category", _category),
        Select(
            {
                "id": _PRODUCT,
                "title": _PRODUCT_TITLE,
                "category": "category",
                "price": "product.price|action.productViewPrice",
            }
        ),
        Require(("id",), reason="no product in the action"),
        MergeVariants(key="id", single=("title", "price")),
    ),
    attribute_columns=("category", "price"),
)
PAGE_VIEWS = TableFormat(
    "events",
    "the pages of Matomo's log of visits",
    columns={name: name for name in _FIELDS if name != "value"},
    marks=_MARKS,
    steps=(
        *_ACTIONS,
        Compute("event_type", _event_type),
        Compute("page", _page),
        Select(
            {
                **_WHO,
                "item": "page",
                "event_type": "event_type",
                "query": _QUERY,
                "title": "action.pageTitle|action.title",
                "dwell_seconds": "action.timeSpent",
            }
        ),
        Require(("item", "query"), type_column="event_type", reason="no page and no words"),
    ),
    needs_name=True,
)
PAGES = TableFormat(
    "items",
    "the pages within Matomo's log of visits",
    columns={"id": "id", "title": "title"},
    marks=_MARKS,
    steps=(
        *_ACTIONS,
        Compute("page", _page),
        Select({"id": "page", "title": "action.pageTitle|action.title"}),
        Require(("id",), reason="no page"),
        MergeVariants(key="id", single=("title",)),
    ),
    needs_name=True,
)
MATOMO = FileFormat("matomo", "Matomo", (EVENTS, PRODUCTS))
MATOMO_PAGES = FileFormat("matomo-pages", "Matomo, pages as items", (PAGE_VIEWS, PAGES))
