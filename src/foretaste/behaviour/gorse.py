"""Gorse's users, items and feedback in, rows as ours are written out; and back.

    Item      ItemId, Categories, Labels, Comment, IsHidden, Timestamp
              → id, categories, one column a label, title, hidden, available_from
    User      UserId, Labels, Subscribe, Comment → id, one attribute a label, subscribe, comment
    Feedback  FeedbackType, UserId, ItemId, Value, Timestamp, Comment
              → event_type, user, item, value, at, text

Labels that are a list become the column `labels`; those within labels are named `outer.inner`; a
list of numbers is a vector of somebody's and is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from foretaste.behaviour.batch import EventConflict, UnrecordedEvent
from foretaste.behaviour.consent_rows import UNRECORDED
from foretaste.behaviour.reading.moments import MomentParser
from foretaste.behaviour.values import CellError
from foretaste.domain.data import Event, Item, User
from foretaste.domain.identifiers import IdentifierError, identifier

Row = dict[str, Any]
NO_TIMESTAMP = "0001-01-01T00:00:00Z"
"""How Gorse writes that there is no time."""
CATEGORIES, LABELS = "categories", "labels"
GORSE_NAMES = {"at": "Timestamp", "value": "Value", "text": "Comment"}
"""Field of an event → how Gorse calls it."""
CONFLICT_REMEDY = "the first holds; send it with PUT if it happened once more"
_parse_moment = MomentParser("at")


def item_id(value: Any) -> str | None:
    """An ItemId as text; None where there is none, also where it is no id."""
    try:
        return identifier(value, "ItemId")
    except IdentifierError:
        return None


def item_from_gorse(gorse: Mapping[str, Any]) -> Row:
    """An item, as `parse_item` reads it; a field that Gorse does not name is not there."""
    row: Row = dict(_labels(gorse.get("Labels")))
    for name, column in (
        ("ItemId", "id"),
        ("Categories", CATEGORIES),
        ("Comment", "title"),
        ("IsHidden", "hidden"),
    ):
        if gorse.get(name) is not None:
            row[column] = gorse[name]
    return row | _time(gorse, "available_from")


def user_from_gorse(gorse: Mapping[str, Any]) -> Row:
    """A user, as `parse_user` reads them."""
    row: Row = dict(_labels(gorse.get("Labels")))
    for name, column in (("UserId", "id"), ("Subscribe", "subscribe"), ("Comment", "comment")):
        if gorse.get(name):
            row[column] = gorse[name]
    return row


def event_from_gorse(gorse: Mapping[str, Any], *, keep_repeats: bool = False) -> Row:
    """A feedback, as `parse_event` reads it.

    Gorse keeps one of a type, user and item. So does its event_id; with `keep_repeats` (what Gorse
    calls overwriting) the time and the value count as well: it happened once more, and the newest
    one is used.
    """
    names = ("FeedbackType", "UserId", "ItemId", *(("Timestamp", "Value") if keep_repeats else ()))
    identity_text = "\x1f".join(str(gorse.get(name, "")) for name in names)
    identity_bytes = identity_text.encode("utf-8", "surrogatepass")  # refused when it is parsed
    row: Row = {"event_id": f"gorse-{blake2b(identity_bytes, digest_size=16).hexdigest()}"}
    for name, column in (
        ("FeedbackType", "event_type"),
        ("UserId", "user"),
        ("ItemId", "item"),
        ("Value", "value"),
        ("Comment", "text"),
    ):
        if gorse.get(name) not in (None, ""):
            row[column] = gorse[name]
    return row | _time(gorse, "at")


def conflicts_to_gorse(conflicts: Sequence[EventConflict]) -> Row:
    """Which feedback says something else than what is there of its type, user and item, as a field
    beside those of Gorse, whose clients pass over it; nothing where none does.
    """
    rows = []
    for conflict in conflicts:
        names = ", ".join(GORSE_NAMES.get(name, name) for name in conflict.fields)
        problem = f"feedback of this type, user and item is there with another {names}"
        rows.append({"Index": conflict.index, "Problem": problem, "Remedy": CONFLICT_REMEDY})
    return {"Conflicts": rows} if rows else {}


def unrecorded_to_gorse(unrecorded: Sequence[UnrecordedEvent]) -> Row:
    """Which feedback was left out, as its person does not let it be recorded."""
    rows = [{"Index": event.row_index, "Problem": UNRECORDED.problem} for event in unrecorded]
    return {"Unrecorded": rows} if rows else {}


def _time(gorse: Mapping[str, Any], column: str) -> Row:
    """A zero time, in any spelling, is a field that is not named: a patch leaves it as it is."""
    timestamp = gorse.get("Timestamp")
    try:
        return {} if _parse_moment(timestamp) is None else {column: timestamp}
    except CellError:
        return {column: timestamp}  # refused with the row


def _labels(labels: Any, outer: str = "") -> Iterator[tuple[str, Any]]:
    """(column, value or values)"""
    if isinstance(labels, Mapping):
        for name, inner in labels.items():
            yield from _labels(inner, f"{outer}.{name}" if outer else str(name))
    elif isinstance(labels, list):
        words = [label for label in labels if isinstance(label, str)]
        if words:
            yield outer or LABELS, words
    elif labels is not None and labels != "":
        yield outer or LABELS, [labels] if isinstance(labels, bool) else labels


def item_to_gorse(item: Item) -> Row:
    """An item as Gorse writes it."""
    labels = {name: list(values) for name, values in item.attributes.items() if name != CATEGORIES}
    return {
        "ItemId": item.id,
        "IsHidden": item.hidden,
        "Categories": list(item.attributes.get(CATEGORIES, ())),
        "Timestamp": format_timestamp(item.available_from),
        "Labels": _labels_to_gorse(labels, item.texts),
        "Comment": item.title,
    }


def user_to_gorse(user: User) -> Row:
    """A user as Gorse writes them."""
    own_fields = ("subscribe", "comment")
    labels = {
        name: list(values) for name, values in user.attributes.items() if name not in own_fields
    }
    return {
        "UserId": user.id,
        "Labels": _labels_to_gorse(labels, {}),
        "Subscribe": list(user.attributes.get("subscribe", ())),
        "Comment": ", ".join(user.attributes.get("comment", ())),
    }


def event_to_gorse(event: Event) -> Row:
    """An event as Gorse writes a feedback."""
    return {
        "FeedbackType": event.kind,
        "UserId": event.user or "",
        "ItemId": event.item or "",
        "Value": event.value or 0,
        "Timestamp": format_timestamp(event.at),
        "Comment": event.text or "",
    }


def _labels_to_gorse(labels: Mapping[str, list[str]], texts: Mapping[str, str]) -> Any:
    if set(labels) == {LABELS} and not texts:
        return labels[LABELS]
    return {**labels, **texts} or None


def format_timestamp(at: float | None) -> str:
    """A time as Gorse writes it; none for one that no calendar has, of a store from before there
    was a limit.
    """
    try:
        moment = None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        moment = None
    return NO_TIMESTAMP if moment is None else moment.isoformat().replace("+00:00", "Z")


def parse_timestamp(timestamp: Any) -> float | None:
    """A time of Gorse's in seconds since 1970; None where there is none or it cannot be read."""
    try:
        return _parse_moment(timestamp)
    except CellError:
        return None
