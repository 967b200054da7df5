"""In: items, users, events, answers. Out: each as a plain mapping, for JSON.

The inverse of `parse`: what is written here can be imported or sent again, and means the same.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from foretaste.domain.data import IDENTIFY, Event, Item, Served, User
from foretaste.domain.preference import Change, Conversation

Told = dict[str, Any]


def item_told(item: Item) -> Told:
    """An item: its fields, then its columns; those that are empty are left out."""
    told: Told = {"id": item.id, "title": item.title}
    told |= item.texts
    told |= {name: list(values) for name, values in item.attributes.items()}
    for name in ("image", "audio", "available_from", "available_until"):
        value = getattr(item, name)
        if value is not None:
            told[name] = value
    return told | {"hidden": True} if item.hidden else told


def user_told(user: User) -> Told:
    """A user: the id, then the attributes."""
    return {"id": user.id} | {name: list(values) for name, values in user.attributes.items()}


def event_told(event: Event) -> Told:
    """An event, without what is empty."""
    return {name: value for name, value in asdict(event).items() if value not in (None, {})}


def served_told(one: Served) -> Told:
    """An answer, for whom it was given to."""
    return {
        "recommendation_id": one.id,
        "at": one.at,
        "request": dict(one.request),
        "items": [list(shown) for shown in one.items],
    }


def person_told(
    user: User,
    events: Sequence[Event],
    changes: Sequence[Change],
    answers: Sequence[Served],
    talks: Sequence[Conversation] = (),
) -> Told:
    """All that is kept of one person."""
    sessions = {event.session for event in events if event.kind == IDENTIFY and event.session}
    return {
        "user": user_told(user),
        "sessions": sorted(sessions),
        "events": [event_told(event) for event in events],
        "changes": [asdict(one) for one in changes],
        "recommendations": [served_told(one) for one in answers],
        "conversations": [
            {"conversation_id": one.id, "at": one.at, "state": dict(one.state)} for one in talks
        ],
    }
