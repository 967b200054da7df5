"""OpenSearch User Behavior Insights (UBI): its indices of queries and of events."""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Compute,
    Constant,
    LeaveOut,
    Require,
    Select,
    value_at,
)
from foretaste.behaviour.settings import normalise_event_type
from foretaste.behaviour.stream import Row

NO_TASTE = frozenset(
    (
        *("on_search", "search", "item_hover", "product_hover", "scroll", "page_exit", "logout"),
        *("type_filter", "brand_filter", "product_sort", "global_click", "button_click"),
        *("remove_from_cart", "clear_cart", "view_cart", "new_visitor_session", "window_exit"),
    )
)


def _event_type(row: Row) -> Any:
    action = value_at(row, "action_name|_source.action_name")
    return None if action is None else normalise_event_type(str(action))


_OBJECT = "event_attributes.object"
_WHO = {
    "user": "user_id|_source.user_id|event_attributes.user_id",
    "session": "client_id|_source.client_id|session_id|_source.session_id",
    "at": "timestamp|_source.timestamp",
}
QUERIES = TableFormat(
    "events",
    "queries of OpenSearch UBI",
    columns={name: name for name in ("user", "session", "query", "event_type", "at", "event_id")},
    marks=("query_id", "user_query", "client_id"),
    steps=(
        Select(
            {
                **_WHO,
                "query": "user_query|_source.user_query",
                "event_id": "query_id|_source.query_id",
            }
        ),
        Require(("query",), reason="no words"),
        Constant("event_type", "search"),
    ),
)
EVENTS = TableFormat(
    "events",
    "events of OpenSearch UBI",
    columns={name: name for name in ("user", "session", "item", "event_type", "at")},
    marks=("action_name", "client_id", "query_id", "event_attributes"),
    steps=(
        Compute("event_type", _event_type),
        LeaveOut("event_type", NO_TASTE),
        Select(
            {
                **_WHO,
                "item": f"{_OBJECT}.object_id|{_OBJECT}.internal_id|object_id",
                "event_type": "event_type",
            }
        ),
        Require(("item",), type_column="event_type"),
    ),
    event_type_names={
        "click_through": "click",
        "item_click": "click",
        "product_purchase": "purchase",
        "watch": "view",
        "guess": "click",
    },
)
UBI = FileFormat("opensearch-ubi", "OpenSearch UBI", (QUERIES, EVENTS))
