"""In: what is asked for, as JSON. Out: the question in the nouns of the loop."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from foretaste.behaviour.media_columns import MAX_IMAGE_LENGTH
from foretaste.behaviour.values import display_text
from foretaste.domain.data import Request
from foretaste.domain.request import FillSource
from foretaste.errors import InputError
from foretaste.online.facets import MAX_FACETS, MAX_VALUES
from foretaste.rank.settings import RankSettings
from foretaste.rank.trade_settings import Duration
from foretaste.rank.trending import parse_window
from foretaste.serve.http.body import parse_json
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.schemas.values import (
    MAX_ITEMS,
    Column,
    Context,
    Count,
    Filter,
    Id,
    Query,
    RequestSchema,
    Rules,
)

MAX_TIMEOUT_MS = 60_000
"""Milliseconds."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
GoalName = Annotated[str, Field(max_length=200)]
Lift = Annotated[float, Field(ge=0.1, le=100, allow_inf_nan=False)]
MaxAge = Annotated[
    Duration,
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "examples": ["36h"]}]}),
]
Timeout = Annotated[float, Field(gt=0, le=MAX_TIMEOUT_MS, allow_inf_nan=False)]


PlacementName = Annotated[str, Field(min_length=1, max_length=64)]
LanguageTag = Annotated[str, Field(pattern="^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,4}$")]


ApplyPlacement = Callable[[Mapping[str, Any], Collection[str]], dict[str, Any]]
"""(the fields of a body, those that the caller gave) → with what their placement says."""


def without_placement(fields: Mapping[str, Any], said: Collection[str]) -> dict[str, Any]:
    """Where no placement can be named."""
    return dict(fields)


class ListBody(RequestSchema):
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
    personalise: StrictBool = True
    """False for the list that suits anybody: nothing of what the person did is read."""
    share: StrictBool = True
    """False to have no language model elsewhere read the words of this request."""
    timeout_ms: Timeout | None = None
    """How long the answer may take; what cannot be done by then is left out and told in `degraded`.
    Without it what `rank.timeout_ms` in the settings says."""
    language: LanguageTag | None = None
    """Of the reasons: en, de, fr, es, zh, or a tag as de-AT; without it what Accept-Language says,
    then `reasons.language` in the settings."""
    placement: PlacementName | None = None
    """Where in the shop this is, by the name of a placement: what it says holds where this body
    says nothing; its filter and rules hold besides."""


class SlateBody(ListBody):
    """What can be asked of a list that is made here."""

    n: Count | None = None
    """How many items; without it, what `rank.n` in the settings says."""
    rules: Rules = Field(default_factory=list)
    """What the operator wants: boost, bury, pin, quota, promote, floor."""
    diversity: Share = 0.0
    """From 0, the order of the scores, to 1, as unlike one another as can be."""
    explore: Share | None = None
    """The share of places given to a random item further down; the answer has each propensity."""
    goal: GoalName | None = None
    """What the list is to bring in: a goal of the settings, or a column of numbers such as a price;
    "" for nothing. Without it what `rank.goal` in the settings says."""
    goal_weight: Share | None = None
    """From 0, what is likely, to 1, what is expected to bring in most. Without it what
    `rank.goal_weight` in the settings says."""
    popularity_lift: Lift | None = None
    """How many times as popular as what people take the list is to be: what is popular weighs less.
    Without it what `rank.popularity_lift` in the settings says."""
    own_mix: Share | None = None
    """From 0 to 1, how much the list keeps to the mix of what the person takes, such as seven
    dramas and three comedies. Without it what `rank.own_mix` in the settings says."""
    own_mix_column: Column | None = None
    """The column whose mix that is; without it what the settings say, else the first that says what
    kind an item is."""
    max_age: MaxAge | None = None
    """Leave out items that came longer ago, or of which that is not known: "36h", "14d", or
    seconds. Searches find them all the same. Without it what the placement or `rank.max_age` in the
    settings says."""
    min_relative_likelihood: Share = Field(
        default=0.0, validation_alias=AliasChoices("min_relative_likelihood", "floor")
    )
    """Leave out an item that is less than this times as likely as the best."""
    fill_up: list[FillSource] | None = Field(default=None, max_length=5)
    """What fills up a list that is too short, the first first: `taken`, what this person has taken
    already; `unfiltered`, what the filter leaves out; `unmatched`, what has nothing of what is
    searched for; `popular`, what is popular, where the list is of a kind of its own or leaves out
    what is unlikely; `outdated`, what is older than `max_age`. The `source` of each item says so.
    Without it what `rank.fill_up` in the settings says; `[]` for nothing."""


