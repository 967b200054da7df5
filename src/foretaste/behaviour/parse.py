"""In: one row, of a file or of a JSON body. Out: an Event, an Item or a User, or a Reject.

There is no other way in: what a file may hold and what the service may be sent is decided here.
"""

import json
from collections.abc import Container
from hashlib import blake2b
from typing import Any

from foretaste.behaviour.attributes import attribute_values, check_whole_length
from foretaste.behaviour.availability import (
    OFFER_ROLES,
    end_of_offer,
    is_hidden,
    start_of_offer,
)
from foretaste.behaviour.column_roles import role_of_value
from foretaste.behaviour.event_type_names import known_event_type
from foretaste.behaviour.forms import EventForm, EventParsers, ItemForm
from foretaste.behaviour.media_fields import media_fields
from foretaste.behaviour.opinion_columns import opinion_word
from foretaste.behaviour.reading.cleaning import clean_line
from foretaste.behaviour.reading.ids import ZERO, nobody_problem
from foretaste.behaviour.reading.texts import parse_clean_text
from foretaste.behaviour.settings import EVENT_FIELDS, normalise_event_type
from foretaste.behaviour.stream import Row
from foretaste.behaviour.totals import check_no_total
from foretaste.behaviour.values import (
    CellError,
    check_length,
    check_storable,
    display_text,
    format_time,
    is_missing,
    parse_json_object,
    parse_positive_integer,
    parse_text,
)
from foretaste.domain.data import IDENTIFY_EVENT, Event, Item, RejectedRow, User
from foretaste.domain.impressions import IMPRESSION_EVENT
from foretaste.domain.order_charges import charge_mark
from foretaste.domain.stock import STOCK_COLUMN, stock_of_columns
from foretaste.domain.text_limits import MAX_EVENT_VALUE, MAX_ITEM_LENGTH
from foretaste.errors import did_you_mean

PURCHASE_TYPES = frozenset(("purchase", "add_to_cart"))
"""Whose value is a price."""
SECONDS_PER_DAY = 86_400.0
OLD_EVENT_TYPE_FIELD = "kind"
"""What JSON bodies called `event_type`; read for one release."""


def parse_event(
    row: Row, form: EventForm, *, file: str, line: int, now: float
) -> Event | RejectedRow:
    """One event. `now` is the present, in seconds since 1970: a day past it is the last time taken.

    An event without an id gets a hash of its content, so that the same row read again is the same
    event.
    """
    try:
        return _event(row, form, line, now)
    except CellError as fault:
        column = form.columns.get(fault.field) or fault.field
        return make_reject(fault, row, file=file, line=line, column=column)


def make_reject(error: CellError, row: Row, *, file: str, line: int, column: str) -> RejectedRow:
    """What a fault is when it is known where it happened."""
    value = "" if error.value is None else display_text(error.value)
    return RejectedRow(file, line, column, value, error.problem, error.remedy, row)


