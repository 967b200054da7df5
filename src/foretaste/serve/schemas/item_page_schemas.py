"""In: which item, for whom, in the address. Out: all that its page shows."""

from typing import Annotated, Any

from pydantic import Field

from foretaste.domain.feature_types import FeatureType
from foretaste.online.item_page import FILTERABLE_TYPES, ItemFact, ItemPage
from foretaste.rank.facets import value_filter
from foretaste.serve.schemas.list_schemas import LanguageTag, PlacementName, Timeout
from foretaste.serve.schemas.page_schemas import OmittedShelfOut, ShelfOut, page_json
from foretaste.serve.schemas.values import MAX_ITEMS, Id, RequestSchema, ResponseSchema


class ItemPageQuery(RequestSchema):
    """For whom the page is."""

    user: Id | None = None
    session: Id | None = None
    n: Annotated[int, Field(ge=1, le=MAX_ITEMS)] = 12
    """How many items each list has."""
    placement: PlacementName | None = None
    """Of both lists."""
    language: LanguageTag | None = None
    timeout_ms: Timeout | None = None
    """Of the whole page."""
    incognito: bool = False
    """Leave no trace of the question and its answer."""


class FactValueOut(ResponseSchema):
    """One value of an item."""

    value: str
    text: str
    """As people read it."""
    filter: dict[str, Any] | None = None
    """What finds more items that have it; absent for numbers."""


class ItemFactOut(ResponseSchema):
    """One column of an item."""

    column: str
    label: str
    type: FeatureType
    text: str
    """All its values."""
    values: list[FactValueOut]


class PageItemOut(ResponseSchema):
    """The item."""

    id: str
    title: str
    """As people read it: “The Matrix”, not “Matrix, The”."""
    description: str
    """Its most telling text; empty where it has none."""
    image: str | None = None
    available: bool
    """Whether lists may show it now."""
    attributes: dict[str, list[str]]
    facts: list[ItemFactOut]
    """The most telling first, in the language asked; no ids, addresses or counts."""


class ItemPageAnswer(ResponseSchema):
    """The item, and the lists beside it."""

    item: PageItemOut
    model_version: str
    shelves: list[ShelfOut]
    left_out: list[OmittedShelfOut]


def item_page_json(page: ItemPage) -> dict[str, Any]:
    """The answer as plain values."""
    item = page.item
    content: dict[str, Any] = {
        "id": item.id,
        "title": page.title,
        "description": page.description,
        "available": page.is_available,
        "attributes": item.attributes,
        "facts": [_fact_json(fact) for fact in page.facts],
    }
    if item.image is not None:
        content["image"] = item.image
    return {"item": content, **page_json(page.lists)}


def _fact_json(fact: ItemFact) -> dict[str, Any]:
    values = []
    for value, text in fact.values:
        own: dict[str, Any] = {"value": value, "text": text}
        if fact.type in FILTERABLE_TYPES:
            own["filter"] = value_filter(fact.column, value, fact.type)
        values.append(own)
    return {
        "column": fact.column,
        "label": fact.label,
        "type": fact.type,
        "text": fact.text,
        "values": values,
    }
