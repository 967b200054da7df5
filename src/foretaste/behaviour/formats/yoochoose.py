"""Yoochoose (RecSys Challenge 2015): clicks and buys, without names of columns."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Compute, Constant
from foretaste.behaviour.stream import Row


def _price(row: Row) -> str | None:
    """0 is a price that nobody wrote down."""
    price = str(row.get("price") or "").strip()
    return None if price in ("", "0", "0.0") else price


CLICKS = TableFormat(
    "events",
    "Yoochoose's clicks",
    columns={"session": "session", "item": "item", "at": "at", "event_type": "event_type"},
    marks=("session", "at", "item", "category"),
    file=r"yoochoose-(clicks|test).*",
    header=("session", "at", "item", "category"),
    delimiter=",",
    steps=(Constant("event_type", "click"),),
)
BUYS = TableFormat(
    "events",
    "Yoochoose's buys",
    columns={**CLICKS.columns, "value": "price"},
    marks=("session", "at", "item", "price", "quantity"),
    file=r"yoochoose-buys.*",
    header=("session", "at", "item", "price", "quantity"),
    delimiter=",",
    steps=(Compute("price", _price), Constant("event_type", "purchase")),
)
YOOCHOOSE = FileFormat("yoochoose", "Yoochoose", (CLICKS, BUYS))
