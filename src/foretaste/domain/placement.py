"""The nouns of placements: places of a shop that lists are shown at, kept by name.

What a placement says (n, filter, rules, …) is a plain mapping here; `rank.placement` checks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PlacementRecord:
    """A placement as it is kept in the store."""

    name: str
    placement: Mapping[str, Any]
    at: float
    """When it was put, seconds since 1970."""
    author: str | None = None
    """The name of the key that put it; None where no key was asked for."""


@dataclass(frozen=True, slots=True)
class PlacementChange:
    """One change of a placement."""

    number: int
    """Counts all changes up, from 1."""
    name: str
    placement: Mapping[str, Any] | None
    """What it was from then on; None where it was deleted."""
    at: float
    author: str | None = None
