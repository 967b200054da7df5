"""In: JSON. Out: requests that have been checked; and the form of every answer.

Events and items of a batch are checked row by row elsewhere (`intake`), so that one bad row does
not cost the others: for them there is only the description here, `EventRow` and `ItemRow`.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from foretaste.behaviour.values import (
    LONGEST_ID,
    Fault,
    identifier,
    plain,
    shown,
    storable,
    strings,
)
from foretaste.domain import Recommendation, Recommended, Request
from foretaste.errors import did_you_mean
from foretaste.serve.problems import Rejected

BATCH = 1000
"""Events or items in one call."""
MOST = 1000
"""Items in one answer."""
LONGEST_QUERY = 2000
"""Characters."""
LONGEST_CONTEXT = 10_000
"""Characters, as JSON."""


def _identifier(value: Any) -> str:
    """An id as events have it: trimmed, and a whole number is its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError('an id is text or a whole number; send it like "31"')
    try:
        found = identifier(value, "the id")
    except Fault as fault:
        raise ValueError(str(fault)) from None
    if found is None:
        raise ValueError("an id cannot be empty; leave it out or send null")
    return found


def _words(value: str) -> str:
    try:
        return storable(value, "the text")
    except Fault as fault:
        raise ValueError(str(fault)) from None


def _short(value: str) -> str:
    if len(value) > LONGEST_QUERY:
        raise ValueError(
            f"has {len(value):,} characters; a query has at most {LONGEST_QUERY:,}, shorten it"
        )
    return value


def _scalar(value: Any) -> str:
    """A value of an attribute as items have it: 1995.0 is '1995'."""
    if not isinstance(value, str | int | float | bool):
        raise ValueError("the value of an attribute is text, a number, true or false")
    return _words(plain(value, "the value").strip())


def _values(value: Any) -> tuple[str, ...]:
    several = value if isinstance(value, list) else [value]
    if not 1 <= len(several) <= 100:
        raise ValueError(f"{len(several)} values; send 1 to 100")
    return tuple(_scalar(each) for each in several)


def _context(value: dict[str, Any]) -> dict[str, Any]:
    _words("".join(strings(value)))
    length = len(json.dumps(value))
    if length > LONGEST_CONTEXT:
        raise ValueError(
            f"has {length:,} characters as JSON; a context has at most {LONGEST_CONTEXT:,}"
        )
    spoken = value.get("text")
    if spoken is not None and not isinstance(spoken, str):
        raise ValueError("its text is not text; send a string")
    _short(spoken or "")
    return value


def _whole(value: Any) -> Any:
    """A whole number; 10.0 is one in JSON, true and "10" are not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        raise ValueError(f"it should be a whole number from 1 to {MOST}; send one of those")
    return value


_ID_SCHEMA = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
        {"type": "integer"},
    ]
}
_SCALAR_SCHEMA = {"anyOf": [{"type": kind} for kind in ("string", "number", "boolean")]}
_VALUES_SCHEMA = {
    "anyOf": [
        *_SCALAR_SCHEMA["anyOf"],
        {"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1, "maxItems": 100},
    ]
}

Id = Annotated[str, BeforeValidator(_identifier), WithJsonSchema(_ID_SCHEMA)]
Query = Annotated[
    str,
    AfterValidator(_short),
    AfterValidator(_words),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_QUERY}),
]
Values = Annotated[tuple[str, ...], BeforeValidator(_values), WithJsonSchema(_VALUES_SCHEMA)]
Column = Annotated[str, AfterValidator(_words)]
Filter = Annotated[dict[Column, Values], Field(max_length=20)]
Context = Annotated[dict[str, Any], AfterValidator(_context), WithJsonSchema({"type": "object"})]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=MOST)]


class Body(BaseModel):
    """A request. A field it does not know is a mistake, and it says which was meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            for name in data:
                if name not in cls.model_fields:
                    hint = did_you_mean(str(name), cls.model_fields)
                    raise ValueError(f"unknown field '{shown(name)}'; {hint}")
        return data


class EventRow(BaseModel):
    """One thing a person did."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    event_id: Id | None = None
    """Makes a retry safe: an id that is there already is answered as known. Without one, every call
    makes new events; the answer has the ids they were given."""
    user: Id | None = None
    session: Id | None = None
    """An anonymous visit. An event has a user, a session or both."""
    item: Id | None = None
    """Absent for a search."""
    kind: str | None = None
    """view, click, add_to_cart, purchase, rating, review, like, search, dislike, hide, impression,
    or one of your own in the settings."""
    at: str | float | None = None
    """ISO 8601 or seconds since 1970; without one, now."""
    value: float | None = None
    """The stars of a rating, the price of a purchase, the seconds of a view."""
    text: str | None = None
    """The words of a review."""
    query: str | None = None
    """The words of a search."""
    device: str | None = None
    context: dict[str, Any] | None = None
    recommendation_id: str | None = None
    """The answer this came from."""
    position: int | None = Field(default=None, ge=1)
    """The place in that answer, from 1."""


class ItemRow(BaseModel):
    """One piece of content. Any further field is a text or an attribute of one or more values."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    id: Id
    title: str | None = None
    image: str | None = None
    """The path or the address of a picture."""
    audio: str | None = None
    available_from: str | float | None = None
    """ISO 8601 or seconds since 1970."""
    available_until: str | float | None = None
    hidden: bool | None = None
    """Keeps it out of every answer."""


