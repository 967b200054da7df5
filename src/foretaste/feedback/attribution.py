"""Attribution: events that name the list they came from in, the same with their places out, and
what could not be attributed.

An impression without an item stands for all items of its list. An event is never lost for what it
says of a list: what does not fit is told beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from foretaste.domain.data import Event, LoggedRecommendation
from foretaste.domain.request import Unattributed

FindServed = Callable[[Sequence[str]], Mapping[str, LoggedRecommendation]]
"""Ids of recommendations → those that were served."""


def attribute_events(
    events: Sequence[Event], find_served: FindServed
) -> tuple[list[Event], dict[str, Unattributed]]:
    """(the events, each with its place in its list; by event id what does not fit)."""
    recommendation_ids = dict.fromkeys(
        named_event.recommendation_id for named_event in events if named_event.recommendation_id
    )
    served_by_id = find_served(list(recommendation_ids)) if recommendation_ids else {}
    attributed_events: list[Event] = []
    unattributed: dict[str, Unattributed] = {}
    for event in events:
        recommendation_id = event.recommendation_id
        if recommendation_id is not None:
            event, problem = _with_position(event, served_by_id.get(recommendation_id))
            if problem is not None:
                unattributed[event.event_id] = Unattributed(
                    event.event_id, recommendation_id, problem
                )
        attributed_events.append(event)
    return attributed_events, unattributed


def _with_position(event: Event, served: LoggedRecommendation | None) -> tuple[Event, str | None]:
    if served is None:
        return event, "there is no such recommendation, or it was incognito or is no longer kept"
    if event.item is None:
        return event, None
    position = served.position(event.item)
    if position is None:
        return event, f"item '{event.item}' is not in that list"
    if event.position is None:
        return replace(event, position=position), None
    if event.position != position:
        return (
            event,
            f"item '{event.item}' is at place {position} of that list, not {event.position}",
        )
    return event, None
