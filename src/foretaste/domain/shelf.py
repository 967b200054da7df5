"""The nouns of a page: several lists that are shown at once, called shelves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from foretaste.domain.request import Recommendation

ShelfKind = Literal[
    "for_you",
    "because_you_took",
    "similar",
    "popular",
    "new",
    "explore",
    "bought_together",
    "continue",
    "resume",
    "search",
]
"""What a shelf shows: what suits the person; what goes with an item they took; what is like some
items; what most people took lately; what is new and suits them; what is away from their usual; what
people take together with some items; what goes on from some items, or from the last session; what
they began and have not finished; what answers a query."""
SHELF_KINDS: tuple[ShelfKind, ...] = get_args(ShelfKind)
OmissionCode = Literal["empty", "repeated", "late", "failed"]
"""Why a shelf is not on the page: there is nothing to show; all of it is on earlier shelves; the
time is over; it went wrong."""
PageOrder = Literal["given", "by_taste"]
"""Of the shelves: as they were asked for, or what this person likes best first."""


@dataclass(frozen=True, slots=True)
class ShelfRequest:
    """One shelf that is asked for."""

    id: str
    kind: ShelfKind
    fields: Mapping[str, Any]
    """Of `domain.request.Request`: n, filter, rules, items, query, window, placement, …"""
    title: str | None = None
    """None is a title in the language of the request."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One list of a page."""

    id: str
    kind: ShelfKind
    title: str
    recommendation: Recommendation
    placement: str | None = None
    item: tuple[str, str] | None = None
    """(id, title) of the item that it is about, where it is about one."""
    taste: float | None = None
    """How much of what this person likes best it holds, from 0 to 1: the probability of its first
    items under the model, over that of as many that they like best. None where that is not known.
    """

    def __len__(self) -> int:
        return len(self.recommendation.items)


@dataclass(frozen=True, slots=True)
class OmittedShelf:
    """A shelf that was asked for and is not on the page."""

    id: str
    kind: ShelfKind
    code: OmissionCode
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """The shelves, in the order in which they are shown."""

    model_version: str
    shelves: tuple[Shelf, ...]
    left_out: tuple[OmittedShelf, ...] = ()

    def __iter__(self) -> Iterator[Shelf]:
        return iter(self.shelves)

    def __len__(self) -> int:
        return len(self.shelves)