AnyEvent = Annotated[Any, WithJsonSchema(EventRow.model_json_schema())]
AnyItem = Annotated[Any, WithJsonSchema(ItemRow.model_json_schema())]


class EventsBody(Body):
    """What people did."""

    events: list[AnyEvent] = Field(min_length=1, max_length=BATCH)


class ItemsBody(Body):
    """What there is to recommend. An item that is there already is replaced as a whole."""

    items: list[AnyItem] = Field(min_length=1, max_length=BATCH)


class RecommendBody(Body):
    """For whom, about what, how many. Without a user and a session: what suits anybody."""

    user: Id | None = None
    session: Id | None = None
    """An anonymous visit; with a user as well, what the visit did before the person signed in."""
    query: Query | None = None
    """What they ask for, in their words."""
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds: the cart, or the page being looked at. They are not in the answer."""
    context: Context = {}
    """Free fields; `text` is read like a query."""
    n: Count | None = None
    """How many items; without it, what `rank.n` in the settings says."""
    filter: Filter = {}
    """Attribute → the value or values that will do."""
    explain: StrictBool = False
    """Add the terms of each score."""


class SimilarBody(Body):
    """What is like an item, or like several together; for a user, what suits them among it."""

    item: Id | None = None
    items: list[Id] = Field(default=[], max_length=100)
    user: Id | None = None
    n: Count | None = None
    filter: Filter = {}

    @model_validator(mode="after")
    def _one_of_them(self) -> "SimilarBody":
        if (self.item is None) == (not self.items):
            raise ValueError('send either "item" or "items"; similar to what?')
        return self


class SearchBody(Body):
    """A search in people's own words; for a user, in the order that suits them."""

    query: Query
    user: Id | None = None
    session: Id | None = None
    n: Count | None = None
    filter: Filter = {}

    @model_validator(mode="after")
    def _some_words(self) -> "SearchBody":
        if not self.query.strip():
            raise ValueError("the query is empty; send some words")
        return self


class Answer(BaseModel):
    """What every answer has."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class EventsAnswer(Answer):
    """What became of the events. Those accepted are on disk."""

    accepted: int
    """New."""
    known: int
    """There already, by their event_id: the first use holds."""
    rejected: list[Rejected]
    event_ids: list[str | None]
    """One an event, in the order sent; null where it was rejected."""


class ItemsAnswer(Answer):
    """What became of the items. They are in the next answer."""

    accepted: int
    """New or changed."""
    known: int
    """There already, exactly so."""
    rejected: list[Rejected]


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
    """From 1; send it back with the click."""
    score: float
    """Log-likelihood up to a constant: differences count."""
    title: str
    reason: list[str]
    """In words, strongest first: terms of the score."""
    attributes: dict[str, list[str]]
    terms: list[TermOut] | None = None
    """With explain."""

    @classmethod
    def of(cls, item: Recommended, *, explain: bool) -> "Ranked":
        """The item as it is sent."""
        terms = [
            TermOut(expert=term.expert, nats=term.nats, event=term.event, feature=term.feature)
            for term in item.terms
        ]
        return cls(
            id=item.id,
            position=item.position,
            score=item.score,
            title=item.title,
            reason=list(item.reason),
            attributes={name: list(values) for name, values in item.attributes.items()},
            terms=terms if explain else None,
        )


class Recommendations(Answer):
    """The list, best first."""

    recommendation_id: str
    """Send it back with what people do with the list."""
    model_version: str
    items: list[Ranked]

    @classmethod
    def of(cls, found: Recommendation, *, explain: bool = False) -> "Recommendations":
        """The answer as it is sent."""
        return cls(
            recommendation_id=found.recommendation_id,
            model_version=found.model_version,
            items=[Ranked.of(item, explain=explain) for item in found],
        )


class Health(Answer):
    """Whether the process is alive."""

    status: Literal["alive", "ready"]


def request_of(body: RecommendBody, n: int) -> Request:
    """The question in the nouns of the loop; `n` is for a body that does not say."""
    return Request(
        user=body.user,
        session=body.session,
        query=body.query,
        items=tuple(body.items),
        context=body.context,
        n=body.n or n,
        filter=body.filter,
        explain=body.explain,
    )
