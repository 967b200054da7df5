"""Shopify: the CSV exports of products and orders, and the same as JSON of the Admin API."""

from dataclasses import replace
from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Collect,
    Compute,
    Constant,
    Explode,
    FillDown,
    LeaveOut,
    NamedColumns,
    Rename,
    Select,
)
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing, split_values
from foretaste.domain.stock import stock_of_variants

_OPTIONS = tuple((f"Option{number} Name", f"Option{number} Value") for number in (1, 2, 3))
_PRODUCT_NAMES = {
    "Handle": "URL handle",
    "Body (HTML)": "Description",
    "Published": "Published on online store",
    "Variant SKU": "SKU",
    "Variant Barcode": "Barcode",
    "Variant Price": "Price",
    "Variant Inventory Qty": "Inventory quantity",
    "Variant Inventory Tracker": "Inventory tracker",
    "Variant Inventory Policy": "Continue selling when out of stock",
    "Variant Compare At Price": "Compare-at price",
    "Image Src": "Product image URL",
    "Product Category": "Standard product type|Standardized product type",
    **{column: column.lower() for pair in _OPTIONS for column in pair},
}
SOLD_ANYWAY = frozenset(("continue", "true", "yes"))
"""Settings of a variant by which it is sold though none is left."""
NOT_PAID = frozenset(("voided", "refunded"))


def _line_names(row: Row) -> list[str]:
    """What an order calls a line of this variant: "Tee", or "Tee - Red / M"."""
    title = row.get("Title")
    if is_missing(title):
        return []
    options = [row.get(value) for _, value in _OPTIONS]
    values = [str(value) for value in options if not is_missing(value)]
    return [str(title), f"{title} - {' / '.join(values)}"]


def _stock_of_variant(quantity: Any, row: Row, tracker: str, policy: str) -> Any:
    """How much is left of a variant: what nobody counts, or what is sold all the same, is there."""
    if is_missing(quantity):
        return None
    is_counted = tracker not in row or not is_missing(row.get(tracker))
    return (
        quantity if is_counted and str(row.get(policy)).lower() not in SOLD_ANYWAY else "in stock"
    )


def _stock(row: Row) -> Any:
    quantity = row.get("Variant Inventory Qty")
    return _stock_of_variant(quantity, row, "Variant Inventory Tracker", "Variant Inventory Policy")


def _api_stock(row: Row) -> Any:
    """Of all variants of a product."""
    variants = [part for part in split_values(row.get("variants"), "\0") if isinstance(part, dict)]
    names = ("inventory_management", "inventory_policy")
    quantities = [
        _stock_of_variant(variant.get("inventory_quantity"), variant, *names)
        for variant in variants
    ]
    return stock_of_variants([quantity for quantity in quantities if quantity is not None])


def _customer(row: Row) -> Any:
    """Exports have no number of a customer: the address, in one spelling."""
    email = row.get("Email")
    return None if is_missing(email) else str(email).strip().lower()


PRODUCTS = TableFormat(
    "items",
    "Shopify's export of products",
    columns={"id": "Handle", "title": "Title", "image": "Image Src"},
    marks=("Handle|URL handle", "Title", "Option1 Name", "Variant SKU|SKU"),
    steps=(
        Rename(_PRODUCT_NAMES),
        FillDown("Handle", ("Title",)),
        Compute("Line names", _line_names),
        Compute("Variant Inventory Qty", _stock),
        NamedColumns(_OPTIONS, key="Handle", ignored_names=frozenset(("Title",))),
        MergeVariants(
            key="Handle",
            ids=("Variant SKU", "Variant Barcode", "Line names"),
            single=("Title", "Image Src", "Published", "Status", "Variant Compare At Price"),
        ),
    ),
    text_columns=("Body (HTML)",),
    attribute_columns=("Vendor", "Type", "Tags", "Product Category"),
    separators={"Tags": ","},
    ignored_columns=(
        *("Variant Compare At Price", "Variant Image", "Image Alt Text"),
        *("Variant Inventory Tracker", "Variant Inventory Policy"),
    ),
)
SOME_PRODUCTS = replace(
    PRODUCTS,
    title="some columns of Shopify's export of products",
    marks=("Handle", "Title", "Variant SKU|Variant Price|Option1 Value"),
    repeats="Handle",
)
"""Whoever takes columns out leaves the rows of variants."""
ORDERS = TableFormat(
    "events",
    "Shopify's export of orders",
    columns={name: name for name in ("user", "session", "item", "at", "value", "event_type")},
    marks=("Name", "Email", "Created at", "Lineitem name"),
    steps=(
        FillDown("Name"),
        LeaveOut("Cancelled at", reason="the order was cancelled"),
        LeaveOut("Financial Status", NOT_PAID),
        Compute("customer", _customer),
        Select(
            {
                "user": "customer",
                "session": "Name",
                "item": "Lineitem sku|Lineitem name",
                "at": "Created at",
                "value": "Lineitem price",
                "title": "Lineitem name",
                "brand": "Vendor",
            }
        ),
        Constant("event_type", "purchase"),
    ),
)


def _tags(row: Row) -> list[Any]:
    return split_values(row.get("tags"), ",")


API_PRODUCTS = TableFormat(
    "items",
    "products of Shopify's Admin API",
    columns={"id": "id", "title": "title", "image": "image", "hidden": "status"},
    marks=("id", "title", "body_html", "vendor", "variants"),
    steps=(
        Compute("tags", _tags),
        Compute("inventory_quantity", _api_stock),
        Collect({"price": "variants.price", "ids": "variants.id", "skus": "variants.sku"}),
        Explode("options", "option"),
        Select({"option name": "option.name", "option value": "option.values"}, keeps_others=True),
        NamedColumns((("option name", "option value"),), ignored_names=frozenset(("Title",))),
        Select({"image": "image.src|images.src"}, keeps_others=True),
        MergeVariants(
            key="id",
            ids=("ids", "skus", "handle"),
            single=("title", "image", "status", "tags", "price", "options", "variants", "images"),
        ),
    ),
    text_columns=("body_html",),
    attribute_columns=("vendor", "product_type", "tags", "price"),
    ignored_columns=("option", "options", "variants", "images", "template_suffix"),
)
API_ORDERS = TableFormat(
    "events",
    "orders of Shopify's Admin API",
    columns=ORDERS.columns,
    marks=("id", "created_at", "financial_status", "line_items"),
    steps=(
        LeaveOut("cancelled_at", reason="the order was cancelled"),
        LeaveOut("financial_status", NOT_PAID),
        Explode("line_items", "line"),
        Select(
            {
                "user": "customer.id|email",
                "session": "id",
                "item": "line.product_id|line.sku|line.title",
                "at": "created_at",
                "value": "line.price",
                "title": "line.title",
                "brand": "line.vendor",
            }
        ),
        Constant("event_type", "purchase"),
    ),
)
SHOPIFY = FileFormat(
    "shopify", "Shopify", (PRODUCTS, SOME_PRODUCTS, ORDERS, API_PRODUCTS, API_ORDERS)
)
