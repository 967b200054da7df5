"""In: what is asked for, as JSON. Out: the question in the nouns of the loop."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from foretaste.behaviour.values import shown
from foretaste.domain.data import Request
from foretaste.errors import InputError
from foretaste.rank.settings import RankSettings
from foretaste.rank.trending import seconds
from foretaste.serve.http.body import parsed
from foretaste.serve.http.problems import Refused
from foretaste.serve.schemas.values import (
    MOST,
    Body,
    Column,
    Context,
    Count,
    Filter,
    Id,
    Query,
    Rules,
)

LONGEST_TIMEOUT = 60_000
"""Milliseconds."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Timeout = Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT, allow_inf_nan=False)]


class Asking(Body):
    """What can be asked of every list."""

    user: Id | None = None
    session: Id | None = None
    """An anonymous visit; with a user as well, what the visit did before the person signed in."""
    context: Context = Field(default_factory=dict)
    """Where and when: `device`, `surface`, `time`, fields of your own; `text` is read like a query.
    """
    filter: Filter = Field(default_factory=dict)
    """What the items must be like: {"genre": "Drama"}, {"year": {"gte": 1990}}, {"or": [{…}, {…}]}.
    """
    explain: StrictBool = False
    """Add the terms of each score."""
    properties: list[Column] | None = Field(default=None, max_length=100)
    """The columns of the items that are wanted back; without it every attribute."""
    incognito: StrictBool = False
    """Leave no trace of the question and its answer: it is not kept, and has no next page."""
    timeout_ms: Timeout | None = None
    """How long the answer may take; what cannot be done by then is left out and told in `degraded`.
    Without it what `rank.timeout_ms` in the settings says."""


class Ruled(Asking):
    """What can be asked of a list that is made here."""

    n: Count | None = None
    """How many items; without it, what `rank.n` in the settings says."""
    rules: Rules = Field(default_factory=list)
    """What the operator wants: boost, bury, pin, quota, promote."""
    diversity: Share = 0.0
    """From 0, the order of the scores, to 1, as unlike one another as can be."""
    explore: Share | None = None
    """The share of places given to a random item further down; the answer has each propensity."""
    floor: Share = 0.0
    """Leave out an item that is less than this times as likely as the best."""


class RecommendBody(Ruled):
    """For whom, about what, how many. Without a user and a session: what suits anybody."""

    query: Query | None = None
    """What they ask for, in their words."""
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds: the cart, or the page being looked at. They are not in the answer."""
    next_page_of: Id | None = None
    """The `recommendation_id` of a list whose next items are wanted. Its question holds: send
    nothing else but `n`, `explain` and `timeout_ms`."""

    @model_validator(mode="after")
    def _only_the_page(self) -> Self:
        if self.next_page_of is not None:
            free = {"next_page_of", "n", "explain", "timeout_ms"}
            more = sorted(self.model_fields_set - free)
            if more:
                raise ValueError(f"a next page has the question of the first; leave out {more[0]}")
        return self


class SimilarBody(Ruled):
    """What is like an item, or like several together; for a user, what suits them among it."""

    item: Id | None = None
    items: list[Id] = Field(default=[], max_length=100)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.item is None) == (not self.items):
            raise ValueError('send either "item" or "items"; similar to what?')
        return self


def _some_words(query: str) -> str:
    if not query.strip():
        raise ValueError("the query is empty; send some words")
    return query


class SearchBody(Ruled):
    """A search in people's own words; for a user, in the order that suits them."""

    query: Annotated[Query, AfterValidator(_some_words)]


class RankBody(Asking):
    """A list to be put in order, for a user, a query, or beside a cart."""

    candidates: list[Id] = Field(min_length=1, max_length=MOST)
    """The items to put in order."""
    query: Query | None = None
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds: the cart, or the page being looked at."""


class TrendingQuery(Body):
    """What most people took lately, in the address."""

    window: str = Field(default="7d", max_length=20)
    """Up to now: 24h, 7d, 2w, or a number of seconds."""
    category: str | None = Field(default=None, max_length=1000)
    """An attribute and its value: `genre:Drama`."""
    filter: str | None = Field(default=None, max_length=10_000)
    """A filter as JSON, as in `/v1/recommend`."""
    n: Annotated[int, Field(ge=1, le=MOST)] | None = None
    user: Id | None = None
    """Without what this person has taken or refused."""
    session: Id | None = None
    timeout_ms: Timeout | None = None

    def request(self, settings: RankSettings) -> Request:
        """The question. Raises InputError."""
        conditions: list[Any] = []
        if self.category is not None:
            column, colon, value = self.category.partition(":")
            if not (column and colon and value):
                raise InputError(
                    f"category: '{shown(self.category)}' is no attribute and value; write it like "
                    "genre:Drama"
                )
            conditions.append({column: value})
        if self.filter is not None:
            conditions.append(_json("filter", self.filter))
        return Request(
            user=self.user,
            session=self.session,
            n=self.n or settings.n,
            filter={"and": conditions} if conditions else {},
            window=seconds(self.window),
            timeout_ms=self.timeout_ms or settings.timeout_ms,
        )


def _json(field: str, text: str) -> Any:
    """What a part of the address says in JSON."""
    try:
        return parsed(text.encode("utf-8", "surrogatepass"))
    except Refused as error:
        raise InputError(f"{field}: '{shown(text)}' is not JSON: {error.detail}") from None


ASKED = frozenset(one.name for one in fields(Request))
"""What a question holds; a body may say more, e.g. in what form the answer is wanted."""


def request_of(body: Asking, settings: RankSettings) -> Request:
    """The question; the settings are for what the body does not say."""
    given: dict[str, Any] = {name: getattr(body, name) for name in type(body).model_fields}
    if isinstance(body, SimilarBody) and body.item is not None:
        given["items"] = [body.item]
    for name in ("items", "rules", "properties", "candidates"):
        if given.get(name) is not None:
            given[name] = tuple(given[name])
    given["n"] = _many(body, given, settings)
    given["timeout_ms"] = body.timeout_ms or settings.timeout_ms
    return Request(**{name: value for name, value in given.items() if name in ASKED})


def _many(body: Asking, given: Mapping[str, Any], settings: RankSettings) -> int:
    if isinstance(body, RankBody):
        return len(body.candidates)
    return given["n"] or settings.n
