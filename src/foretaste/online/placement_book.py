"""Placements by their names: those of the store, which win, and those of the settings.

In: a name. Out: the placement, also while the store is away, as it was last seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.domain.placement import PlacementChange, PlacementRecord
from foretaste.domain.shop_store import PlacementStore
from foretaste.errors import InputError, StoreError, did_you_mean
from foretaste.rank.placement import (
    Placement,
    check_placement_name,
    parse_placement,
    placement_json,
)


@dataclass(frozen=True)
class NamedPlacement:
    """A placement that holds, and where it comes from."""

    name: str
    placement: Placement
    record: PlacementRecord | None = None
    """As it was put; None for one of the settings."""
    overrides_settings: bool = False
    """Whether the settings have one of this name, which it replaces."""


class PlacementBook:
    """The placements of one workspace. Safe to share between threads."""

    def __init__(
        self, store: PlacementStore, settings: Mapping[str, Placement] | None = None
    ) -> None:
        self._store, self._settings = store, dict(settings or {})
        self._last_seen: dict[str, NamedPlacement] = {}

    def get(self, name: str) -> NamedPlacement | None:
        """One, if there is one of this name."""
        try:
            record = self._store.placement(name)
        except StoreError:
            return self._last_seen.get(name) or self._of_settings(name)
        named_placement = self._of_settings(name) if record is None else self._of_record(record)
        if named_placement is None:
            self._last_seen.pop(name, None)
        else:
            self._last_seen[name] = named_placement
        return named_placement

    def required(self, name: Any) -> Placement:
        """One that a question names. Raises InputError where there is none."""
        named_placement = self.get(name) if isinstance(name, str) else None
        if named_placement is not None:
            return named_placement.placement
        names = self._names()
        hint = (
            did_you_mean(str(name), names)
            if names
            else "there are none yet; put one to /v1/placements, or into the settings"
        )
        raise InputError(f"placement: nothing is called '{str(name)[:80]}'; {hint}")

    def all(self) -> list[NamedPlacement]:
        """Those that hold, by name."""
        placements = {name: NamedPlacement(name, own) for name, own in self._settings.items()}
        placements |= {record.name: self._of_record(record) for record in self._store.placements()}
        return [placements[name] for name in sorted(placements)]

    def put(self, name: str, spec: Any, at: float, author: str | None = None) -> NamedPlacement:
        """Create or replace one. Raises InputError where it is wrong."""
        placement = parse_placement(spec)
        content = placement_json(placement)
        self._store.put_placement(PlacementRecord(check_placement_name(name), content, at, author))
        return self._required(name)

    def delete(self, name: str, at: float, author: str | None = None) -> bool:
        """→ whether it was there. One of the settings of this name holds again."""
        return self._store.delete_placement(name, at, author)

    def undo(self, name: str, at: float, author: str | None = None) -> bool:
        """Take back the newest change. → whether there was one."""
        return self._store.undo_placement(name, at, author)

    def changes(self, name: str) -> Sequence[PlacementChange]:
        """What became of one, the newest first."""
        return self._store.placement_changes(name)

    def _required(self, name: str) -> NamedPlacement:
        named_placement = self.get(name)
        if named_placement is None:
            raise StoreError(f"the placement '{name}' was deleted at the same moment; put it again")
        return named_placement

    def _of_settings(self, name: str) -> NamedPlacement | None:
        placement = self._settings.get(name)
        return None if placement is None else NamedPlacement(name, placement)

    def _of_record(self, record: PlacementRecord) -> NamedPlacement:
        placement = parse_placement(record.placement, f"placement {record.name}")
        return NamedPlacement(record.name, placement, record, record.name in self._settings)

    def _names(self) -> list[str]:
        try:
            stored = [record.name for record in self._store.placements()]
        except StoreError:
            stored = list(self._last_seen)
        return sorted({*stored, *self._settings})
