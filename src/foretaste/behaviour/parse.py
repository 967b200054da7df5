"""In: one row, of a file or of a JSON body. Out: an Event, an Item or a User, or a Reject.

There is no other way in: what a file may hold and what the service may be sent is decided here.
"""

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Literal

from foretaste.behaviour.attributes import Role, role_of, valued
from foretaste.behaviour.columns import resolved
from foretaste.behaviour.settings import EVENT_FIELDS, ITEM_FIELDS, BehaviourSettings, spelled
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import (
    Fault,
    day,
    flag,
    identifier,
    mapping,
    moment,
    number,
    shown,
    storable,
    whole,
    words,
)
from foretaste.domain.data import IDENTIFY, Event, Item, Reject, User
from foretaste.errors import did_you_mean

"""Column → raw value. The key None is never there: it stands for a field without a column."""

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class EventForm:
    """How the rows of one source are read as events."""

    columns: Mapping[str, str | None]
    """Every field → its column, None where there is none."""
    kinds: Mapping[str, float]
    default_kind: str = "view"
    missing_at: Literal["now", "row", "reject"] = "reject"
    """What an event without a time means: it happened now (the service); the file is in order, so
    the row number is the time; or a mistake."""
    rating_range: tuple[float, float] | None = None
    itemless: frozenset[str] = frozenset({"search", IDENTIFY})
    """Kinds that may go without an item."""
    closed: bool = False
    """Whether a name that is not a field is a mistake (the service) or left alone (a file)."""
    spellings: dict[str, str] = field(default_factory=dict)
    """Kinds as they were written → as we write them: a memory, filled as rows are read."""


def event_form(columns: Iterable[str], settings: BehaviourSettings) -> EventForm:
    """The form for a file with these columns."""
    found = resolved("events", columns, settings.columns.events)
    rated = "value" in found and "kind" not in found
    return EventForm(
        columns={name: found.get(name) for name in EVENT_FIELDS},
        kinds=settings.weights(),
        default_kind="rating" if rated else spelled(settings.default_kind),
        missing_at="reject" if "at" in found else "row",
        rating_range=settings.rating_range,
    )


def service_form(settings: BehaviourSettings) -> EventForm:
    """The form for JSON bodies: our own names and no others, and an event without a time is now."""
    return EventForm(
        columns={name: name for name in EVENT_FIELDS},
        kinds=settings.weights(),
        default_kind=spelled(settings.default_kind),
        missing_at="now",
        rating_range=settings.rating_range,
        closed=True,
    )


def grown(form: EventForm, columns: Iterable[str], settings: BehaviourSettings) -> EventForm:
    """The form with columns that appear only further down in a JSON file."""
    kept = {name: column for name, column in form.columns.items() if column is not None}
    found = resolved("events", columns, settings.columns.events, kept)
    return replace(form, columns={name: found.get(name) for name in EVENT_FIELDS})


def parse_event(row: Row, form: EventForm, *, file: str, line: int, now: float) -> Event | Reject:
    """One event. `now` is the present, in seconds since 1970: a day past it is the last time taken.

    An event without an id gets a hash of its content, so that the same row read again is the same
    event.
    """
    try:
        return _event(row, form, line, now)
    except Fault as fault:
        column = form.columns.get(fault.field) or fault.field
        return rejected(fault, row, file=file, line=line, column=column)


def rejected(fault: Fault, row: Row, *, file: str, line: int, column: str) -> Reject:
    """What a fault is when it is known where it happened."""
    value = "" if fault.value is None else shown(fault.value)
    return Reject(file, line, column, value, fault.problem, fault.remedy, row)


