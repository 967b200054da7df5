"""Google Analytics 4: events as BigQuery exports them, as JSON, Parquet or flattened to CSV."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Explode,
    KeyValues,
    LeaveOut,
    Levels,
    Require,
    Select,
)
from foretaste.behaviour.formats.variant_steps import MergeVariants

EVENT_COLUMNS = {
    name: name
    for name in ("user", "session", "item", "event_type", "at", "value", "query", "device")
}
NO_TASTE = frozenset(
    (
        *("remove_from_cart", "begin_checkout", "add_payment_info", "add_shipping_info"),
        *("view_cart", "refund", "view_promotion", "select_promotion"),
    )
)
_CONTENT_IDS = (
    "content_id|article_id|story_id|post_id|page_id|video_id|track_id|episode_id|product_id|sku|"
    "recipe_id|dish_id|restaurant_id|course_id|book_id|isbn|movie_id|film_id|show_id|series_id|"
    "song_id|album_id|podcast_id|game_id|listing_id|property_id|job_id|hotel_id"
)
_ITEM = "|".join(
    (
        "product.item_id|product.item_name|event_params.item_id",
        *(f"event_params.{name}" for name in _CONTENT_IDS.split("|")),
    )
)
"""Products of shops; else the id that a newspaper, a player or an app sends with its events."""
_VALUE = "product.price|product.price_in_usd|event_params.rating|event_params.stars"
_MARKS = ("event_name", "event_timestamp", "user_pseudo_id")
EVENTS = TableFormat(
    "events",
    "events of Google Analytics 4 in BigQuery",
    columns=EVENT_COLUMNS,
    marks=_MARKS,
    steps=(
        LeaveOut("event_name", NO_TASTE),
        KeyValues(("event_params",)),
        Explode("items", "product"),
        Select(
            {
                "user": "user_id",
                "session": "user_pseudo_id",
                "item": _ITEM,
                "event_type": "event_name",
                "at": "event_timestamp",
                "value": _VALUE,
                "query": "event_params.search_term",
                "device": "device.category",
            }
        ),
        Require(
            ("item", "query"),
            type_column="event_type",
            reason="no product, no item_id, content_id or article_id in event_params, no words",
        ),
    ),
)
ITEMS = TableFormat(
    "items",
    "products within events of Google Analytics 4",
    columns={"id": "id", "title": "title"},
    marks=_MARKS,
    steps=(
        Explode("items", "product"),
        Select(
            {
                "id": "product.item_id",
                "title": "product.item_name",
                "brand": "product.item_brand",
                "category": "product.item_category",
                "category2": "product.item_category2",
                "category3": "product.item_category3",
                "price": "product.price",
                "variant": "product.item_variant",
            }
        ),
        Require(("id",), reason="no product in the event"),
        Levels("category", ("category", "category2", "category3")),
        MergeVariants(key="id", single=("title", "price")),
    ),
    attribute_columns=("brand", "category", "price", "variant"),
)
GA4 = FileFormat("ga4", "Google Analytics 4 (BigQuery)", (EVENTS, ITEMS))
