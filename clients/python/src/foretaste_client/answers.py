"""What the service answers, as types: its JSON in, frozen dataclasses out.

A field that this version does not know is passed over, so a newer service can be called.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter
from pydantic.dataclasses import dataclass as checked_dataclass

if TYPE_CHECKING:
    import pandas
    import polars

Json = Mapping[str, Any]


class ServiceError(Exception):
    """The service answered with an error: a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Json, *, wait: float = 0.0) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or status))
        self.status = status
        self.kind = str(problem.get("type", "")).rpartition(":")[2]
        """What went wrong, e.g. "invalid"; a name that does not change."""
        self.problem = problem
        self.wait = wait
        """Seconds after which the service asks to be tried again."""


def _none_is_empty(value: Any) -> Any:
    """Some fields are null, or absent, where there is nothing."""
    return () if value is None else value


OrEmpty = BeforeValidator(_none_is_empty)


def either(name: str, old_name: str) -> Any:
    """A field that a service of the release before sends by its old name."""
    return Field(validation_alias=AliasChoices(name, old_name))


@checked_dataclass(frozen=True, slots=True)
class Term:
    """One part of a score. The terms of an item sum to its score."""

    expert: str
    nats: float
    event: str | None = None
    """The id of the past item, or the words of the past search, that this part comes from."""
    feature: str | None = None
    """The feature it comes from, e.g. "genre: Drama", "query", "popularity"."""


@checked_dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is in a list: a sentence, and what it stands on."""

    text: str
    """For people, in the language of the request."""
    contribution: float = 0.0
    """Nats by which it raises the score."""
    share: float = 0.0
    """Of all that raises the score, from 0 to 1."""
    expert: str = ""
    event: str | None = None
    """The id of the past item, or the words of the past search, that it comes from."""
    feature: str | None = None
    """The feature it comes from, e.g. "genre: Drama"."""


@checked_dataclass(frozen=True, slots=True)
class Recommended:
    """One item of a list."""

    id: str
    position: int
    """From 1; the second page of a list goes on counting."""
    score: float
    title: str = ""
    reason: Annotated[tuple[str, ...], OrEmpty] = ()
    """The texts of `reasons`."""
    terms: Annotated[tuple[Term, ...], OrEmpty] = ()
    """With `explain=True`."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    propensity: float = 1.0
    """The probability with which this item is at this position, given the same scores."""
    source: str = "model"
    """What brought the item here: "model", "pinned", "promoted", "explored", "new", …"""
    progress: float | None = None
    """How far this person got with it, from 0 to 1, where they have not finished it."""
    properties: Annotated[Mapping[str, Any], BeforeValidator(lambda value: value or {})] = field(
        default_factory=dict
    )
    """What else was asked for by `properties`: texts, image, availability."""
    reasons: Annotated[tuple[Reason, ...], OrEmpty] = ()
    """Why it is here, the most definite first, with what each reason stands on."""


@checked_dataclass(frozen=True, slots=True)
class Degraded:
    """What stood in for the whole model, and why."""

    fallback_level: Annotated[str, either("fallback_level", "to")]
    reason: Annotated[str, either("reason", "why")]

    @property
    def to(self) -> str:
        """The old name of `fallback_level`, for one release."""
        return self.fallback_level

    @property
    def why(self) -> str:
        """The old name of `reason`, for one release."""
        return self.reason


@checked_dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that was asked for by name and is not in the list, and why: a candidate or a pin."""

    id: str
    reason: Annotated[str, either("reason", "why")]

    @property
    def why(self) -> str:
        """The old name of `reason`, for one release."""
        return self.reason


@checked_dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a list is empty, or shorter than was asked for."""

    requested: int
    shown: int
    catalogue: int
    """Items there are."""
    filled: int
    """Of those shown: items that fill up the list, see `fill_up`."""
    reason: str
    """In words, with the counts."""
    counts: tuple[Json, ...] = ()
    """`code`, `reason` and how many `items`, of each reason."""


@checked_dataclass(frozen=True, slots=True)
class QueryFacet:
    """What was found in the query and acts as a filter."""

    text: str
    """For people: "before 1980"."""
    filter: Json
    """As in the request's `filter`."""
    applied: bool = True
    """False where nothing would have been left: then it does not filter."""


@checked_dataclass(frozen=True, slots=True)
class SearchedQuery:
    """How the query was read."""

    text: str
    """In one line, for over the list."""
    words: str | None = None
    """What was searched for as words; None where all of it is facets."""
    facets: tuple[QueryFacet, ...] = ()


@checked_dataclass(frozen=True, slots=True)
class Recommendation:
    """A list. Its id goes back with the clicks on it."""

    recommendation_id: str
    model_version: str
    items: tuple[Recommended, ...]
    degraded: Degraded | None = None
    left_out: Annotated[tuple[LeftOut, ...], OrEmpty] = ()
    """Of a list to be put in order what may not be shown; and pins that are not in their place."""
    shortfall: Shortfall | None = None
    """Why there are fewer items than were asked for; None where there are not."""
    headline: str | None = None
    """What is true of every item of the list."""
    searched: SearchedQuery | None = None
    """How the query was read; None where it names nothing that filters."""

    @property
    def level(self) -> str:
        """What scored: "full", or what stood in."""
        return "full" if self.degraded is None else self.degraded.fallback_level

    @property
    def rung(self) -> str:
        """The old name of `level`, for one release."""
        return self.level

    def __iter__(self) -> Iterator[Recommended]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def to_pandas(self) -> "pandas.DataFrame":
        """A row an item: position, id, title, score, reason. Needs pandas."""
        import pandas  # of whoever wants a frame; the client does without

        return pandas.DataFrame(self._columns())

    def to_polars(self) -> "polars.DataFrame":
        """The same as a polars frame. Needs polars."""
        import polars

        return polars.DataFrame(self._columns(), strict=False)

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "position": [item.position for item in self.items],
            "id": [item.id for item in self.items],
            "title": [item.title for item in self.items],
            "score": [item.score for item in self.items],
            "reason": ["; ".join(item.reason) for item in self.items],
        }