def _event(row: Row, form: EventForm, line: int, now: float) -> Event:
    if form.closed:
        _only_fields(row, EVENT_FIELDS)
    columns, get = form.columns, row.get
    user = identifier(get(columns["user"]), "user")
    session = identifier(get(columns["session"]), "session")
    item = identifier(get(columns["item"]), "item")
    text = words(get(columns["text"]), "text")
    query = words(get(columns["query"]), "query")
    kind = _kind(get(columns["kind"]), form, search=item is None and query is not None)
    if kind == "search" and query is None:
        query, text = text, None  # a file with one column of text has the words of a search there
    value = number(get(columns["value"]), "value")
    at = _at(get(columns["at"]), form, line, now)
    device = recommendation_id = position = None
    if columns["recommendation_id"]:
        recommendation_id = identifier(get(columns["recommendation_id"]), "recommendation_id")
    whole_list = kind == "impression" and recommendation_id is not None
    if kind == IDENTIFY and (user is None or session is None):
        raise Fault(
            "user" if user is None else "session",
            None,
            "an identify needs both a user and a session",
            "say who was identified on which session",
        )
    _complete(form, user or session, item, kind, query, whole_list=whole_list)
    if kind == "rating":
        _rating(value, form)
    context: dict[str, Any] = {}
    if columns["device"]:
        device = words(get(columns["device"]), "device")
    if columns["context"]:
        context = mapping(get(columns["context"]), "context")
    if columns["position"]:
        position = whole(get(columns["position"]), "position")
    event_id = None
    if columns["event_id"]:
        event_id = identifier(get(columns["event_id"]), "event_id")
    if event_id is None:
        told = json.dumps(context, sort_keys=True, default=str) if context else ""
        event_id = _hash(
            (user, session, item, kind, at, value, text, query),
            (device, told, recommendation_id, position),
        )
    return Event(
        event_id,
        kind,
        at,
        user,
        session,
        item,
        value,
        text,
        query,
        device,
        context,
        recommendation_id,
        position,
    )


def _hash(*content: tuple[Any, ...]) -> str:
    # ascii() and not repr(): what repr() escapes depends on the Unicode tables of this Python
    return blake2b(ascii(content).encode("ascii"), digest_size=16).hexdigest()


def _only_fields(row: Row, fields: tuple[str, ...]) -> None:
    for name in row:
        if name not in fields:
            raise Fault(
                name, row[name], f"unknown field '{shown(name)}'", did_you_mean(name, fields)
            )


def _kind(raw: Any, form: EventForm, *, search: bool) -> str:
    kind = form.spellings.get(raw) if raw.__class__ is str else None
    if kind is not None:
        return kind
    word = words(raw, "kind")
    if word is None:
        return "search" if search else form.default_kind
    kind = spelled(word)
    if kind not in form.kinds:
        raise Fault(
            "kind",
            raw,
            f"unknown kind '{shown(word)}'",
            f"{did_you_mean(kind, form.kinds)} (a kind of your own is named with a weight under "
            "[behaviour.kinds])",
        )
    if raw.__class__ is str:
        form.spellings[raw] = kind
    return kind


def _at(raw: Any, form: EventForm, line: int, now: float) -> float:
    if form.missing_at == "row":
        return float(line)
    at = moment(raw, "at")
    if at is None:
        if form.missing_at == "now":
            return now
        raise Fault("at", raw, "no time", "fill in the time, or leave the column out for all rows")
    if not 0 <= at <= now + DAY:
        raise Fault(
            "at",
            raw,
            f"time out of range: '{shown(raw)}' is {day(at)} UTC",
            f"expected between 1970-01-01 and {day(now + DAY)}, a day from now",
        )
    return at


def _complete(
    form: EventForm,
    who: str | None,
    item: str | None,
    kind: str,
    query: str | None,
    *,
    whole_list: bool,
) -> None:
    if who is None:
        raise Fault("user", None, "no user and no session", "say whose event it is")
    if kind == "search" and query is None:
        raise Fault("query", None, "a search without words", "fill in the query")
    if item is None and kind not in form.itemless and not whole_list:
        remedy = "fill in the item; only a search has none"
        if kind == "impression":
            remedy = "fill in the item, or the recommendation_id of the list that was seen"
        raise Fault("item", None, f"a{'n' * (kind[0] in 'aeiou')} {kind} without an item", remedy)


