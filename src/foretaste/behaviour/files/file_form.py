"""In: how a file turned out to be written. Out: the words for it, and what may be said of it."""

from dataclasses import dataclass
from pathlib import Path

from foretaste.behaviour.files.file_settings import RowShape
from foretaste.behaviour.files.layouts import HeaderOffer
from foretaste.errors import InputError

BASKET_COLUMN = "basket"
"""Holds the items of a row that has them side by side."""
MAX_SHOWN_CELLS = 6


@dataclass(frozen=True, slots=True)
class FileForm:
    """How a source is written."""

    kind: str
    """In words: "CSV with semicolons", "a data frame"."""
    encoding: str | None = None
    packing: str | None = None
    delimiter: str | None = None
    header: tuple[str, ...] = ()
    """The names that were given to columns that have none in the file."""
    rows: RowShape = "table"
    notes: tuple[str, ...] = ()
    """What is worth knowing: an encoding that was guessed, names that were not in the file."""

    @property
    def label(self) -> str:
        """All of it in a few words."""
        parts = (self.kind, self.encoding, self.packing and f"packed with {self.packing}")
        return ", ".join(part for part in parts if part)


class HeaderlessError(InputError):
    """A file without a line of names, with the names that its columns may be given."""

    def __init__(self, file: str, first: list[str], offer: HeaderOffer) -> None:
        cells_text = ", ".join(first[:MAX_SHOWN_CELLS]) + (
            ", …" if len(first) > MAX_SHOWN_CELLS else ""
        )
        likeness = f"it has the form of {offer.title}" if offer.title else "by its values"
        if offer.rows == "baskets":
            named = f"after {', '.join(offer.header)}, " if offer.header else ""
            meaning = f"{named}each row is a basket of items"
            setting = 'rows = "baskets"'
            if offer.header:
                setting = f"header = {_toml_list(offer.header)} and {setting}"
        else:
            meaning = f"the columns are {', '.join(offer.header)}"
            setting = f"header = {_toml_list(offer.header)}"
        super().__init__(
            f"{file}: the first line is a row and has no names of columns ({cells_text}); "
            f"{likeness}, {meaning}: take that with --yes (Python: yes=True), or say how it is "
            f'under [behaviour.files."{file}"], e.g. {setting}'
        )
        self.file, self.offer, self.width = file, offer, len(first)


def _toml_list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def check_text(path: Path, head: bytes) -> None:
    """InputError where a file holds no rows of text, with what to save instead."""
    start = head.lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table")):
        raise InputError(f"{path} is a page and has no rows; save it as CSV or as .xlsx")
    if start.startswith(b"sqlite format 3"):
        raise InputError(f"{path} is a database; export a table of it as CSV")
    if start.startswith((b"%pdf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"\x80\x04", b"obj\x01")):
        raise InputError(f"{path} has no rows that can be read; save the table as CSV")
