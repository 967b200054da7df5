"""In: the id of an item in an event that no item has. Out: the item whose id differs only by zeros
in front.

A spreadsheet or a data frame makes the number 287 of the article number 00287, in the file of
events or in that of items. With the titles in lines of orders, each such article would be created
once more.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

MAX_PADDED_DIGITS = 20
"""Digits of an id that is looked for with zeros in front."""


@dataclass
class ZeroPaddedIds:
    """The numbers among the ids of a catalogue, without their leading zeros."""

    event_count: int = 0
    """Of events that were taken for those of the item with other zeros."""
    example: tuple[str, str] | None = None
    """(as an event wrote it, as the catalogue has it)"""
    _id_by_number: dict[str, str | None] | None = field(default=None, repr=False)
    """Digits without leading zeros → the only id with these; None where several items have them."""

    def catalogue_id(self, event_id: str, known_ids: Collection[str]) -> str | None:
        """The id in the catalogue; None where there is none or more than one. known_ids: those of
        the catalogue, read at the first call.
        """
        number = _number_of(event_id)
        if number is None:
            return None
        if self._id_by_number is None:
            self._id_by_number = _ids_by_number(known_ids)
        catalogue_id = self._id_by_number.get(number)
        if catalogue_id is not None:
            self.event_count += 1
            self.example = self.example or (event_id, catalogue_id)
        return catalogue_id

    def warnings(self) -> list[str]:
        """How many events there were, with an example."""
        if self.example is None:
            return []
        event_item_id, catalogue_id = self.example
        return [
            f"{self.event_count:,} rows write the id of an item with other leading zeros than the "
            f"catalogue, e.g. '{event_item_id}' for '{catalogue_id}', and were taken for that "
            "item; events that are sent to the service are, too"
        ]


def padded_ids(event_id: str) -> list[str]:
    """The ids that differ from this one by zeros in front alone, up to `MAX_PADDED_DIGITS`; none
    of one that is no number.
    """
    number = _number_of(event_id)
    if number is None:
        return []
    ids = [number.zfill(width) for width in range(len(number), MAX_PADDED_DIGITS + 1)]
    return [item_id for item_id in ids if item_id != event_id]


def _number_of(item_id: str) -> str | None:
    """The digits of an id of nothing else, without leading zeros."""
    if not (item_id.isascii() and item_id.isdigit()):
        return None
    return item_id.lstrip("0") or "0"


def _ids_by_number(item_ids: Collection[str]) -> dict[str, str | None]:
    id_by_number: dict[str, str | None] = {}
    for item_id in item_ids:
        number = _number_of(item_id)
        if number is not None:
            id_by_number[number] = None if number in id_by_number else item_id
    return id_by_number