def _rating(value: float | None, form: EventForm) -> None:
    if value is None:
        raise Fault("value", None, "a rating without a value", "fill in the value")
    if form.rating_range is not None:
        low, high = form.rating_range
        if not low <= value <= high:
            raise Fault(
                "value",
                value,
                f"rating {value:g} is out of range",
                f"expected {low:g} to {high:g}, as behaviour.rating_range says",
            )


def unknown_item(event: Event, known: Container[str], *, file: str, line: int) -> Reject | None:
    """The reject for an event whose item is not in the catalogue; None if all is well."""
    if event.item is None or event.item in known:
        return None
    short = event.item.removesuffix(".0")
    hint = f"is it '{short}', which is there? Otherwise " if short in known else ""
    return Reject(
        file,
        line,
        "item",
        event.item,
        f"unknown item '{shown(event.item)}'",
        f'{hint}import the item first (--items), or set behaviour.unknown_items = "create"',
    )


@dataclass(frozen=True, slots=True)
class ItemForm:
    """How the rows of one source are read as items or users."""

    columns: Mapping[str, str | None]
    """Every field → its column, None where there is none."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Every other column → what it is; a column that is not here is judged by each value."""
    separator: str = "|"


def service_item_form(
    settings: BehaviourSettings, remembered: Mapping[str, tuple[Role, int]]
) -> ItemForm:
    """The form for JSON bodies; `remembered` is what imported files have taught of the columns."""
    named: dict[str, Role] = dict.fromkeys(settings.attribute_columns, "attribute")
    named |= dict.fromkeys(settings.text_columns, "text")
    columns: dict[str, str | None] = {name: name for name in ITEM_FIELDS}
    roles = {column: role for column, (role, _) in remembered.items()}
    return ItemForm(columns, {**roles, **named}, settings.attribute_separator)


def parse_item(row: Row, form: ItemForm, *, file: str, line: int) -> Item | Reject:
    """One item. Columns that are no field become texts or attributes, as the form's roles say."""
    try:
        return _item(row, form)
    except Fault as fault:
        column = form.columns.get(fault.field) or fault.field
        return rejected(fault, row, file=file, line=line, column=column)


def _item(row: Row, form: ItemForm) -> Item:
    get, columns = row.get, form.columns
    item_id = identifier(get(columns["id"]), "id")
    if item_id is None:
        raise Fault("id", None, "an item without an id", "fill in the id")
    start = moment(get(columns["available_from"]), "available_from")
    end = moment(get(columns["available_until"]), "available_until")
    if start is not None and end is not None and end <= start:
        raise Fault(
            "available_until",
            get(columns["available_until"]),
            f"available until {day(end)}, which is not after {day(start)}, where it starts",
            "swap the two times or leave one empty",
        )
    texts, attributes = _features(row, form)
    return Item(
        id=item_id,
        title=words(get(columns["title"]), "title") or "",
        texts=texts,
        attributes=attributes,
        image=words(get(columns["image"]), "image"),
        audio=words(get(columns["audio"]), "audio"),
        available_from=start,
        available_until=end,
        hidden=flag(get(columns["hidden"]), "hidden"),
    )


def _features(row: Row, form: ItemForm) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    texts: dict[str, str] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    taken = set(form.columns.values())
    for column, value in row.items():
        if column in taken:
            continue
        role = form.roles.get(column) or role_of(column, value, form.separator)
        if role == "text":
            text = words(value, column)
            if text:
                texts[column] = text
        elif role != "skip":
            storable(column, column)
            found = valued(column, value, role, form.separator)
            attributes |= {name: values for name, values in found.items() if values}
    return texts, attributes


def parse_user(row: Row, form: ItemForm, *, file: str, line: int) -> User | Reject:
    """One user: the id, and every column that is an attribute."""
    try:
        user_id = identifier(row.get(form.columns["id"]), "id")
        if user_id is None:
            raise Fault("id", None, "a user without an id", "fill in the id")
        return User(user_id, _features(row, form)[1])
    except Fault as fault:
        column = form.columns.get(fault.field) or fault.field
        return rejected(fault, row, file=file, line=line, column=column)
