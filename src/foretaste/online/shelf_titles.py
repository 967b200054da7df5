"""What is written over a shelf. In: its kind and question; out: a title in the language asked."""

from foretaste.domain.data import Recommendation, Request
from foretaste.domain.shelf import ShelfKind
from foretaste.domain.text_limits import shorten
from foretaste.domain.titles import natural_title
from foretaste.generate.activity import participle
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.safe import safe_name
from foretaste.generate.settings import Activity
from foretaste.model.together import BOUGHT

PLAIN_TITLES: dict[ShelfKind, str] = {
    "for_you": "For you",
    "popular": "Popular right now",
    "new": "New for you",
    "explore": "Try something else",
    "because_you_took": "More like this",
    "similar": "More like this",
    "bought_together": "Goes well together",
    "continue": "Go on from here",
    "resume": "Continue",
    "search": "What you searched for",
}
"""Titles that name nothing; also for what has a name that must not be in a sentence."""
RESUME_TITLES: dict[Activity, str] = {
    "watch": "Continue watching",
    "listen": "Continue listening",
    "read": "Continue reading",
}
"""The same of what was begun, by what people do with items."""


def shelf_title(
    kind: ShelfKind, request: Request, evidence: ListEvidence, recommendation: Recommendation
) -> str:
    """The title of a shelf."""
    messages = evidence.messages
    if kind == "search" and request.query:
        name = safe_name(request.query)
        if name is not None:
            return messages.text("“{word}”", word=shorten(name))
    if kind == "resume":
        return messages.text(RESUME_TITLES.get(evidence.activity, PLAIN_TITLES[kind]))
    name = evidence.title(request.items[0]) if len(request.items) == 1 else None
    if name is not None and kind == "because_you_took":
        verb = evidence.verb_for(request.items)
        return messages.text("Because you {verb} {events}", verb=verb, events=name)
    if name is not None and kind == "similar":
        return messages.text("More like {event}", event=name)
    if name is not None and kind == "bought_together":
        features = [own.feature or "" for item in recommendation for own in item.reasons]
        are_orders = any(feature.startswith(BOUGHT) for feature in features)
        verb = participle("buy", messages) if are_orders else evidence.verb_of_others
        return messages.text("Often {verb} together with {event}", verb=verb, event=name)
    return messages.text(PLAIN_TITLES[kind])


def item_title(item_id: str, evidence: ListEvidence) -> str:
    """An item's name as people read it, whatever is in it."""
    position = evidence.catalogue.index.get(item_id)
    title = "" if position is None else evidence.catalogue.titles[position]
    return natural_title(title) or item_id
