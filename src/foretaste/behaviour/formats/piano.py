"""Piano Analytics (AT Internet): events as Data Flow exports them, in CSV, JSON or Parquet. A row
is an event with the properties that the flow was set to have.
"""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Compute,
    LeaveOut,
    Levels,
    Require,
    Select,
    value_at,
)
from foretaste.behaviour.formats.time_zones import as_utc
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Row

NO_TASTE = frozenset(
    (
        *("product.remove_from_cart", "product.awaiting_payment", "cart.creation", "cart.display"),
        *("cart.update", "cart.delivery", "cart.payment", "cart.awaiting_payment"),
        *("transaction.confirmation", "publisher.impression", "publisher.click"),
        *("self_promotion.impression", "self_promotion.click", "mv_test.display", "mv_test.click"),
        *("av.heartbeat", "av.buffer.start", "av.buffer.heartbeat", "av.rebuffer.start"),
        *("av.rebuffer.heartbeat", "av.pause", "av.resume", "av.seek.start", "av.backward"),
        *("av.forward", "av.volume", "av.quality", "av.error", "av.stop", "av.play"),
        *("click.action", "click.navigation", "click.exit", "click.download"),
    )
)
"""`transaction.confirmation` is the order as a whole: its products are events of their own."""
_ITEM_COLUMNS = "product_id|av_content_id|content_id|article_id|page_id"
_TITLE_COLUMNS = "product|av_content|content|page"
_CATEGORY_LEVELS = tuple(f"product_category{level}" for level in range(1, 5))
_DESCRIPTION = {"brand": "product_brand", **{level: level for level in _CATEGORY_LEVELS}}
_FIELDS = ("user", "session", "item", "event_type", "at", "value", "query", "device", "event_id")
_MARKS = (
    "event_name",
    "visit_id",
    "visitor_id|visitor_idclient|idclient",
    "event_time_utc|event_time",
)


def _time(row: Row) -> Any:
    """That in UTC where the flow has it."""
    moment = as_utc(value_at(row, "event_time_utc"))
    return value_at(row, "event_time") if moment is None else moment


EVENTS = TableFormat(
    "events",
    "events of Piano Analytics",
    columns={name: name for name in _FIELDS},
    marks=_MARKS,
    steps=(
        LeaveOut("event_name", NO_TASTE),
        Compute("at", _time),
        Select(
            {
                "user": "user_id",
                "session": "visitor_id|visitor_idclient|idclient",
                "item": _ITEM_COLUMNS,
                "event_type": "event_name",
                "at": "at",
                "value": "product_pricetaxincluded",
                "query": "ise_keyword",
                "device": "device_type",
                "event_id": "event_id",
                "title": _TITLE_COLUMNS,
                **_DESCRIPTION,
            }
        ),
        Levels("category", _CATEGORY_LEVELS),
        Require(
            ("item", "query"),
            type_column="event_type",
            reason=f"no {', '.join(_ITEM_COLUMNS.split('|'))} and no ise_keyword",
        ),
    ),
    event_type_names={
        "page.display": "view",
        "product.display": "impression",
        "product.page_display": "view",
        "product.add_to_cart": "add_to_cart",
        "product.add_to_wishlist": "like",
        "product.purchased": "purchase",
        "av.start": "play",
        "internal_search_result.display": "search",
        "internal_search_result.click": "click",
    },
)
ITEMS = TableFormat(
    "items",
    "items within events of Piano Analytics",
    columns={"id": "id", "title": "title"},
    marks=_MARKS,
    steps=(
        Select(
            {
                "id": _ITEM_COLUMNS,
                "title": _TITLE_COLUMNS,
                "price": "product_pricetaxincluded",
                **_DESCRIPTION,
            }
        ),
        Require(("id",), reason="no item in the event"),
        Levels("category", _CATEGORY_LEVELS),
        MergeVariants(key="id", single=("title", "price")),
    ),
    attribute_columns=("brand", "category", "price"),
)
PIANO = FileFormat("piano", "Piano Analytics", (EVENTS, ITEMS))
