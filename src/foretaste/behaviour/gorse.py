"""Gorse's users, items and feedback in, rows as ours are written out; and back.

    Item      ItemId, Categories, Labels, Comment, IsHidden, Timestamp
              → id, categories, one column a label, title, hidden, available_from
    User      UserId, Labels, Subscribe, Comment → id, one attribute a label, subscribe, comment
    Feedback  FeedbackType, UserId, ItemId, Value, Timestamp, Comment
              → kind, user, item, value, at, text

Labels that are a list become the column `labels`; those within labels are named `outer.inner`; a
list of numbers is a vector of somebody's and is left out.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from foretaste.behaviour.values import Fault, moment
from foretaste.domain.data import Event, Item, User

Row = dict[str, Any]
UNSET = "0001-01-01T00:00:00Z"
"""How Gorse writes that there is no time."""
CATEGORIES, LABELS = "categories", "labels"


def item_row(gorse: Mapping[str, Any]) -> Row:
    """An item, as `parse_item` reads it; a field that Gorse does not name is not there."""
    row: Row = dict(_labels(gorse.get("Labels")))
    for name, ours in (
        ("ItemId", "id"),
        ("Categories", CATEGORIES),
        ("Comment", "title"),
        ("IsHidden", "hidden"),
    ):
        if gorse.get(name) is not None:
            row[ours] = gorse[name]
    return row | _time(gorse, "available_from")


def user_row(gorse: Mapping[str, Any]) -> Row:
    """A user, as `parse_user` reads them."""
    row: Row = dict(_labels(gorse.get("Labels")))
    for name, ours in (("UserId", "id"), ("Subscribe", "subscribe"), ("Comment", "comment")):
        if gorse.get(name):
            row[ours] = gorse[name]
    return row


def event_row(gorse: Mapping[str, Any], *, again: bool = False) -> Row:
    """A feedback, as `parse_event` reads it.

    Gorse keeps one of a type, user and item. So has its event_id; with `again` (what Gorse calls
    overwriting) also of its time and value: it happened once more, and the newest is told.
    """
    names = ("FeedbackType", "UserId", "ItemId", *(("Timestamp", "Value") if again else ()))
    told = "\x1f".join(str(gorse.get(name, "")) for name in names)
    row: Row = {"event_id": f"gorse-{blake2b(told.encode(), digest_size=16).hexdigest()}"}
    for name, ours in (
        ("FeedbackType", "kind"),
        ("UserId", "user"),
        ("ItemId", "item"),
        ("Value", "value"),
        ("Comment", "text"),
    ):
        if gorse.get(name) not in (None, ""):
            row[ours] = gorse[name]
    return row | _time(gorse, "at")


def _time(gorse: Mapping[str, Any], ours: str) -> Row:
    told = gorse.get("Timestamp")
    return {} if not told or told == UNSET else {ours: told}


def _labels(labels: Any, outer: str = "") -> Iterator[tuple[str, Any]]:
    """(column, value or values)"""
    if isinstance(labels, Mapping):
        for name, inner in labels.items():
            yield from _labels(inner, f"{outer}.{name}" if outer else str(name))
    elif isinstance(labels, list):
        words = [one for one in labels if isinstance(one, str)]
        if words:
            yield outer or LABELS, words
    elif labels is not None and labels != "":
        yield outer or LABELS, [labels] if isinstance(labels, bool) else labels


def as_item(item: Item) -> Row:
    """An item as Gorse writes it."""
    kept = {name: list(values) for name, values in item.attributes.items() if name != CATEGORIES}
    return {
        "ItemId": item.id,
        "IsHidden": item.hidden,
        "Categories": list(item.attributes.get(CATEGORIES, ())),
        "Timestamp": written(item.available_from),
        "Labels": _as_labels(kept, item.texts),
        "Comment": item.title,
    }


def as_user(user: User) -> Row:
    """A user as Gorse writes them."""
    own = ("subscribe", "comment")
    kept = {name: list(values) for name, values in user.attributes.items() if name not in own}
    return {
        "UserId": user.id,
        "Labels": _as_labels(kept, {}),
        "Subscribe": list(user.attributes.get("subscribe", ())),
        "Comment": ", ".join(user.attributes.get("comment", ())),
    }


def as_feedback(event: Event) -> Row:
    """An event as Gorse writes a feedback."""
    return {
        "FeedbackType": event.kind,
        "UserId": event.user or "",
        "ItemId": event.item or "",
        "Value": event.value or 0,
        "Timestamp": written(event.at),
        "Comment": event.text or "",
    }


def _as_labels(kept: Mapping[str, list[str]], texts: Mapping[str, str]) -> Any:
    if set(kept) == {LABELS} and not texts:
        return kept[LABELS]
    return {**kept, **texts} or None


def written(at: float | None) -> str:
    """A time as Gorse writes it."""
    if at is None:
        return UNSET
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def seconds(told: Any) -> float | None:
    """A time of Gorse's in seconds since 1970; None where there is none or it cannot be read."""
    try:
        return None if told == UNSET else moment(told, "Timestamp")
    except Fault:
        return None
