"""Attribution: events that name the list they came from in, the same with their places out, and
what could not be attributed.

An impression without an item stands for all items of its list. An event is never lost for what it
says of a list: what does not fit is told beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from foretaste.domain.data import Event, Served
from foretaste.domain.request import Unattributed

Lookup = Callable[[Sequence[str]], Mapping[str, Served]]
"""Ids of recommendations → those that were served."""


def attributed(
    events: Sequence[Event], served: Lookup
) -> tuple[list[Event], dict[str, Unattributed]]:
    """(the events, each with its place in its list; by event id what does not fit)."""
    named = dict.fromkeys(one.recommendation_id for one in events if one.recommendation_id)
    lists = served(list(named)) if named else {}
    placed: list[Event] = []
    strange: dict[str, Unattributed] = {}
    for event in events:
        name = event.recommendation_id
        if name is not None:
            event, problem = _placed(event, lists.get(name))
            if problem is not None:
                strange[event.event_id] = Unattributed(event.event_id, name, problem)
        placed.append(event)
    return placed, strange


def _placed(event: Event, served: Served | None) -> tuple[Event, str | None]:
    if served is None:
        return event, "there is no such recommendation, or it was incognito or is no longer kept"
    if event.item is None:
        return event, None
    place = served.position(event.item)
    if place is None:
        return event, f"item '{event.item}' is not in that list"
    if event.position is None:
        return replace(event, position=place), None
    if event.position != place:
        return event, f"item '{event.item}' is at place {place} of that list, not {event.position}"
    return event, None
