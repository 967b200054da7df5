"""In: a recommendation. Out: its JSON, and the form of it for the OpenAPI.

The JSON is written straight from the nouns: to make and check a model of each item would cost more
than the rest of the answer. A test holds the two together.
"""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field
from pydantic_core import to_json

from foretaste.behaviour.export import recommendation_to_json
from foretaste.domain.data import Recommendation
from foretaste.rank.filters import FILTER_REASONS
from foretaste.rank.omissions import REASONS_OF_CANDIDATES, REASONS_OF_PINS
from foretaste.serve.schemas.consent_schemas import RefusalOut
from foretaste.serve.schemas.facet_schemas import FacetOut
from foretaste.serve.schemas.renamed import old_name_of
from foretaste.serve.schemas.values import ResponseSchema


class TermOut(ResponseSchema):
    """One part of a score. The terms of an item sum to its score."""

    expert: str
    nats: float
    event: str | None = None
    """The item or the words of the past event it comes from."""
    feature: str | None = None


class ReasonOut(ResponseSchema):
    """Why an item is in the list: a sentence, and what it stands on."""

    text: str
    """For people, in the language of the request."""
    contribution: float
    """Nats by which it raises the score; 0 for what brought an item to its place beside it."""
    share: float
    """Of all that raises the score, from 0 to 1."""
    expert: str
    """What says so."""
    event: str | None = None
    """The past item, or the words of the past search, that it comes from."""
    feature: str | None = None
    """The feature it comes from: "genre: Drama"."""


class RankedItem(ResponseSchema):
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
    source: Literal[
        "model",
        "pinned",
        "promoted",
        "explored",
        "new",
        "fallback",
        "trending",
        "resumed",
        "taken",
        "unfiltered",
        "unmatched",
        "popular",
        "outdated",
    ]
    """What brought it here: its score, a rule, a draw, what stood in for the whole product, that
    the person began it or finished the part before (`resumed`), or what fills up a list that would
    be too short (`taken`, `unfiltered`, `unmatched`, `popular`, `outdated`)."""
    title: str
    reason: list[str]
    """The texts of `reasons`."""
    reasons: list[ReasonOut]
    """Why it is here, the most definite first; none where nothing sets it apart."""
    attributes: dict[str, list[str]]
    progress: float | None = None
    """How far this person got with it, from 0 to 1, for a bar below its picture; absent of what
    they did not begin or have finished. Where `[rank.resume]` is set."""
    properties: dict[str, Any] | None = None
    """Texts, image and the like, where asked for by `properties`."""
    terms: list[TermOut] | None = None
    """With explain."""


class DegradationOut(ResponseSchema):
    """What stood in for the whole product, and why."""

    fallback_level: Literal["full", "memory", "counting", "popularity"]
    """What scored: the whole product, which does not know the newest events yet; the product
    without the user's history, the store being away; the experts that only count; popularity
    alone."""
    to: Literal["full", "memory", "counting", "popularity"] = old_name_of("fallback_level")
    reason: str
    why: str = old_name_of("reason")


def _listed(reasons: Iterable[str]) -> str:
    return "; ".join(f"“{reason}”" for reason in reasons)


class OmittedItemOut(ResponseSchema):
    """An item that was asked for by name and is not in the list: a candidate, or a pin."""

    id: str
    reason: str = Field(
        description=f"One of: {_listed(FILTER_REASONS.values())}. Of a pin also: "
        f"{_listed(REASONS_OF_PINS)}. Of a candidate also: {_listed(REASONS_OF_CANDIDATES)}."
    )
    why: str = old_name_of("reason")


class ShortfallCountOut(ResponseSchema):
    """How many items one reason keeps from the list."""

    code: Literal[
        "unavailable",
        "not-a-candidate",
        "filter",
        "muted",
        "refused",
        "policy",
        "seed",
        "kind",
        "earlier-page",
        "sold-out",
        "outdated",
        "early",
        "part",
        "extra",
        "taken",
        "unmatched",
        "variant",
        "rule",
    ]
    reason: str
    items: int


class ShortfallOut(ResponseSchema):
    """Why a list is empty, or shorter than was asked for; and what it was filled up with."""

    requested: int
    shown: int
    catalogue: int
    """Items there are."""
    filled: int
    """Of those shown: items that fill up the list, see `fill_up`."""
    reason: str
    """In words, with the counts."""
    counts: list[ShortfallCountOut]
    """Why the other items are not shown, each by the first reason that holds. They and what is
    shown without being filled up make up the catalogue."""


class QueryFacetOut(ResponseSchema):
    """What was found in the query and acts as a filter."""

    text: str
    """For people: "before 1980"."""
    filter: dict[str, Any]
    """As in the request's `filter`."""
    applied: bool
    """False where nothing would have been left: then it does not filter."""


class SearchedQueryOut(ResponseSchema):
    """How the query was read."""

    words: str | None
    """What was searched for as words; null where all of it is facets."""
    facets: list[QueryFacetOut]
    text: str
    """The same in one line, for over the list."""


class PrivacyOut(ResponseSchema):
    """How much the model may know of any one person (differential privacy)."""

    epsilon: float
    """Lists are at most e^epsilon times as likely with somebody's data as without."""
    delta: float
    """The chance that this does not hold."""


class Recommendations(ResponseSchema):
    """The list, best first."""

    recommendation_id: str
    """Send it back with what people do with the list, and to ask for the next page."""
    model_version: str
    degraded: DegradationOut | None = None
    """There only if the answer had to do without the whole product."""
    headline: str | None = None
    """What is true of every item, for over the list; absent where nothing is."""
    searched: SearchedQueryOut | None = None
    """How the query was read; absent where it names nothing that filters. Send `facets: false` to
    have the words searched for as they are."""
    items: list[RankedItem]
    left_out: list[OmittedItemOut] | None = None
    """What was asked for by name and is not in the list, and why: of a list to be ranked the
    candidates that may not be shown, and the pins that are not in their place. Absent where there
    is nothing of it."""
    shortfall: ShortfallOut | None = None
    """Why there are fewer items than were asked for; absent where there are not."""
    refused: list[RefusalOut] | None = None
    """What was not done for this list, as the person, a header or the settings do not allow it;
    absent where all was."""
    facets: list[FacetOut] | None = None
    """What can be chosen, where it was asked for by `facets`."""
    privacy: PrivacyOut | None = None
    """The budget that the model was trained with; absent where it has none."""


def encode_recommendation(recommendation: Recommendation, *, explain: bool = False) -> bytes:
    """The answer as it is sent."""
    return to_json(recommendation_to_json(recommendation, explain=explain))
