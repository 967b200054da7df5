"""RetailRocket: its events, its properties of items, of which each has rows, and its categories."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.join_steps import Pivot, TreePath

_PROPERTY_FILES = r"item_properties.*"
EVENTS = TableFormat(
    "events",
    "RetailRocket's events",
    columns={
        "user": "visitorid",
        "item": "itemid",
        "event_type": "event",
        "at": "timestamp",
    },
    marks=("timestamp", "visitorid", "event", "itemid", "transactionid"),
)
ITEMS = TableFormat(
    "items",
    "RetailRocket's properties of items",
    columns={"id": "itemid", "hidden": "available"},
    marks=("timestamp", "itemid", "property", "value"),
    steps=(
        Pivot(
            id="itemid",
            property="property",
            value="value",
            at="timestamp",
            columns={"category": "categoryid", "available": "available"},
            file=_PROPERTY_FILES,
        ),
        TreePath("category", r"category_tree.*", id="categoryid", parent="parentid"),
    ),
    attribute_columns=("category",),
)
CATEGORIES = TableFormat(
    None,
    "RetailRocket's tree of categories, which is read with item_properties",
    marks=("categoryid", "parentid"),
    file=r"category_tree.*",
)
RETAILROCKET = FileFormat("retailrocket", "RetailRocket", (EVENTS, ITEMS, CATEGORIES))
