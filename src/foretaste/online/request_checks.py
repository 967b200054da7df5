"""In: a question, from whichever door. Out: the same within its limits, and the conditions on items
in it; or an InputError where it asks for more than is looked up at once.

Over HTTP and by agents words that are too long are refused before. A program that asks in Python
has a list whatever the words are: their beginning is read.
"""

from dataclasses import replace

from foretaste.behaviour.checks import check_ids
from foretaste.behaviour.variant_ids import VariantIds
from foretaste.domain.data import Request
from foretaste.domain.patience import LIST, patience
from foretaste.domain.text_limits import MAX_TEXT_LENGTH
from foretaste.domain.zero_times import is_zero_seconds, is_zero_text
from foretaste.errors import InputError, StoreError, did_you_mean
from foretaste.rank.conditions import Condition, parse_condition, parse_number
from foretaste.rank.filter_size import check_request_size
from foretaste.rank.rules import parse_rules, rule_conditions
from foretaste.rank.slate import FILL_SOURCES


def bounded_request(request: Request) -> Request:
    """The question with words that can be read and kept.

    Raises InputError: ids and values have their limit, and filter and rules one together.
    """
    check_ids(user=request.user, session=request.session, next_page_of=request.next_page_of)
    check_request_size(request)
    request = _with_fill_sources(request)
    free_text = request.context.get("text")
    query = _readable(request.query) if (request.query or "").strip() else None
    if isinstance(free_text, str) and (readable_text := _readable(free_text)) != free_text:
        request = replace(request, context={**request.context, "text": readable_text})
    return request if query == request.query else replace(request, query=query)


def with_known_items(request: Request, variant_ids: VariantIds) -> Request:
    """The question about items where it names their variants; as it is while the store is away."""
    if not request.items:
        return request
    try:
        with patience(LIST):
            if not variant_ids.refresh():
                return request
            items = tuple(dict.fromkeys(map(variant_ids.representative, request.items)))
    except StoreError:
        return request
    return request if items == request.items else replace(request, items=items)


def _with_fill_sources(request: Request) -> Request:
    """What fills up the list, as a tuple of names that there are."""
    if request.fill_up is None:
        return request
    names = (request.fill_up,) if isinstance(request.fill_up, str) else tuple(request.fill_up)
    for name in names:
        if name not in FILL_SOURCES:
            hint = did_you_mean(str(name), FILL_SOURCES)
            raise InputError(f"fill_up: nothing is called '{name}'; {hint}")
    return replace(request, fill_up=names)


def _readable(text: str | None) -> str | None:
    """The beginning, with a mark in the place of half a character."""
    if text is None:
        return None
    text = text[:MAX_TEXT_LENGTH]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def request_time(request: Request, now: float) -> float:
    """When the user asks, where the context says it; else now. A zero time says nothing."""
    stated = request.context.get("time")
    if stated is None or (isinstance(stated, str) and is_zero_text(stated.strip())):
        return now
    seconds = parse_number(stated)
    if seconds is None:
        raise InputError(
            f"context.time: '{stated}' cannot be read; write ISO 8601 or seconds since 1970"
        )
    return now if seconds == 0 or is_zero_seconds(seconds) else seconds


def may_show_cold_items(request: Request) -> bool:
    """Whoever asks for something is shown nothing else. A list of the caller's has the order that
    a list of ours of the same items has.
    """
    is_asked = request.is_search or not request.is_scored
    return not is_asked and request.min_relative_likelihood == 0


def request_conditions(request: Request) -> list[Condition]:
    """Which items the filter and the rules speak of."""
    conditions = [parse_condition(request.filter)] if request.filter else []
    if request.rules:
        conditions += rule_conditions(parse_rules(request.rules))
    return conditions
