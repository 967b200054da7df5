"""In: which columns people choose by. Out: each with its values or ranges, named and counted."""

from typing import Any

from foretaste.domain.feature_types import FeatureType
from foretaste.generate.item_display import ItemDisplay
from foretaste.generate.range_labels import range_label
from foretaste.online.facets import FacetCounts
from foretaste.rank.facets import Facet, plain_number, range_filter, value_filter
from foretaste.serve.schemas.values import ResponseSchema


def facet_specs(facets: Any) -> list[Any] | None:
    """The columns of a body as the workspace takes them; None is all."""
    if facets is None or facets is True:
        return None
    return [own if isinstance(own, str) else own.model_dump() for own in facets]


class FacetValueOut(ResponseSchema):
    """One value that can be chosen."""

    value: str
    label: str
    """As people read it."""
    items: int
    """How many items it would show, beside what is selected in other columns."""
    selected: bool
    filter: dict[str, Any]
    """What chooses it alone, for the top level of `filter`; several of a column in one list."""


class FacetRangeOut(ResponseSchema):
    """One range that can be chosen."""

    gte: float | None = None
    lt: float | None = None
    label: str
    items: int
    selected: bool
    filter: dict[str, Any]


class FacetOut(ResponseSchema):
    """One column: values, or ranges where it has numbers."""

    column: str
    label: str
    type: FeatureType
    values: list[FacetValueOut] | None = None
    more: int | None = None
    """Values that are not listed."""
    ranges: list[FacetRangeOut] | None = None
    unit: str | None = None
    min: float | None = None
    max: float | None = None


class FacetsAnswer(ResponseSchema):
    """What can be chosen, and how many items are left."""

    items: int
    """Of variants of a product one."""
    facets: list[FacetOut]


def facets_json(counts: FacetCounts, display: ItemDisplay) -> dict[str, Any]:
    """The answer as plain values."""
    return {
        "items": counts.items,
        "facets": [facet_json(facet, display) for facet in counts.facets],
    }


def facet_json(facet: Facet, display: ItemDisplay) -> dict[str, Any]:
    """One column as plain values."""
    description = display.describe(facet.column)
    content: dict[str, Any] = {
        "column": facet.column,
        "label": display.column_label(description),
        "type": facet.type,
    }
    if facet.type in ("list", "category", "flag"):
        content["values"] = [
            {
                "value": own.value,
                "label": display.value_label(description, own.value),
                "items": own.items,
                "selected": own.selected,
                "filter": value_filter(facet.column, own.value, facet.type),
            }
            for own in facet.values
        ]
        return content | {"more": facet.more}
    content["ranges"] = [
        {
            **_bounds(own.low, own.high),
            "label": range_label(description, display, (own.low, own.high), facet.high),
            "items": own.items,
            "selected": own.selected,
            "filter": range_filter(facet.column, own, facet.type),
        }
        for own in facet.ranges
    ]
    content["unit"] = description.unit or None
    for name, bound in (("min", facet.low), ("max", facet.high)):
        content[name] = None if bound is None else plain_number(bound)
    return content


def _bounds(low: float | None, high: float | None) -> dict[str, Any]:
    bounds = {"gte": low, "lt": high}
    return {name: plain_number(bound) for name, bound in bounds.items() if bound is not None}