class FacetBody(RequestSchema):
    """One column that is asked for."""

    column: Column
    n: Annotated[int, Field(ge=1, le=MAX_VALUES)] | None = None
    """Values or ranges, at most."""


FacetSpecs = Annotated[list[Column | FacetBody], Field(max_length=MAX_FACETS)]


QueryFacets = Annotated[
    StrictBool | None,
    Field(
        description=(
            'Whether what the query names is a filter, as in "horror before 1980"; the answer '
            "tells how it was read in `searched`. Without it what `rank.query_facets` in the "
            "settings says. To take one facet away, send false with the filters of the others."
        )
    ),
]


class RecommendBody(SlateBody):
    """For whom, about what, how many. Without a user and a session: what suits anybody."""

    query: Query | None = None
    """What they ask for, in their words."""
    query_facets: QueryFacets = None
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds: the cart, or the page being looked at. They are not in the answer."""
    facets: FacetSpecs | StrictBool | None = None
    """Columns to choose by that are told with the list, as in `/v1/facets`; true for all."""
    next_page_of: Id | None = None
    """The `recommendation_id` of a list whose next items are wanted. Its question holds: send
    nothing else but `n`, `explain` and `timeout_ms`."""

    @model_validator(mode="after")
    def _only_the_page(self) -> Self:
        if self.next_page_of is not None:
            page_fields = {"next_page_of", "n", "explain", "timeout_ms"}
            extra_fields = sorted(self.model_fields_set - page_fields)
            if extra_fields:
                raise ValueError(
                    f"a next page has the question of the first; leave out {extra_fields[0]}"
                )
        return self


class SimilarBody(SlateBody):
    """What is like an item, or like several together; for a user, what suits them among it."""

    item: Id | None = None
    items: list[Id] = Field(default=[], max_length=100)

    @model_validator(mode="after")
    def _either_item_or_items(self) -> Self:
        if (self.item is None) == (not self.items):
            raise ValueError('send either "item" or "items"; similar to what?')
        return self


def _check_not_blank(query: str) -> str:
    if not query.strip():
        raise ValueError("the query is empty; send some words")
    return query


class SearchBody(SlateBody):
    """A search in people's own words, by a picture, by a clip, or by all of them; for a user, in
    the order that suits them.
    """

    query: Annotated[Query, AfterValidator(_check_not_blank)] | None = None
    image: Annotated[str, Field(max_length=MAX_IMAGE_LENGTH)] | None = None
    """A picture that is looked for: base64, a data URL, or a web address where `images.fetch` is
    set. A form may have it as a file."""
    audio: Annotated[str, Field(max_length=MAX_IMAGE_LENGTH)] | None = None
    """A clip that is listened for, the same: an address where `audio.fetch` is set."""
    query_facets: QueryFacets = None
    facets: FacetSpecs | StrictBool | None = None
    """Columns to choose by that are told with the list, as in `/v1/facets`; true for all."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.query is None and self.image is None and self.audio is None:
            raise ValueError("there is nothing to search by; send a query, an image or audio")
        return self


class FacetsBody(SlateBody):
    """A question as for `/v1/recommend`, and the columns that people choose by."""

    query: Query | None = None
    items: list[Id] = Field(default=[], max_length=100)
    facets: FacetSpecs | None = None
    """Names of columns, or `{"column": "price", "n": 6}`. Without it all that is useful."""