@checked_dataclass(frozen=True, slots=True)
class Shelf:
    """One list of a page. Its id goes back with the clicks on it."""

    id: str
    kind: str
    title: str
    recommendation_id: str
    items: tuple[Recommended, ...]
    placement: str | None = None
    item: Json | None = None
    """`id` and `title` of the item that it is about, where it is about one."""
    taste: float | None = None
    """How much of what this person likes best it holds, from 0 to 1."""
    degraded: Degraded | None = None
    shortfall: Shortfall | None = None
    headline: str | None = None

    def __iter__(self) -> Iterator[Recommended]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@checked_dataclass(frozen=True, slots=True)
class OmittedShelf:
    """A shelf that was asked for and is not on the page, and why."""

    id: str
    kind: str
    code: str
    """empty, repeated, late or failed."""
    reason: str


@checked_dataclass(frozen=True, slots=True)
class ShopPage:
    """Several lists at once; no item is in two of them."""

    model_version: str
    shelves: tuple[Shelf, ...]
    left_out: tuple[OmittedShelf, ...] = ()

    def __iter__(self) -> Iterator[Shelf]:
        return iter(self.shelves)

    def __len__(self) -> int:
        return len(self.shelves)


@checked_dataclass(frozen=True, slots=True)
class ItemPage:
    """What the page of an item shows."""

    item: Json
    """Title, description, image, facts, as `GET /v1/items/{id}/page` has them."""
    model_version: str
    shelves: tuple[Shelf, ...]
    left_out: tuple[OmittedShelf, ...] = ()


@checked_dataclass(frozen=True, slots=True)
class Suggestion:
    """One line below a search field."""

    kind: str
    """item, value or query."""
    text: str
    matches: tuple[tuple[int, int], ...] = ()
    """[start, end) of the text that was typed."""
    item: str | None = None
    image: str | None = None
    column: str | None = None
    label: str | None = None
    value: str | None = None
    items: int | None = None
    """Of a value, how many items it would show."""
    filter: Json | None = None
    people: int | None = None
    """Of a query, how many people searched for it."""


@checked_dataclass(frozen=True, slots=True)
class Suggestions:
    """What somebody may mean who is typing."""

    query: str
    suggestions: tuple[Suggestion, ...]
    corrected: str | None = None
    """What was meant, where it was mistyped."""

    def __iter__(self) -> Iterator[Suggestion]:
        return iter(self.suggestions)


@checked_dataclass(frozen=True, slots=True)
class Aspect:
    """What reviews say of one thing about an item."""

    name: str
    praise: int
    """Authors who praise it."""
    blame: int
    """Authors who criticise it."""
    sentences: tuple[str, ...] = ()
    """That say so: what anybody may have written."""


@checked_dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that was not accepted, and why."""

    index: Annotated[int, either("line", "index")]
    """Its number among those sent, from 0; of JSON Lines its line, from 1."""
    field: str
    problem: str
    value: str
    remedy: str


@checked_dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of rows that were sent."""

    accepted: int
    """New, or changed."""
    duplicates: Annotated[int, either("duplicates", "known")]
    """There already."""
    rejected: tuple[RejectedRow, ...] = ()
    event_ids: tuple[str | None, ...] = ()
    """Of events: one each, None where it was rejected."""
    unattributed: tuple[Json, ...] = ()
    """Of events: those that do not fit the list they name, and why."""
    conflicts: tuple[Json, ...] = ()
    """Of events: duplicates that say something else than the first with their event_id."""

    @property
    def known(self) -> int:
        """The old name of `duplicates`, for one release."""
        return self.duplicates


@dataclass(frozen=True, slots=True)
class Page:
    """Items or users, and where to go on."""

    rows: Sequence[Json]
    cursor: str | None
    """Send it with the next call; None at the end."""


@checked_dataclass(frozen=True, slots=True)
class Erasure:
    """The receipt of a user forgotten."""

    user: str
    erased: Mapping[str, int]
    recounted_versions: Annotated[tuple[str, ...], either("recounted_versions", "recounted")] = ()
    """The versions of the model whose counts were taken anew without them."""
    pending: Annotated[tuple[str, ...], either("pending", "waits")] = ()
    """What may still hold something of them, and until when."""

    @property
    def recounted(self) -> tuple[str, ...]:
        """The old name of `recounted_versions`, for one release."""
        return self.recounted_versions

    @property
    def waits(self) -> tuple[str, ...]:
        """The old name of `pending`, for one release."""
        return self.pending


@checked_dataclass(frozen=True, slots=True)
class TakeBack:
    """What became of events that were taken back."""

    taken_back: int
    """They were there and are gone."""
    duplicates: int
    """They were taken back or erased before."""
    unknown: tuple[str, ...] = ()
    """Ids that no event ever had."""
    pending: tuple[str, ...] = ()
    """What still counts them, and until when."""


recommendation = TypeAdapter(Recommendation).validate_python
shop_page = TypeAdapter(ShopPage).validate_python
item_page = TypeAdapter(ItemPage).validate_python
aspects = TypeAdapter(tuple[Aspect, ...]).validate_python
suggestions = TypeAdapter(Suggestions).validate_python
batch_result = TypeAdapter(BatchResult).validate_python
erasure = TypeAdapter(Erasure).validate_python
take_back = TypeAdapter(TakeBack).validate_python
