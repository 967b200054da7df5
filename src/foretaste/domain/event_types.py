"""The event types that every workspace knows, and what one event of each weighs."""

from collections.abc import Mapping

from foretaste.domain.impressions import IMPRESSION_EVENT

IDENTIFY_EVENT = "identify"
"""The event type by which a session becomes a user's; it has both and no item."""
RETURN_EVENT = "return"
"""The event type that takes back the person's last purchase of the item."""
RETURNABLE_TYPES = frozenset(("purchase", "order", "checkout"))
"""Event types that a return takes back."""

EVENT_TYPE_WEIGHTS: Mapping[str, float] = {
    "view": 1.0,
    "click": 1.0,
    "add_to_cart": 1.0,
    "purchase": 1.0,
    "rating": 1.0,
    "review": 1.0,
    "like": 1.0,
    "search": 1.0,
    "dislike": -1.0,
    "hide": -1.0,
    IMPRESSION_EVENT: 0.0,
    IDENTIFY_EVENT: 0.0,
    RETURN_EVENT: 0.0,
}
"""The built-in event types and what one of each weighs: above 0 is taken, below 0 is refused,
0 is recorded but says nothing of taste. `behaviour.event_weights` changes and adds."""