class RankBody(ListBody):
    """A list to be put in order, for a user, a query, or beside a cart."""

    candidates: list[Id] = Field(min_length=1, max_length=MAX_ITEMS)
    """The items to put in order."""
    query: Query | None = None
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds: the cart, or the page being looked at."""


class TrendingQuery(RequestSchema):
    """What most people took lately, in the address."""

    window: str = Field(default="7d", max_length=20)
    """Up to now: 24h, 7d, 2w, or a number of seconds."""
    category: str | None = Field(default=None, max_length=1000)
    """An attribute and its value: `genre:Drama`."""
    filter: str | None = Field(default=None, max_length=10_000)
    """A filter as JSON, as in `/v1/recommend`."""
    n: Annotated[int, Field(ge=1, le=MAX_ITEMS)] | None = None
    user: Id | None = None
    """Without what this person has taken or refused."""
    session: Id | None = None
    timeout_ms: Timeout | None = None
    language: LanguageTag | None = None
    """Of the reasons: en, de, fr, es or zh."""
    placement: PlacementName | None = None
    """The name of a placement, as in `/v1/recommend`."""

    def to_request(
        self,
        settings: RankSettings,
        accepted_language: str | None = None,
        placed: ApplyPlacement = without_placement,
    ) -> Request:
        """The question. Raises InputError."""
        conditions: list[Any] = []
        if self.category is not None:
            column, colon, value = self.category.partition(":")
            if not (column and colon and value):
                raise InputError(
                    f"category: '{display_text(self.category)}' is no attribute and value; write "
                    "it like "
                    "genre:Drama"
                )
            conditions.append({column: value})
        if self.filter is not None:
            conditions.append(parse_json_field("filter", self.filter))
        own_fields = {
            "user": self.user,
            "session": self.session,
            "n": self.n,
            "filter": {"and": conditions} if conditions else {},
            "window": parse_window(self.window),
            "timeout_ms": self.timeout_ms,
            "language": self.language or accepted_language,
            "placement": self.placement,
        }
        said = {name for name in self.model_fields_set if own_fields.get(name) is not None}
        fields = placed(own_fields, said)
        fields["n"] = fields["n"] or settings.n
        fields["timeout_ms"] = fields["timeout_ms"] or settings.timeout_ms
        return Request(**fields)


def parse_json_field(field: str, text: str) -> Any:
    """What a part of the address says in JSON."""
    try:
        return parse_json(text.encode("utf-8", "surrogatepass"))
    except ProblemError as error:
        raise InputError(f"{field}: '{display_text(text)}' is not JSON: {error.detail}") from None


REQUEST_FIELDS = frozenset(field.name for field in fields(Request))
"""What a question holds; a body may say more, e.g. in what form the answer is wanted."""


def request_from_body(
    body: ListBody,
    settings: RankSettings,
    accepted_language: str | None = None,
    placed: ApplyPlacement = without_placement,
) -> Request:
    """The question; the placement that it names and then the settings are for what the body does
    not say, and so are the languages that the caller accepts.
    """
    body_fields: dict[str, Any] = {name: getattr(body, name) for name in type(body).model_fields}
    said = {name for name in body.model_fields_set if body_fields[name] is not None}
    request_fields = placed(body_fields, said)
    if isinstance(body, SimilarBody) and body.item is not None:
        request_fields["items"] = [body.item]
    for name in ("items", "rules", "properties", "candidates", "fill_up"):
        if request_fields.get(name) is not None:
            request_fields[name] = tuple(request_fields[name])
    request_fields["n"] = _list_length(body, request_fields, settings)
    request_fields["language"] = body.language or accepted_language
    request_fields["timeout_ms"] = request_fields["timeout_ms"] or settings.timeout_ms
    return Request(
        **{name: value for name, value in request_fields.items() if name in REQUEST_FIELDS}
    )


def _list_length(body: ListBody, request_fields: Mapping[str, Any], settings: RankSettings) -> int:
    if isinstance(body, RankBody):
        return len(body.candidates)
    return request_fields["n"] or settings.n
