"""The nouns of a question and its answer; `domain` has the others, and these too.

`Request` asks. `Recommendation` answers, with a `Recommended` for each item and a `Term` for each
part of a score. `LoggedRecommendation` is what is kept of an answer, so that what people do with it
can be attributed and its next page asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal, NamedTuple, Self

from foretaste.domain.consent import PurposeRefusal
from foretaste.domain.identifiers import identifier, identifiers
from foretaste.domain.notebook import NotebookDisplay
from foretaste.domain.plain_values import changed_fields
from foretaste.domain.reason import Reason
from foretaste.domain.searched_query import SearchedQuery

FillSource = Literal["taken", "unfiltered", "unmatched", "popular", "outdated"]
"""What may fill up a list that is too short: what was taken already, what the filter leaves out,
what has nothing of a search, what is popular beside the list's kind, what is too old for it."""
ItemSource = (
    Literal["model", "pinned", "promoted", "explored", "new", "fallback", "trending", "resumed"]
    | FillSource
)
"""What brought an item to its place: the model's score, a rule, a draw, or what stood in for it."""
ListKind = Literal["new", "explore", "bought_together", "continue", "resume"]
"""Only new items; only items unlike what the person takes; what people take together with the
items asked about; what goes on from the items asked about, or from the last session, alone; what
the person began and has not finished, and next parts of series, the newest first."""
FallbackLevel = Literal["full", "memory", "counting", "popularity"]
"""What scored: the whole product; the same without a history, the store being away; its
experts that only count; popularity alone."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question: for whom, about what, how many, and under which rules."""

    user: str | None = None
    session: str | None = None
    query: str | None = None
    items: tuple[str, ...] = ()
    """Seed items, e.g. the cart or the page being looked at."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """Where and when: device, surface, time, fields of your own; `text` is read like a query."""
    n: int = 10
    filter: Mapping[str, Any] = field(default_factory=dict)
    """What the items must be like, see `rank.conditions`: {"genres": "Drama"},
    {"year": {"gte": 1990}}, {"or": [{…}, {"not": {…}}]}."""
    explain: bool = False
    now: float | None = None
    rules: tuple[Mapping[str, Any], ...] = ()
    """What the operator wants of the list, see `rank.rules`: {"boost": {…}, "by": 2}."""
    diversity: float = 0.0
    """From 0, the order of the scores, to 1, as unlike one another as can be."""
    explore: float | None = None
    """The share of places that may be given to a random item further down; None as in the settings.
    """
    goal: str | None = None
    """What the list is to bring in: a goal of the settings, or a column of numbers; "" for nothing,
    None as in the settings."""
    goal_weight: float | None = None
    """From 0, what is likely, to 1, what is expected to bring in most; None as in the settings."""
    popularity_lift: float | None = None
    """How many times as popular as what people take the list is to be; None as in the settings."""
    own_mix: float | None = None
    """From 0 to 1, how much the list keeps to the mix of what the person takes; None as in the
    settings."""
    own_mix_column: str | None = None
    """The column whose mix that is; None as in the settings."""
    min_relative_likelihood: float = 0.0
    """An item less than this times as likely as the best is left out; 0 leaves none out."""
    properties: tuple[str, ...] | None = None
    """Which columns of the items are wanted back; None is every attribute."""
    candidates: tuple[str, ...] | None = None
    """The only items that may be shown, where a list is to be put in order."""
    incognito: bool = False
    """Leave no trace of this question and its answer."""
    personalise: bool = True
    """False for the list that suits anybody: nothing of what the person did is read."""
    share: bool = True
    """False to have no language model elsewhere read the words of it."""
    timeout_ms: float | None = None
    """How long the answer may take; what cannot be done by then is left out and said. None waits.
    """
    window: float | None = None
    """What most people took in so many seconds up to now, instead of what suits one."""
    next_page_of: str | None = None
    """The recommendation that this is the next page of."""
    max_age: float | None = None
    """Items that came more seconds ago are left out; None as in the settings."""
    fill_up: tuple[FillSource, ...] | None = None
    """What fills up a list that is too short, the first first; None as in the settings."""
    language: str | None = None
    """Of the reasons: en, de, fr, es or zh, or a tag such as de-AT; None as in the settings."""
    query_facets: bool | None = None
    """Whether what the query names is a filter: "horror before 1980"; None as in the settings."""
    placement: str | None = None
    """The name of the placement whose defaults, filter and rules hold besides."""
    placement_applied: bool = False
    """Whether what the placement says is in this question already."""
    shelf: str | None = None
    """The id of the shelf of a page that this list is."""
    kind: ListKind | None = None
    """What items the list is made of, where it is not what suits one best."""
    media_queries: Mapping[str, str] = field(default_factory=dict)
    """Pictures that are asked with, by space, see `media.encode_query`."""

    @property
    def is_search(self) -> bool:
        """Whether it asks for something, in words or with a picture."""
        return self.query is not None or bool(self.media_queries)

    @property
    def is_personal_list(self) -> bool:
        """Whether it is a list of what suits somebody, without a search and not of the caller's."""
        is_own = self.candidates is None and self.window is None and self.kind is None
        return is_own and not self.is_search

    @property
    def is_scored(self) -> bool:
        """Whether it is put in order by scores: not by numbers of people, nor by time."""
        return not self.is_trending and self.kind != "resume"

    @property
    def is_trending(self) -> bool:
        """Whether it asks for what most people took lately."""
        return self.window is not None and self.kind is None

    def __post_init__(self) -> None:
        """Ids are text, whatever a notebook has them in: 5, 5.0 and a NumPy 5 are '5'.

        Raises InputError for what is no id, or has lost digits.
        """
        for name, value in changed_fields(_FIELDS, _values_of(self)):
            object.__setattr__(self, name, value)
        for name in ("user", "session"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, identifier(value, name))
        for name in ("items", "candidates"):
            values = getattr(self, name)
            if values is not None:
                object.__setattr__(self, name, identifiers(values, name))

    def to_json_dict(self) -> dict[str, Any]:
        """What differs from a question about nothing, for JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value, default in zip(_FIELDS, _values_of(self), _DEFAULTS, strict=True)
            if value != default
        }

    @classmethod
    def from_json_dict(cls, json_dict: Mapping[str, Any]) -> Self:
        """The inverse of `to_json_dict`."""
        arguments: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in json_dict.items()
        }
        return cls(**with_current_names(arguments))


_FIELDS = tuple(request_field.name for request_field in fields(Request))
_values_of = attrgetter(*_FIELDS)
_DEFAULTS = _values_of(Request())
OLD_REQUEST_FIELDS: Mapping[str, str] = {"floor": "min_relative_likelihood"}
"""Old name → name. Questions that were kept have the old ones; callers may for one release."""


def with_current_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a question by their present names."""
    return {OLD_REQUEST_FIELDS.get(name, name): value for name, value in fields.items()}


