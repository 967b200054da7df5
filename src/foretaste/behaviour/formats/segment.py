"""Segment (and RudderStack, which writes the same): track, identify, page and screen calls."""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Compute, Explode, LeaveOut, Require, Select
from foretaste.behaviour.settings import normalise_event_type
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing

NO_TASTE = frozenset(
    (
        *("product_removed", "cart_viewed", "checkout_started", "checkout_step_viewed"),
        *("checkout_step_completed", "payment_info_entered", "order_updated", "order_refunded"),
        *("order_cancelled", "promotion_viewed", "promotion_clicked", "coupon_entered"),
        *("coupon_applied", "coupon_denied", "coupon_removed", "product_removed_from_wishlist"),
        *("wishlist_product_added_to_cart", "product_list_filtered", "cart_shared"),
        *("group", "alias"),
    )
)


def _event_type(row: Row) -> Any:
    """Of a track call its event; of others what they are: a page with a product is a view."""
    call = str(row.get("type") or "track").lower()
    if call in ("page", "screen"):
        return "view"
    return normalise_event_type(str(row.get("event") or "")) if call == "track" else call


def _event_id(row: Row) -> Any:
    """One of several products of an order has an id of its own."""
    message, product = row.get("message"), row.get("item")
    if is_missing(message):
        return None
    return message if is_missing(product) else f"{message}:{product}"


def _identified(row: Row) -> Any:
    """An identify call that does not say both who and where says nothing."""
    is_whole = not is_missing(row.get("user")) and not is_missing(row.get("session"))
    return "who and where" if row.get("event_type") == "identify" and is_whole else None


_FIELDS = ("user", "session", "item", "event_type", "at", "value", "query", "text", "event_id")
_ITEM_PROPERTIES = {"title": "name", "brand": "brand", "category": "category"}
CALLS = TableFormat(
    "events",
    "calls of Segment",
    columns={name: name for name in _FIELDS},
    marks=("type", "anonymousId|userId", "messageId|context", "timestamp|originalTimestamp"),
    steps=(
        Compute("event_type", _event_type),
        LeaveOut("event_type", NO_TASTE),
        Explode("properties.products", "product"),
        Select(
            {
                "user": "userId",
                "session": "anonymousId",
                "item": (
                    "product.product_id|product.productId|product.sku|product.id"
                    "|properties.product_id|properties.productId|properties.sku|properties.item_id"
                ),
                "event_type": "event_type",
                "at": "originalTimestamp|timestamp|sentAt|receivedAt",
                "value": "product.price|properties.price|properties.rating",
                "query": "properties.query",
                "text": "properties.review_body",
                "message": "messageId",
                **{
                    name: f"product.{path}|properties.{path}"
                    for name, path in _ITEM_PROPERTIES.items()
                },
            }
        ),
        Compute("event_id", _event_id),
        Compute("identified", _identified),
        Require(("item", "query", "identified"), type_column="event_type"),
        Select({name: name for name in (*_FIELDS, *_ITEM_PROPERTIES)}),
    ),
    event_type_names={
        "product_reviewed": "review",
        "product_shared": "like",
        "product_list_viewed": "impression",
        "products_searched": "search",
        "order_completed": "purchase",
        "product_clicked": "click",
        "product_viewed": "view",
        "product_added": "add_to_cart",
        "product_added_to_wishlist": "like",
    },
)
SEGMENT = FileFormat("segment", "Segment", (CALLS,))