def _event(row: Row, form: EventForm, line: int, now: float) -> Event:
    columns, get, parsers = form.columns, row.get, form.parsers
    type_field = _event_type_field(row) if form.reject_unknown_fields else "event_type"
    user, session = _who(get(columns["user"]), get(columns["session"]), parsers)
    item = parsers.item(get(columns["item"]))
    text = query = None
    if columns["text"]:
        text = parse_clean_text(get(columns["text"]), "text")
    if columns["query"]:
        query = parse_clean_text(get(columns["query"]), "query", clean_line)
    raw_type = get(columns.get(type_field, type_field))
    is_search = item is None and query is not None
    event_type = _event_type(raw_type, form, type_field, is_search=is_search)
    if event_type == "search" and query is None:
        query, text = text, None  # a file with one column of text has the words of a search there
    value = _bounded_value(parsers.value(get(columns["value"])))
    at = _event_time(get(columns["at"]), form, line, now)
    device = recommendation_id = position = None
    if columns["recommendation_id"]:
        recommendation_id = parsers.recommendation_id(get(columns["recommendation_id"]))
    whole_list = event_type == IMPRESSION_EVENT and recommendation_id is not None
    if event_type == IDENTIFY_EVENT:
        _check_identify(user, session)
    _check_complete(form, user or session, item, event_type, query, whole_list=whole_list)
    event_type = _checked_type(event_type, value, text, form)
    context: dict[str, Any] = {}
    if columns["device"]:
        device = parse_text(get(columns["device"]), "device")
    if columns["context"]:
        context = parse_json_object(get(columns["context"]), "context")
    if columns["position"]:
        position = parse_positive_integer(get(columns["position"]), "position")
    event_id = None
    if columns["event_id"]:
        event_id = parsers.event_id(get(columns["event_id"]))
    if event_id is None:
        context_text = json.dumps(context, sort_keys=True, default=str) if context else ""
        event_id = content_id(
            (user, session, item, event_type, at, value, text, query),
            (device, context_text, recommendation_id, position),
        )
    return Event(
        event_id,
        event_type,
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


def _bounded_value(value: float | None) -> float | None:
    if value is not None and abs(value) > MAX_EVENT_VALUE:
        raise CellError(
            "value",
            value,
            f"value {value:g} is too large",
            f"write stars, a price or seconds, from {-MAX_EVENT_VALUE:g} to {MAX_EVENT_VALUE:g}",
        )
    return value


def _who(user_cell: Any, session_cell: Any, parsers: EventParsers) -> tuple[str | None, str | None]:
    """(user, session): a user that means nobody is none, and then the session is the person."""
    user = parsers.user(user_cell)
    session = None if session_cell is None else parsers.session(session_cell)
    if user == ZERO and session is not None and parsers.zero_is_nobody():
        parsers.user.null_counts[ZERO] += 1
        user = None
    if user is None and session is None:
        for field, cell in (("user", user_cell), ("session", session_cell)):
            if not is_missing(cell):
                raise nobody_problem(field, display_text(cell))
    return user, session


def content_id(*content: tuple[Any, ...]) -> str:
    """The id of an event that has none of its own: the same for the same content."""
    # ascii() and not repr(): what repr() escapes depends on the Unicode tables of this Python
    return blake2b(ascii(content).encode("ascii"), digest_size=16).hexdigest()


def _check_fields(row: Row, fields: tuple[str, ...], old_names: tuple[str, ...] = ()) -> None:
    for name in row:
        if name not in fields and name not in old_names:
            raise CellError(
                name, row[name], f"unknown field '{display_text(name)}'", did_you_mean(name, fields)
            )


def _event_type_field(row: Row) -> str:
    """The field of a JSON body that has the event type, by the present name or the old one."""
    _check_fields(row, EVENT_FIELDS, old_names=(OLD_EVENT_TYPE_FIELD,))
    event_type, by_old_name = row.get("event_type"), row.get(OLD_EVENT_TYPE_FIELD)
    if by_old_name is None:
        return "event_type"
    if event_type not in (None, by_old_name):
        problem = f"'{OLD_EVENT_TYPE_FIELD}' is the old name of 'event_type', and the two differ"
        raise CellError(OLD_EVENT_TYPE_FIELD, by_old_name, problem, "send event_type alone")
    return OLD_EVENT_TYPE_FIELD


def _event_type(raw: Any, form: EventForm, type_field: str, *, is_search: bool) -> str:
    event_type = form.event_type_spellings.get(raw) if raw.__class__ is str else None
    if event_type is not None:
        return event_type
    opinion = form.opinions.get(opinion_word(raw)) if form.opinions else None
    if opinion is not None:
        return opinion or form.default_event_type
    word = parse_text(raw, type_field)
    if word is None:
        return "search" if is_search else form.default_event_type
    written = normalise_event_type(word)
    event_type = known_event_type(written, form.event_weights, form.event_type_names)
    if event_type is None:
        raise CellError(
            type_field,
            raw,
            f"unknown event type '{display_text(word)}'",
            f"{did_you_mean(written, form.event_weights)} (an event type of your own is named "
            "with a weight under [behaviour.event_weights], another name of a known one under "
            "[behaviour.event_type_names])",
        )
    if raw.__class__ is str:
        form.event_type_spellings[raw] = event_type
    return event_type


def _event_time(raw: Any, form: EventForm, line: int, now: float) -> float:
    if form.missing_time == "row":
        return float(line)
    at = form.parsers.at(raw)
    if at is None:
        if form.missing_time == "now":
            return now
        raise CellError(
            "at", raw, "no time", "fill in the time, or leave the column out for all rows"
        )
    if not 0 <= at <= now + SECONDS_PER_DAY:
        raise CellError(
            "at",
            raw,
            f"time out of range: '{display_text(raw)}' is {format_time(at)} UTC",
            f"expected between 1970-01-01 and {format_time(now + SECONDS_PER_DAY)}, a day from now",
        )
    return at


def _check_identify(user: str | None, session: str | None) -> None:
    if user is None or session is None:
        raise CellError(
            "user" if user is None else "session",
            None,
            "an identify needs both a user and a session",
            "say who was identified on which session",
        )


def _check_complete(
    form: EventForm,
    user_or_session: str | None,
    item: str | None,
    event_type: str,
    query: str | None,
    *,
    whole_list: bool,
) -> None:
    if user_or_session is None:
        raise CellError("user", None, "no user and no session", "say whose event it is")
    if event_type == "search" and query is None:
        raise CellError("query", None, "a search without words", "fill in the query")
    if item is None and event_type not in form.itemless_event_types and not whole_list:
        remedy = "fill in the item; only a search has none"
        if event_type == IMPRESSION_EVENT:
            remedy = "fill in the item, or the recommendation_id of the list that was seen"
        raise CellError(
            "item",
            None,
            f"a{'n' * (event_type[0] in 'aeiou')} {event_type} without an item",
            remedy,
        )


def _checked_type(event_type: str, value: float | None, text: str | None, form: EventForm) -> str:
    """The event type that goes with the value and the text."""
    if event_type == "rating":
        if value is None and form.unrated_event_type is not None:
            return form.unrated_event_type if text is None else "review"
        _check_rating(value, form)
    elif event_type in PURCHASE_TYPES and value is not None and value < 0:
        raise CellError(
            "value",
            value,
            f"{event_type} with the price {value:g}, which is below 0",
            "leave refunds out: they are no purchases",
        )
    return event_type


def _check_rating(value: float | None, form: EventForm) -> None:
    if value is None:
        raise CellError("value", None, "a rating without a value", "fill in the value")
    if form.rating_range is not None:
        low, high = form.rating_range
        if not low <= value <= high:
            raise CellError(
                "value",
                value,
                f"rating {value:g} is out of range",
                f"expected {low:g} to {high:g}, as behaviour.rating_range says",
            )


def unknown_item_reject(
    event: Event, known_items: Container[str], *, file: str, line: int
) -> RejectedRow | None:
    """The reject for an event whose item is not in the catalogue; None if all is well."""
    if event.item is None or event.item in known_items:
        return None
    short = event.item.removesuffix(".0")
    hint = f"is it '{short}', which is there? Otherwise " if short in known_items else ""
    return RejectedRow(
        file,
        line,
        "item",
        event.item,
        f"unknown item '{display_text(event.item)}'",
        f'{hint}import the item first (--items), or set behaviour.unknown_items = "create"',
    )


def parse_item(row: Row, form: ItemForm, *, file: str, line: int) -> Item | RejectedRow:
    """One item. Columns that are no field become texts or attributes, as the form's roles say."""
    try:
        return _item(row, form)
    except CellError as fault:
        column = form.columns.get(fault.field) or fault.field
        return make_reject(fault, row, file=file, line=line, column=column)


def _item(row: Row, form: ItemForm) -> Item:
    get, columns = row.get, form.columns
    item_id = form.id(get(columns["id"]))
    if item_id is None:
        raise CellError("id", None, "an item without an id", "fill in the id")
    if columns["title"] is not None and is_missing(get(columns["title"])):
        check_no_total(item_id)
    start = start_of_offer(row, form)
    end = end_of_offer(row, form)
    if start is not None and end is not None and end <= start:
        raise CellError(
            "available_until",
            get(columns["available_until"]),
            f"available until {format_time(end)}, which is not after {format_time(start)}, where "
            "it starts",
            "swap the two times or leave one empty",
        )
    texts, attributes = _features(row, form)
    title = parse_clean_text(get(columns["title"]), "title", clean_line) or ""
    return Item(
        id=item_id,
        title=title,
        texts=texts,
        attributes={**attributes, **charge_mark(item_id, title, form.charges)},
        available_from=start,
        available_until=end,
        hidden=is_hidden(row, form),
        **media_fields(row, form),
    )


def _features(row: Row, form: ItemForm) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The descriptions and the attributes, all together no longer than `MAX_ITEM_LENGTH`."""
    texts: dict[str, str] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    field_columns = set(form.columns.values())
    for column, value in row.items():
        if column in field_columns:
            continue
        role = form.roles.get(column) or role_of_value(column, value, form.separator)
        if role == "text":
            text = parse_clean_text(value, column, max_length=MAX_ITEM_LENGTH)
            if text:
                texts[column] = text
        elif role not in ("skip", "vector", *OFFER_ROLES):
            check_storable(check_length(column, "the name of a column"), column)
            parser = None
            if role == "price":
                parser = form.prices.get(column) or form.new_price(column)
            separator = form.separators.get(column, form.separator)
            levels = form.levels.get(column)
            name = STOCK_COLUMN if role == "stock" else column
            if column in form.measures:
                value = form.measures[column].read(value)
            new_attributes = attribute_values(name, value, role, separator, parser, levels=levels)
            new_attributes = {own: values for own, values in new_attributes.items() if values}
            if STOCK_COLUMN in attributes and STOCK_COLUMN in new_attributes:
                (own,), (other,) = attributes[STOCK_COLUMN][:1], new_attributes[STOCK_COLUMN][:1]
                new_attributes = {STOCK_COLUMN: (stock_of_columns(own, other),)}
            attributes |= new_attributes
    attributes |= form.group_of(row)
    check_whole_length(texts, attributes)
    return texts, attributes


def parse_user(row: Row, form: ItemForm, *, file: str, line: int) -> User | RejectedRow:
    """One user: the id, and every column that is an attribute."""
    try:
        user_id = form.id(row.get(form.columns["id"]))
        if user_id is None:
            raise CellError("id", None, "a user without an id", "fill in the id")
        return User(user_id, _features(row, form)[1])
    except CellError as fault:
        column = form.columns.get(fault.field) or fault.field
        return make_reject(fault, row, file=file, line=line, column=column)
