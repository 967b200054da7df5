"""Magento (Adobe Commerce): its CSV export of products, and orders as JSON of its REST API."""

from collections.abc import Sequence
from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Compute,
    Constant,
    Explode,
    LeaveOut,
    Packed,
    Require,
    Select,
)
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import split_values

NOT_SOLD = frozenset(("canceled", "cancelled", "closed", "fraud", "holded", "pending_payment"))


def _categories(row: Row) -> Any:
    """`Default Category/Gear/Bags` is Gear > Bags: the root of a store says nothing."""
    paths = []
    for path in split_values(row.get("categories"), ","):
        names = [name.strip() for name in str(path).split("/")]
        names = names[1:] if len(names) > 1 or names == ["Default Category"] else names
        if names:
            paths.append(" > ".join(names))
    return paths or None


def _visibility(row: Row) -> Any:
    """A product that is off is shown nowhere, whatever its visibility."""
    is_off = str(row.get("product_online")).strip() in ("0", "2")
    return "disabled" if is_off else row.get("visibility")


def _variants(row: Row) -> Sequence[str]:
    """The SKUs in `sku=A-1,size=S|sku=A-2,size=M`."""
    return [
        part.strip().removeprefix("sku=")
        for variation in split_values(row.get("configurable_variations"), "|")
        for part in str(variation).split(",")
        if part.strip().startswith("sku=")
    ]


PRODUCTS = TableFormat(
    "items",
    "Magento's export of products",
    columns={"id": "sku", "title": "name", "image": "base_image", "hidden": "visibility"},
    marks=("sku", "product_type", "categories", "name", "visibility", "product_online"),
    steps=(
        LeaveOut("store_view_code", reason="translations for another store view"),
        Compute("categories", _categories),
        Compute("visibility", _visibility),
        Packed("additional_attributes"),
        MergeVariants(
            key="sku",
            ids=("sku",),
            children=_variants,
            single=("name", "base_image", "visibility", "product_online", "categories"),
        ),
    ),
    text_columns=("description", "short_description"),
    attribute_columns=("categories", "price"),
    ignored_columns=(
        *("product_type", "attribute_set_code", "url_key", "configurable_variations", "weight"),
        *("configurable_variation_labels", "related_skus", "crosssell_skus", "upsell_skus"),
        *(
            "additional_images",
            "store_view_code",
            "special_price",
            "base_image_label",
            "product_online",
        ),
    ),
)
API_ORDERS = TableFormat(
    "events",
    "orders of Magento's REST API",
    columns={name: name for name in ("user", "session", "item", "at", "value", "event_type")},
    marks=("increment_id|entity_id", "created_at", "customer_email", "items"),
    steps=(
        LeaveOut("status", NOT_SOLD),
        Explode("items", "line"),
        Select(
            {
                "user": "customer_id|customer_email",
                "session": "increment_id|entity_id",
                "item": "line.sku",
                "at": "created_at",
                "value": "line.price",
                "title": "line.name",
                "parent": "line.parent_item_id",
            }
        ),
        LeaveOut("parent", reason="the variant of a product in the line above"),
        Require(("item",)),
        Constant("event_type", "purchase"),
    ),
)
MAGENTO = FileFormat("magento", "Magento (Adobe Commerce)", (PRODUCTS, API_ORDERS))
