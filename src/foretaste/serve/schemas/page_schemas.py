"""In: the shelves of a page, as JSON. Out: its lists, one below the other."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool
from pydantic_core import to_json

from foretaste.behaviour.export import recommendation_to_json
from foretaste.domain.request import FillSource
from foretaste.domain.shelf import Page, PageOrder, Shelf, ShelfKind
from foretaste.online.shelf_requests import MAX_ID_LENGTH, MAX_SHELVES
from foretaste.serve.schemas.list_schemas import LanguageTag, PlacementName, Share, Timeout
from foretaste.serve.schemas.recommendation_schemas import (
    DegradationOut,
    OmittedItemOut,
    RankedItem,
    ShortfallOut,
)
from foretaste.serve.schemas.values import (
    Column,
    Context,
    Count,
    Filter,
    Id,
    Query,
    RequestSchema,
    ResponseSchema,
    Rules,
)

MAX_TITLE_LENGTH = 500


ShelfId = Annotated[Column, Field(min_length=1, max_length=MAX_ID_LENGTH)]
ShelfTitle = Annotated[Column, Field(max_length=MAX_TITLE_LENGTH)]


class ShelfBody(RequestSchema):
    """One list of the page. What it does not say its placement does, then the page."""

    id: ShelfId | None = None
    """Yours; told with the list, and kept with it. Without one the kind."""
    kind: ShelfKind | None = None
    """for_you: what suits this person. because_you_took: what goes with the item they took last, or
    with `item`. similar: to `item` or `items`. popular: what most people took within `window`. new:
    what came within `window`, or is newest, and suits them. explore: away from their usual.
    bought_together: with `item` or `items`. continue: what goes on from `items`, a playlist, or
    from their last session. resume: what they began and have not finished, with `progress`, and the
    next parts of their series, what they were last at first: “Continue watching”; where
    `[rank.resume]` is set. search: what answers `query`. Without it what the other fields say."""
    title: ShelfTitle | None = None
    """Without one a title in the language of the request."""
    placement: PlacementName | None = None
    n: Count | None = None
    item: Id | None = None
    items: list[Id] | None = Field(default=None, max_length=100)
    query: Query | None = None
    window: str | None = Field(default=None, max_length=20)
    """24h, 7d, 2w, or a number of seconds."""
    filter: Filter | None = None
    """Besides the filter of the page."""
    rules: Rules | None = None
    diversity: Share | None = None
    explore: Share | None = None
    min_relative_likelihood: Share | None = None
    fill_up: list[FillSource] | None = Field(default=None, max_length=5)


class PageBody(RequestSchema):
    """For whom, and which shelves."""

    user: Id | None = None
    session: Id | None = None
    context: Context = Field(default_factory=dict)
    filter: Filter = Field(default_factory=dict)
    """What the items of every shelf must be like."""
    placement: PlacementName | None = None
    """Of every shelf that names none of its own."""
    n: Count | None = None
    """How many items a shelf has that does not say."""
    order: PageOrder = "given"
    """`given`, or `by_taste`: first what this person likes best, see `taste`."""
    explain: StrictBool = False
    properties: list[Column] | None = Field(default=None, max_length=100)
    incognito: StrictBool = False
    timeout_ms: Timeout | None = None
    """Of the whole page. Without it what `rank.timeout_ms` in the settings says, for each shelf."""
    language: LanguageTag | None = None
    stream: StrictBool = False
    """The page as JSON Lines, each an answer with one shelf, sent as soon as it is made; the last
    has `left_out`. Show the first while the others are made. `taste` is told, and order by it
    given, only with `by_taste`, when all are there."""
    shelves: list[ShelfBody] = Field(min_length=1, max_length=MAX_SHELVES)

    def common_fields(self, language: str | None) -> dict[str, Any]:
        """What holds for every shelf."""
        names = ("session", "context", "filter", "placement", "n", "explain", "incognito")
        fields = {name: getattr(self, name) for name in names}
        properties = None if self.properties is None else tuple(self.properties)
        return {**fields, "properties": properties, "language": self.language or language}

    def shelf_specs(self) -> list[dict[str, Any]]:
        """Each shelf as the workspace takes it."""
        return [shelf.model_dump(exclude_none=True) for shelf in self.shelves]


class ShelfItemOut(ResponseSchema):
    """The item that a shelf is about."""

    id: str
    title: str


class ShelfOut(ResponseSchema):
    """One list of the page, as that of `/v1/recommend`."""

    id: str
    kind: ShelfKind
    title: str
    recommendation_id: str
    """Send it back with what people do with this shelf."""
    placement: str | None = None
    item: ShelfItemOut | None = None
    """That it is about, where it is about one."""
    taste: float | None = None
    """How much of what this person likes best it holds, from 0 to 1: the mean probability of its
    first five items under the model, over that of the five that they like best. Comparable from
    shelf to shelf. Null where there was no time to tell."""
    headline: str | None = None
    items: list[RankedItem]
    degraded: DegradationOut | None = None
    left_out: list[OmittedItemOut] | None = None
    shortfall: ShortfallOut | None = None


class OmittedShelfOut(ResponseSchema):
    """A shelf that is not on the page, and why."""

    id: str
    kind: ShelfKind
    code: Literal["empty", "repeated", "late", "failed"]
    """There is nothing to show; all of it is on earlier shelves; the time was over; it failed."""
    reason: str


class PageAnswer(ResponseSchema):
    """The page. No item is on it twice."""

    model_version: str
    shelves: list[ShelfOut]
    left_out: list[OmittedShelfOut]


def encode_page(page: Page, *, explain: bool = False) -> bytes:
    """The answer as it is sent."""
    return to_json(page_json(page, explain=explain))


def page_json(page: Page, *, explain: bool = False) -> dict[str, Any]:
    """The answer as plain values."""
    return {
        "model_version": page.model_version,
        "shelves": [shelf_json(shelf, explain=explain) for shelf in page.shelves],
        "left_out": [
            {"id": omitted.id, "kind": omitted.kind, "code": omitted.code, "reason": omitted.reason}
            for omitted in page.left_out
        ],
    }


def shelf_json(shelf: Shelf, *, explain: bool = False) -> dict[str, Any]:
    """One shelf as plain values."""
    content: dict[str, Any] = {"id": shelf.id, "kind": shelf.kind, "title": shelf.title}
    own = recommendation_to_json(shelf.recommendation, explain=explain)
    del own["model_version"]
    content |= own | {"taste": shelf.taste}
    if shelf.placement is not None:
        content["placement"] = shelf.placement
    if shelf.item is not None:
        content["item"] = dict(zip(("id", "title"), shelf.item, strict=True))
    return content
