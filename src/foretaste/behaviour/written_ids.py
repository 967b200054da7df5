"""In: the id of an item in an event that no item has. Out: the item whose id is the same number in
another form: with other zeros in front, or an ISBN with hyphens or as it was before 2007.

A spreadsheet or a data frame makes the number 287 of the article number 00287, in the file of
events or in that of items; a till scans 9783161484100 where the catalogue has 3-16-148410-X. With
the titles in lines of orders, each such article would be created once more.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from foretaste.behaviour.isbn import isbn_digits, isbn_forms

ISBN_LENGTH = 10
MAX_PADDED_DIGITS = 20
"""Digits of an id that is looked for with zeros in front."""


@dataclass
class WrittenIds:
    """The numbers among the ids of a catalogue, in one form."""

    event_count: int = 0
    """Of events that were taken for those of the item whose id has another form."""
    example: tuple[str, str] | None = None
    """(as an event wrote it, as the catalogue has it)"""
    _id_by_number: dict[str, str | None] | None = field(default=None, repr=False)
    """Number in one form → the only id of it; None where several items have it."""

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
            f"{self.event_count:,} rows write the id of an item with other leading zeros or "
            f"hyphens than the catalogue, e.g. '{event_item_id}' for '{catalogue_id}', and were "
            "taken for that item; events that are sent to the service are, too"
        ]


def forms_of_id(event_id: str) -> list[str]:
    """The other forms of this id: with zeros in front, up to `MAX_PADDED_DIGITS`, and those of an
    ISBN; none of one that is no number.
    """
    forms: set[str] = set()
    isbn = _isbn_of(event_id)
    if isbn is not None:
        forms.update(isbn_forms(isbn))
    if event_id.isascii() and event_id.isdigit():
        digits = event_id.lstrip("0") or "0"
        forms.update(digits.zfill(width) for width in range(len(digits), MAX_PADDED_DIGITS + 1))
    return sorted(forms - {event_id})


def _number_of(item_id: str) -> str | None:
    """The digits of an ISBN, or of an id of nothing else without leading zeros."""
    if not item_id.isascii():
        return None
    isbn = _isbn_of(item_id)
    if isbn is not None:
        return isbn
    return (item_id.lstrip("0") or "0") if item_id.isdigit() else None


def _isbn_of(item_id: str) -> str | None:
    """Its 13 digits, also of one that has lost the zeros in front, or has too many."""
    if item_id.isdigit():
        return isbn_digits(item_id.lstrip("0").zfill(ISBN_LENGTH))
    return isbn_digits(item_id) if len(item_id) >= ISBN_LENGTH else None


def _ids_by_number(item_ids: Collection[str]) -> dict[str, str | None]:
    id_by_number: dict[str, str | None] = {}
    for item_id in item_ids:
        number = _number_of(item_id)
        if number is not None:
            id_by_number[number] = None if number in id_by_number else item_id
    return id_by_number
