"""RecBole's atomic files: .inter, .item and .user, with the types of their columns."""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Compute, Explode, Rename
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing


def _event_type(row: Row) -> Any:
    """A label says whether an item was liked."""
    if not is_missing(row.get("event_type")):
        return row["event_type"]
    if is_missing(row.get("label")):
        return "view" if is_missing(row.get("rating")) else "rating"
    return "like" if str(row["label"]) in ("1", "1.0", "True", "true") else "impression"


def _sequence(row: Row) -> list[Any]:
    """The items of a session in their order; the last is in a column of its own."""
    earlier = row.get("item_id_list")
    items = earlier if isinstance(earlier, list) else str(earlier or "").split()
    return [*items, row.get("item_id")]


_COLUMNS = {
    **{"user": "user_id", "session": "session_id", "at": "timestamp", "value": "rating"},
    "event_type": "event_type",
}
SESSIONS = TableFormat(
    "events",
    "sessions in RecBole's atomic files",
    columns={**_COLUMNS, "item": "item"},
    marks=("item_id_list", "item_id", "session_id|user_id"),
    steps=(
        Compute("sequence", _sequence),
        Explode("sequence", "item"),
        Compute("event_type", _event_type),
    ),
)
INTERACTIONS = TableFormat(
    "events",
    "interactions in RecBole's atomic files",
    columns={**_COLUMNS, "item": "item_id"},
    marks=("user_id|session_id", "item_id"),
    file=r".*\.inter",
    steps=(Rename({"user_id": "uid"}), Compute("event_type", _event_type)),
)
ITEMS = TableFormat(
    "items",
    "items in RecBole's atomic files",
    columns={"id": "item_id", "title": "title|movie_title|name|item_name|artist_name|book_title"},
    marks=("item_id",),
    file=r".*\.item",
)
USERS = TableFormat(
    "users",
    "users in RecBole's atomic files",
    columns={"id": "user_id"},
    marks=("user_id",),
    file=r".*\.user",
)
KNOWLEDGE = TableFormat(
    None,
    "a graph or a net in RecBole's atomic files, which is not read",
    file=r".*\.(kg|link|net)",
)
RECBOLE = FileFormat("recbole", "RecBole", (SESSIONS, INTERACTIONS, ITEMS, USERS, KNOWLEDGE))
