"""In: a placement that is not kept yet. Out: the lists of some people without and with it."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from foretaste.serve.schemas.model_schemas import MAX_SAMPLED_PEOPLE, ListPairOut
from foretaste.serve.schemas.values import Id, Query, RequestSchema, ResponseSchema

PlacementSpec = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]


class DryRunBody(RequestSchema):
    """What would change, and for whom to look."""

    placement: PlacementSpec
    """As it would be, as in `PUT /v1/placements/{name}`."""
    name: Annotated[str, Field(max_length=64)] | None = None
    """The placement that it would replace; without it, lists of no placement are what is compared
    with."""
    users: list[Id] | None = Field(default=None, min_length=1, max_length=MAX_SAMPLED_PEOPLE)
    """Whose lists; without it, a stranger's and those of people who did something last."""
    people: Annotated[int, Field(ge=1, le=MAX_SAMPLED_PEOPLE)] = 8
    """How many, where `users` is left out."""
    query: Query | None = None
    items: list[Id] = Field(default=[], max_length=100)
    """Seeds, for the placement of an item's page or of a cart."""


class DryRunAnswer(ResponseSchema):
    """The lists, and how much differs. Nothing was kept."""

    pairs: list[ListPairOut]
    """`first` is what people get now, `second` what they would get."""
    changed_share: float
    """Of all places, those that have another item."""
    replaced_share: float
    """Of the items that would be shown, those that are not shown now."""
    empty_lists: int
    """People who would get nothing."""
