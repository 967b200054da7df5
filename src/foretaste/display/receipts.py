"""Receipts of what was erased, undone or taken back: one in, its face in a notebook out."""

from collections.abc import Iterator, Sized
from dataclasses import fields, is_dataclass
from typing import Any

from foretaste.display.render import face

COUNT_WORDS = {
    "events": "events",
    "sessions": "sessions they were known on",
    "recommendations": "lists they were given",
    "attributes": "what was said of them",
    "changes": "changes to their lists",
    "conversations": "conversations",
    "consents": "what they had said may be done",
    "items": "items",
    "users": "users",
    "restored_items": "items, as before",
    "restored_users": "users, as before",
    "left_items": "items that stay, changed since",
    "left_users": "users that stay, changed since",
    "shared": "that stay, as another import has them",
    "taken_back": "events taken back",
    "duplicates": "events taken back or erased before",
    "unknown": "ids that no event ever had",
}
"""Field of a receipt's counts → what it counts, for people."""


class ReceiptFace:
    """A receipt that a notebook shows; it has `recounted_versions` and `pending_notes`."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        receipt: Any = self
        return face(
            "receipt",
            title=self._title(),
            counts=list(self.counted()),
            versions=receipt.recounted_versions,
            notes=receipt.pending_notes,
        )

    def counted(self) -> Iterator[tuple[str, int]]:
        """(what, how many) of each that is not 0."""
        receipt: Any = self
        return _counted(getattr(receipt, "erased", None) or receipt.counts)

    def _title(self) -> str:
        receipt: Any = self
        if hasattr(receipt, "user"):
            return f"“{receipt.user}” is forgotten"
        if hasattr(receipt, "numbers"):
            numbers = ", ".join(map(str, receipt.numbers))
            return f"Undone: {'import' if len(receipt.numbers) == 1 else 'imports'} {numbers}"
        return "Taken back"


def _counted(counts: Any) -> Iterator[tuple[str, int]]:
    """(what, how many) of each that is not 0."""
    names = [field.name for field in fields(counts)] if is_dataclass(counts) else counts._fields
    for name in names:
        value = getattr(counts, name)
        count = len(value) if isinstance(value, Sized) else int(value)
        if count:
            yield COUNT_WORDS.get(name, name.replace("_", " ")), count