class Term(NamedTuple):
    """One part of a score. The terms of an item sum to its score.

    A tuple: a list is made of hundreds.
    """

    expert: str
    """What says so."""
    nats: float
    """What it adds to the score: log e of how many times likelier it makes the item."""
    event: str | None = None
    """External id of the past item, or the words of the past search, that this part comes from."""
    feature: str | None = None
    """The feature it comes from, e.g. "genre: Drama", "query", "popularity"."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """One item of the answer."""

    id: str
    position: int
    """From 1; the second page of a list goes on counting."""
    score: float
    title: str = ""
    reason: tuple[str, ...] = ()
    """The reasons in words alone."""
    terms: tuple[Term, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    propensity: float = 1.0
    """The probability with which this item is at this place, given the same scores: 1 where no
    chance was involved."""
    source: ItemSource = "model"
    progress: float | None = None
    """How far this person got with it, from 0 to 1, where they have not finished it."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """What else was asked for by `Request.properties`: texts, image, availability."""
    reasons: tuple[Reason, ...] = ()
    """Why it is in the list, the most definite first, with what each stands on."""


@dataclass(frozen=True, slots=True)
class Degradation:
    """What stood in for the whole product, and why."""

    fallback_level: FallbackLevel
    reason: str

    @property
    def to(self) -> FallbackLevel:
        """The old name of `fallback_level`, for one release."""
        return self.fallback_level

    @property
    def why(self) -> str:
        """The old name of `reason`, for one release."""
        return self.reason


@dataclass(frozen=True, slots=True)
class OmittedItem:
    """An item that was asked for by name and is not in the answer, and why."""

    id: str
    reason: str
    """In words; `rank.omissions` and `rank.filters` have all of them."""

    @property
    def why(self) -> str:
        """The old name of `reason`, for one release."""
        return self.reason


class ShortfallCount(NamedTuple):
    """How many items one reason keeps from a list."""

    code: str
    """Its name, for programs."""
    reason: str
    items: int


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a list is empty, or shorter than was asked for; and what it was filled up with."""

    requested: int
    shown: int
    catalogue: int
    """Items there are."""
    filled: int
    """Of those shown: items that fill up the list, by the setting `rank.fill_up` or the request."""
    reason: str
    """In words, with the counts."""
    counts: tuple[ShortfallCount, ...] = ()
    """Why the others are not shown, each item by the first reason. They and what is shown without
    being filled up make up the catalogue."""


