"""In: a recommendation. Out: its JSON, and the form of it for the OpenAPI.

The JSON is written straight from the nouns: to make and check a model of each item would cost more
than the rest of the answer. A test holds the two together.
"""

from typing import Any, Literal

from pydantic_core import to_json

from foretaste.domain.data import Recommendation, Recommended
from foretaste.serve.schemas.values import Answer


class TermOut(Answer):
    """One part of a score. The terms of an item sum to its score."""

    expert: str
    nats: float
    event: str | None = None
    """The item or the words of the past event it comes from."""
    feature: str | None = None


class Ranked(Answer):
    """One item of the list."""

    id: str
    position: int
    """From 1, and on a next page from where the one before ended; send it back with the click."""
    score: float
    """Log-likelihood up to a constant: differences count."""
    propensity: float
    """The probability of this item at this place, given the scores: 1 where no chance is involved.
    With exploration, 1 - ε for an item of the model and ε over the number drawn from for one that
    was drawn."""
    source: Literal["model", "pinned", "promoted", "explored", "new", "fallback", "trending"]
    """What brought it here: its score, a rule, a draw, or what stood in for the whole product."""
    title: str
    reason: list[str]
    """In words, strongest first: terms of the score."""
    attributes: dict[str, list[str]]
    properties: dict[str, Any] | None = None
    """Texts, image and the like, where asked for by `properties`."""
    terms: list[TermOut] | None = None
    """With explain."""


class DegradedOut(Answer):
    """What stood in for the whole product, and why."""

    to: Literal["memory", "counting", "popularity"]
    why: str


class LeftOutOut(Answer):
    """An item of a list to be ranked that may not be shown."""

    id: str
    why: str


class Recommendations(Answer):
    """The list, best first."""

    recommendation_id: str
    """Send it back with what people do with the list, and to ask for the next page."""
    model_version: str
    degraded: DegradedOut | None = None
    """There only if the answer had to do without the whole product."""
    items: list[Ranked]
    left_out: list[LeftOutOut] | None = None
    """Of a list to be ranked."""


def encoded(found: Recommendation, *, explain: bool = False) -> bytes:
    """The answer as it is sent."""
    told: dict[str, Any] = {
        "recommendation_id": found.recommendation_id,
        "model_version": found.model_version,
        "items": [_item(item, explain=explain) for item in found.items],
    }
    if found.degraded is not None:
        told["degraded"] = {"to": found.degraded.to, "why": found.degraded.why}
    if found.left_out:
        told["left_out"] = [{"id": one.id, "why": one.why} for one in found.left_out]
    return to_json(told)


def _item(item: Recommended, *, explain: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": item.id,
        "position": item.position,
        "score": item.score,
        "propensity": item.propensity,
        "source": item.source,
        "title": item.title,
        "reason": item.reason,
        "attributes": item.attributes,
    }
    if item.properties:
        told["properties"] = item.properties
    if explain:
        told["terms"] = [_term(term) for term in item.terms]
    return told


def _term(term: Any) -> dict[str, Any]:
    told = {"expert": term.expert, "nats": term.nats, "event": term.event, "feature": term.feature}
    return {name: value for name, value in told.items() if value is not None}
