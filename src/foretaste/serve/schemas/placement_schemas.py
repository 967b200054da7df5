"""In: a placement as JSON. Out: the placements there are, where each comes from, its changes."""

from typing import Any, Literal

from pydantic import Field

from foretaste.domain.placement import PlacementChange
from foretaste.domain.request import FillSource
from foretaste.online.placement_book import NamedPlacement
from foretaste.rank.placement import MAX_LIST_ITEMS, MAX_TIMEOUT_MS, placement_json
from foretaste.serve.schemas.list_schemas import Share
from foretaste.serve.schemas.values import Filter, ResponseSchema, Rules


class PlacementOut(ResponseSchema):
    """What holds for every list at this place; what is left out is the caller's to say."""

    description: str | None = Field(default=None, max_length=2000)
    """For people."""
    n: int | None = Field(default=None, ge=1, le=MAX_LIST_ITEMS)
    filter: Filter | None = None
    """Besides the caller's."""
    rules: Rules | None = None
    """Before the caller's."""
    diversity: Share | None = None
    explore: Share | None = None
    min_relative_likelihood: Share | None = None
    fill_up: list[FillSource] | None = None
    context: dict[str, Any] | None = None
    """What the caller's context has wins."""
    properties: list[str] | None = None
    timeout_ms: float | None = Field(default=None, gt=0, le=MAX_TIMEOUT_MS)


class NamedPlacementOut(ResponseSchema):
    """A placement that holds."""

    name: str
    source: Literal["stored", "settings"]
    """Whether it was put here, or is in the settings of the workspace."""
    overrides_settings: bool
    """Whether the settings have one of this name, which this one replaces."""
    at: float | None = None
    """When it was put, seconds since 1970."""
    by: str | None = None
    """The name of the key that put it."""
    placement: PlacementOut


class PlacementsAnswer(ResponseSchema):
    """All that hold, by name."""

    placements: list[NamedPlacementOut]


class PlacementChangeOut(ResponseSchema):
    """One change."""

    number: int
    at: float
    by: str | None = None
    placement: PlacementOut | None = None
    """What it was from then on; null where it was deleted."""


class PlacementChangesAnswer(ResponseSchema):
    """What became of it, the newest first."""

    changes: list[PlacementChangeOut]


class UndoAnswer(ResponseSchema):
    """What holds after a change was taken back."""

    deleted: bool
    """Whether nothing was put before that change, so that it is gone."""
    placement: NamedPlacementOut | None = None
    """What holds now: as it was put before, or that of the settings."""


def named_placement_json(stored_placement: NamedPlacement) -> dict[str, Any]:
    """As it is sent."""
    record = stored_placement.record
    return {
        "name": stored_placement.name,
        "source": "settings" if record is None else "stored",
        "overrides_settings": stored_placement.overrides_settings,
        "at": None if record is None else record.at,
        "by": None if record is None else record.author,
        "placement": placement_json(stored_placement.placement),
    }


def change_json(change: PlacementChange) -> dict[str, Any]:
    """As it is sent."""
    return {
        "number": change.number,
        "at": change.at,
        "by": change.author,
        "placement": None if change.placement is None else dict(change.placement),
    }