@dataclass(frozen=True, slots=True)
class Recommendation(NotebookDisplay):
    """The answer. Its id goes back with the clicks on it."""

    recommendation_id: str
    model_version: str
    items: tuple[Recommended, ...]
    degraded: Degradation | None = None
    left_out: tuple[OmittedItem, ...] = ()
    """Of a list to be put in order what may not be shown; and pins that are not in their place."""
    shortfall: Shortfall | None = None
    """Why there are fewer items than were asked for; None where there are not."""
    headline: str | None = None
    """What is true of every item of the list, and so no reason for one of them."""
    event_titles: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The titles of past items that terms come from, by id; none without explain."""
    searched: SearchedQuery | None = None
    """How the query was read; None where it names nothing that filters."""
    refusals: tuple[PurposeRefusal, ...] = ()
    """What was not done for it, as it is not allowed."""
    privacy: Mapping[str, Any] | None = None
    """What of a privacy budget the model spent, `epsilon` and `delta` among it; None without one.
    """
    cover: Callable[[str], str | None] | None = field(default=None, repr=False, compare=False)
    """(item) → its cover as a data URL, or None; for notebooks, which ask when they are shown."""

    @property
    def shortfall_text(self) -> str | None:
        """The reason of `shortfall`."""
        return None if self.shortfall is None else self.shortfall.reason

    @property
    def searched_text(self) -> str | None:
        """The line of `searched`."""
        return None if self.searched is None else self.searched.text

    @property
    def omissions(self) -> Iterator[tuple[str, str]]:
        """(item, reason) of `left_out`."""
        return ((item.id, item.reason) for item in self.left_out)

    @property
    def fallback_level(self) -> FallbackLevel:
        """What scored: "full", or what stood in."""
        return "full" if self.degraded is None else self.degraded.fallback_level

    @property
    def rung(self) -> FallbackLevel:
        """The old name of `fallback_level`, for one release."""
        return self.fallback_level

    def __iter__(self) -> Iterator[Recommended]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


LoggedItem = tuple[str, int, float, str, float]
"""(item, position, propensity, source, score)"""


@dataclass(frozen=True, slots=True)
class LoggedRecommendation:
    """What is kept of an answer."""

    id: str
    at: float
    """Seconds since 1970-01-01 UTC."""
    user: str | None
    session: str | None
    model: str
    request: Mapping[str, Any]
    """`Request.to_json_dict()`."""
    items: Sequence[LoggedItem]
    owner: str | None = None
    """Whose it is: the user, or who was known on the session then; None while nobody was."""
    owner_known: bool = True
    """False while the store is away and cannot say who is known on the session."""
    placement: str | None = None
    """The placement that the question named."""
    shelf: str | None = None
    """The id of the shelf it was on a page."""

    @classmethod
    def of(
        cls,
        request: Request,
        recommendation: Recommendation,
        at: float,
        *,
        owner: str | None = None,
        owner_known: bool = True,
    ) -> Self:
        """What is kept of this answer to this question."""
        return cls(
            id=recommendation.recommendation_id,
            at=at,
            user=request.user,
            session=request.session,
            model=recommendation.model_version,
            request=request.to_json_dict(),
            items=[
                (item.id, item.position, item.propensity, item.source, item.score)
                for item in recommendation.items
            ],
            owner=owner or request.user,
            owner_known=owner_known,
            placement=request.placement,
            shelf=request.shelf,
        )

    def position(self, item: str) -> int | None:
        """Where the item was, None if it was not in the list."""
        return next((logged_item[1] for logged_item in self.items if logged_item[0] == item), None)


@dataclass(frozen=True, slots=True)
class Unattributed:
    """An event that was taken but does not fit the list it names."""

    event_id: str
    recommendation_id: str
    problem: str
