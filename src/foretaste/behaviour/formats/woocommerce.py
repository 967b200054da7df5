"""WooCommerce: its CSV export of products, orders as its REST API or plugins export them."""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Compute,
    Constant,
    Explode,
    FillDown,
    LeaveOut,
    NamedColumns,
    Select,
    value_at,
)
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing

MAX_ATTRIBUTES = 12
NOT_SOLD = frozenset(
    (
        *("cancelled", "refunded", "failed", "trash", "checkout-draft", "pending", "draft"),
        *("wc-cancelled", "wc-refunded", "wc-failed", "wc-pending", "pending payment"),
    )
)
STOCK_FLAGS = {"1": "yes", "0": "no"}
"""Which are no counts, and so are not added up."""
EVENT_COLUMNS = {name: name for name in ("user", "session", "item", "at", "value", "event_type")}


def _parent(row: Row) -> Any:
    """The product of a variation: its SKU, or its number after `id:`."""
    parent = row.get("Parent")
    return None if is_missing(parent) else str(parent).strip().removeprefix("id:")


def _stock(row: Row) -> Any:
    """What the shop says, else the count: of what is on backorder none is left and it is sold."""
    flag = row.get("In stock?")
    word = None if is_missing(flag) else STOCK_FLAGS.get(str(flag).strip())
    return word or value_at(row, "In stock?|Stock status|Stock")


def _customer(row: Row) -> Any:
    """0 is a guest, who has an address all the same."""
    customer = value_at(row, "customer_id|Customer User ID|Customer ID|Customer Id")
    if not is_missing(customer) and str(customer) not in ("0", "0.0"):
        return customer
    email = value_at(row, "billing.email|Email (Billing)|Billing Email|Billing Email Address")
    return None if email is None else str(email).strip().lower()


PRODUCTS = TableFormat(
    "items",
    "WooCommerce's export of products",
    columns={"id": "ID", "title": "Name", "image": "Images", "hidden": "Published"},
    marks=("ID", "Type", "SKU", "Name", "Published", "Categories"),
    steps=(
        Compute("Parent", _parent),
        Compute("In stock?", _stock),
        NamedColumns(
            tuple(
                (f"Attribute {number} name", f"Attribute {number} value(s)")
                for number in range(1, MAX_ATTRIBUTES + 1)
            ),
            separator=",",
        ),
        MergeVariants(
            key="Parent",
            parent_of=("ID", "SKU"),
            ids=("ID", "SKU", "GTIN, UPC, EAN, or ISBN"),
            single=("ID", "Name", "Images", "Published", "Visibility in catalog", "Type"),
        ),
    ),
    text_columns=("Description", "Short description"),
    attribute_columns=("Categories", "Tags", "Brands", "Regular price", "Sale price"),
    separators={"Categories": ",", "Tags": ",", "Brands": ","},
    ignored_columns=(
        *("Stock", "Stock status", "Low stock amount", "Backorders allowed?"),
        *("Parent", "Type", "Upsells", "Cross-sells", "Grouped products", "Swatches Attributes"),
        *(
            f"Attribute {number} {ending}"
            for number in range(1, MAX_ATTRIBUTES + 1)
            for ending in ("visible", "global", "default")
        ),
    ),
)
API_ORDERS = TableFormat(
    "events",
    "orders of WooCommerce's REST API",
    columns=EVENT_COLUMNS,
    marks=("id", "status", "date_created|date_created_gmt", "customer_id", "line_items"),
    steps=(
        LeaveOut("status", NOT_SOLD),
        Explode("line_items", "line"),
        Compute("customer", _customer),
        Select(
            {
                "user": "customer",
                "session": "id",
                "item": "line.product_id|line.sku|line.name",
                "at": "date_created_gmt|date_created",
                "value": "line.price",
                "title": "line.parent_name|line.name",
            }
        ),
        Constant("event_type", "purchase"),
    ),
)
ORDERS = TableFormat(
    "events",
    "WooCommerce's orders as plugins export them",
    columns=EVENT_COLUMNS,
    marks=(
        "Order Number|Order ID",
        "Order Status",
        "Order Date",
        "Product Id|Product ID|SKU|Item SKU|Product SKU",
        "Item Name|Product Name|Product Name (main)",
    ),
    steps=(
        FillDown("Order Number"),
        LeaveOut("Order Status", NOT_SOLD),
        Compute("customer", _customer),
        Select(
            {
                "user": "customer",
                "session": "Order Number|Order ID",
                "item": "Product Id|Product ID|SKU|Item SKU|Product SKU",
                "at": "Order Date",
                "value": "Item Cost|Item Price|Product Price|Product Unit Price",
                "title": "Item Name|Product Name|Product Name (main)",
            }
        ),
        Constant("event_type", "purchase"),
    ),
)
WOOCOMMERCE = FileFormat("woocommerce", "WooCommerce", (PRODUCTS, API_ORDERS, ORDERS))
