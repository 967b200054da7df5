"""In: items, users, events, answers. Out: each as a plain mapping, for JSON.

The inverse of `parse`: what is written here can be imported or sent again, and means the same.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from foretaste.domain.data import IDENTIFY_EVENT, Event, Item, LoggedRecommendation, User
from foretaste.domain.preference import Conversation, Preference

JsonObject = dict[str, Any]


def item_to_json(item: Item) -> JsonObject:
    """An item: its fields, then its columns; those that are empty are left out."""
    fields: JsonObject = {"id": item.id, "title": item.title}
    fields |= item.texts
    fields |= {name: list(values) for name, values in item.attributes.items()}
    for name in ("image", "audio", "available_from", "available_until"):
        value = getattr(item, name)
        if value is not None:
            fields[name] = value
    return fields | {"hidden": True} if item.hidden else fields


def user_to_json(user: User) -> JsonObject:
    """A user: the id, then the attributes."""
    return {"id": user.id} | {name: list(values) for name, values in user.attributes.items()}


def event_to_json(event: Event) -> JsonObject:
    """An event, without what is empty; its type by its name and, for one release, the old one."""
    fields = {name: value for name, value in asdict(event).items() if value not in (None, {})}
    return {"event_id": event.event_id, "event_type": event.kind} | fields


def recommendation_to_json(recommendation: LoggedRecommendation) -> JsonObject:
    """An answer, for whom it was given to."""
    return {
        "recommendation_id": recommendation.id,
        "at": recommendation.at,
        "request": dict(recommendation.request),
        "items": [list(shown_item) for shown_item in recommendation.items],
    }


def user_data_to_json(
    user: User,
    events: Sequence[Event],
    changes: Sequence[Preference],
    recommendations: Sequence[LoggedRecommendation],
    conversations: Sequence[Conversation] = (),
) -> JsonObject:
    """All that is kept of one person."""
    sessions = {event.session for event in events if event.kind == IDENTIFY_EVENT and event.session}
    return {
        "user": user_to_json(user),
        "sessions": sorted(sessions),
        "events": [event_to_json(event) for event in events],
        "changes": [asdict(change) for change in changes],
        "recommendations": [
            recommendation_to_json(recommendation) for recommendation in recommendations
        ],
        "conversations": [
            {
                "conversation_id": conversation.id,
                "at": conversation.at,
                "state": dict(conversation.state),
            }
            for conversation in conversations
        ],
    }
