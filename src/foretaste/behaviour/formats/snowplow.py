"""Snowplow: enriched events as JSON of its SDKs or as rows of a warehouse's table."""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Compute,
    Explode,
    LeaveOut,
    Require,
    Select,
    value_at,
)
from foretaste.behaviour.settings import normalise_event_type
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing

_ECOMMERCE = "com_snowplowanalytics_snowplow_ecommerce"
_ACTION = f"unstruct_event_{_ECOMMERCE}_snowplow_ecommerce_action_1"
_PRODUCT = f"contexts_{_ECOMMERCE}_product_1"
_SEARCH = "unstruct_event_com_snowplowanalytics_snowplow_site_search_1.terms"
NO_TASTE = frozenset(
    (
        *("remove_from_cart", "checkout_step", "refund", "trns_error", "promo_view"),
        *("promo_click", "page_ping", "link_click_none"),
    )
)


def _event_type(row: Row) -> Any:
    """The action of its e-commerce events, the action of a structured event, or the event."""
    action = value_at(row, f"{_ACTION}.type|se_action|event_name|event")
    return None if action is None else normalise_event_type(str(action))


def _query(row: Row) -> Any:
    terms = value_at(row, _SEARCH)
    if isinstance(terms, list):
        return " ".join(map(str, terms))
    is_search = row.get("event_type") in ("site_search", "search")
    return value_at(row, "se_label|se_property") if is_search and terms is None else terms


def _event_id(row: Row) -> Any:
    event_id, item = row.get("event_id"), row.get("item")
    return event_id if is_missing(event_id) or is_missing(item) else f"{event_id}:{item}"


EVENTS = TableFormat(
    "events",
    "events of Snowplow",
    columns={
        name: name
        for name in ("user", "session", "item", "event_type", "at", "value", "query", "event_id")
    },
    marks=("app_id", "collector_tstamp", "event_id", "domain_userid|domain_sessionid"),
    steps=(
        Compute("event_type", _event_type),
        LeaveOut("event_type", NO_TASTE),
        Compute("query", _query),
        Explode(_PRODUCT, "product"),
        Select(
            {
                "user": "user_id",
                "session": "domain_userid|network_userid|domain_sessionid",
                "item": "product.id|ti_sku|se_label",
                "event_type": "event_type",
                "at": "derived_tstamp|collector_tstamp",
                "value": "product.price|ti_price|se_value",
                "query": "query",
                "event_id": "event_id",
                "title": "product.name|ti_name",
                "brand": "product.brand",
                "category": "product.category|ti_category",
            }
        ),
        Compute("event_id", _event_id),
        Require(("item", "query"), type_column="event_type"),
    ),
    event_type_names={
        "list_click": "click",
        "list_view": "impression",
        "transaction_item": "purchase",
        "site_search": "search",
        "product_view": "view",
    },
)
SNOWPLOW = FileFormat("snowplow", "Snowplow", (EVENTS,))
