"""What the pages of a shop read of the store: placements, and what people take together."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from foretaste.domain.placement import PlacementChange, PlacementRecord


class PlacementStore(Protocol):
    """Placements that were put, and every change of them."""

    def placement(self, name: str) -> PlacementRecord | None: ...

    def placements(self) -> list[PlacementRecord]: ...

    def put_placement(self, record: PlacementRecord) -> None: ...

    def delete_placement(self, name: str, at: float, author: str | None = None) -> bool: ...

    def placement_changes(self, name: str) -> list[PlacementChange]: ...

    def undo_placement(self, name: str, at: float, author: str | None = None) -> bool: ...


class BasketRow(NamedTuple):
    """An item that somebody took together with another."""

    seed: str
    """The other."""
    item: str
    person: str
    """The user, or the session of nobody known."""


class BasketStore(Protocol):
    """What people take together."""

    def baskets_with(
        self, items: Sequence[str], event_types: Sequence[str], window: float, max_events: int
    ) -> list[BasketRow]:
        """What was taken in one order, session or short time with these items.

        event_types: that take an item. window: seconds, for events without an order or a session.
        max_events: of these items, the newest that are looked at.
        """
