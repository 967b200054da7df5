"""In: which items and people whoever runs the shop looks for. Out: all that is known of them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from foretaste.behaviour.export import item_to_json
from foretaste.behaviour.operator_reads import AttributedEvent
from foretaste.domain.data import Item
from foretaste.online.item_facts import ItemKnowledge, ItemNeighbour
from foretaste.serve.schemas.catalogue_schemas import ItemRow, decode_cursor
from foretaste.serve.schemas.event_schemas import EventRow
from foretaste.serve.schemas.preference_schemas import PreferenceOut
from foretaste.serve.schemas.values import RequestSchema, ResponseSchema

MAX_ROWS = 200
"""Rows of an answer."""
MAX_FILTER_CHARACTERS = 10_000
SearchText = Annotated[str, Field(max_length=200)]

ItemState = Literal["all", "shown", "hidden", "upcoming", "ended"]


class CatalogueQuery(RequestSchema):
    """Which items, in the address."""

    q: SearchText = ""
    """A part of the id or the title, in upper or lower case."""
    state: ItemState = "all"
    """Those on offer, hidden by hand, not on offer yet or not any more."""
    filter: Annotated[str, Field(max_length=MAX_FILTER_CHARACTERS)] | None = None
    """A filter as JSON, as in `/v1/recommend`."""
    n: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 50
    cursor: Annotated[str, Field(max_length=4000), AfterValidator(decode_cursor)] = ""
    """That of the answer before."""


class CatalogueRow(ResponseSchema):
    """An item in a list of many."""

    id: str
    title: str
    image: str | None = None
    state: Literal["shown", "hidden", "upcoming", "ended"]
    attributes: dict[str, list[str]]

    @classmethod
    def of(cls, item: Item, now: float) -> "CatalogueRow":
        """The item as it is listed."""
        return cls(
            id=item.id,
            title=item.title,
            image=item.image,
            state=item_state(item, now),
            attributes={name: list(values) for name, values in item.attributes.items()},
        )


def item_state(item: Item, now: float) -> Literal["shown", "hidden", "upcoming", "ended"]:
    """Whether it is on offer, and why not."""
    if item.hidden:
        return "hidden"
    if item.available_from is not None and item.available_from > now:
        return "upcoming"
    is_ended = item.available_until is not None and item.available_until <= now
    return "ended" if is_ended else "shown"


class CataloguePage(ResponseSchema):
    """Items that were looked for, in the order of the ids."""

    items: list[CatalogueRow]
    cursor: str | None = None
    """Send it with the next call; absent at the end."""


class NeighbourOut(ResponseSchema):
    """An item close to another."""

    id: str
    title: str
    closeness: float
    """In text the cosine, 1 at most. In behaviour how often both were taken close together."""


class TakerOut(ResponseSchema):
    """Somebody who did something with the item."""

    user: str | None = None
    session: str | None = None
    event_type: str
    value: float | None = None
    at: float
    recommendation_id: str | None = None

    @classmethod
    def of(cls, event: AttributedEvent) -> "TakerOut":
        """The event as it is listed."""
        return cls(
            user=event.user,
            session=event.session,
            event_type=event.kind,
            value=event.value,
            at=event.at,
            recommendation_id=event.recommendation_id or None,
        )


class FeatureTypeOut(ResponseSchema):
    """A column of the item, and as what its values are read."""

    column: str
    type: str


class ItemDetails(ResponseSchema):
    """All that is known of an item."""

    item: ItemRow
    state: Literal["shown", "hidden", "upcoming", "ended"]
    missing: list[Literal["hidden", "upcoming", "ended", "not-met", "no-text", "never-taken"]]
    """What may keep it out of lists. `not-met`: the model has not taken it in yet; `no-text`: there
    is nothing to read of it; `never-taken`: nobody has taken it, so only its text speaks for it."""
    text: str | None = None
    """What the language model reads of it; null while the model has not met it."""
    feature_types: list[FeatureTypeOut]
    times_taken: float | None = None
    """How often it was taken, as the model counts."""
    popularity_rank: int | None = None
    """1 is what people take most."""
    event_counts: dict[str, int]
    """By event type, of at most 50,000 events."""
    newest_events: list[TakerOut]
    text_neighbours: list[NeighbourOut]
    behaviour_neighbours: list[NeighbourOut]


def item_details(
    item: Item,
    knowledge: ItemKnowledge | None,
    missing: list[str],
    event_counts: dict[str, int],
    newest_events: list[AttributedEvent],
    now: float,
) -> dict[str, Any]:
    """`ItemDetails` as JSON."""
    return {
        "item": item_to_json(item),
        "state": item_state(item, now),
        "missing": missing,
        "text": None if knowledge is None else knowledge.text,
        "feature_types": [
            {"column": column, "type": feature_type}
            for column, feature_type in (() if knowledge is None else knowledge.feature_types)
        ],
        "times_taken": None if knowledge is None else knowledge.times_taken,
        "popularity_rank": None if knowledge is None else knowledge.popularity_rank,
        "event_counts": event_counts,
        "newest_events": [TakerOut.of(event).model_dump() for event in newest_events],
        "text_neighbours": _neighbours(() if knowledge is None else knowledge.text_neighbours),
        "behaviour_neighbours": _neighbours(
            () if knowledge is None else knowledge.behaviour_neighbours
        ),
    }


def _neighbours(neighbours: tuple[ItemNeighbour, ...]) -> list[dict[str, Any]]:
    return [
        {"id": neighbour.id, "title": neighbour.title, "closeness": neighbour.closeness}
        for neighbour in neighbours
    ]


class PeopleQuery(RequestSchema):
    """Which people, in the address."""

    q: SearchText = ""
    """The beginning of the id; without it those who did something last."""
    n: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 30


class PersonRow(ResponseSchema):
    """Somebody in a list of many."""

    user: str
    at: float | None = None
    """When they last did something; null where that was not looked up."""


class PeopleAnswer(ResponseSchema):
    """People who were looked for."""

    people: list[PersonRow]
    has_more: bool
    """Whether there are more: send a longer beginning of the id."""


class PersonQuery(RequestSchema):
    """How much of a person, in the address."""

    n: Annotated[int, Field(ge=1, le=500)] = 100
    """Events and lists each, the newest."""


class TimelineEvent(EventRow):
    """Something that they did."""

    title: str | None = None
    """Of the item."""


class GivenListOut(ResponseSchema):
    """A list that they were given."""

    recommendation_id: str
    at: float
    placement: str | None = None
    version: str
    """Of the model."""
    items: list[list[Any]]
    """item, position, propensity, source, score"""
    titles: dict[str, str]
    """Of these items, by id."""


class PersonDetails(ResponseSchema):
    """What is kept of a person, the newest of it."""

    user: str
    attributes: dict[str, list[str]]
    sessions: list[str]
    """On which they were identified; at most 50."""
    events: list[TimelineEvent]
    """The newest first."""
    lists: list[GivenListOut]
    """Likewise."""
    changes: list[PreferenceOut]
    """What they changed about their lists."""
