"""The nouns of imports: what came in by one, under which number, and what became of undoing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretaste.display.receipts import ReceiptFace
from foretaste.display.render import face


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that did not go in: where it is, what is wrong, and what to do about it."""

    file: str
    line: int
    """From 1; the header of a CSV file is line 1. 0 where a whole file is meant."""
    column: str
    value: str
    problem: str
    remedy: str
    row: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file."""

    file: str
    read: int
    added: int
    known: int
    """Rows that were in the store already."""
    rejects: Sequence[RejectedRow] = ()
    rejected: int = 0
    rejects_file: str | None = None
    warnings: Sequence[str] = ()
    """What went in but is worth knowing, e.g. a column that was left alone."""
    number: int | None = None
    """Of the import it was a part of; `imports undo` takes it back by it."""
    replaced_imports: Sequence[int] = ()
    """Those whose file this has taken the place of."""


class ImportResults(list[ImportResult]):
    """What became of the files of one import; a notebook shows it as a table."""

    def _repr_html_(self) -> str:
        numbers = sorted({result.number for result in self if result.number is not None})
        return face("import_results", results=self, numbers=numbers)


@dataclass(frozen=True, slots=True)
class ImportSource:
    """What a file or a frame is known by when it comes again."""

    file: str
    """What messages call it."""
    record_type: str
    """events, items or users."""
    path: str | None = None
    """Of a file, the whole path."""
    digest: str | None = None
    """Of the bytes of a file, hexadecimal."""

    def is_same(self, other: "ImportSource") -> bool:
        """Whether both are of one file, by where it lies or by its content; frames by their name
        and what their rows are.
        """
        if self.path is None or other.path is None:
            return (self.path, self.file, self.record_type) == (
                other.path,
                other.file,
                other.record_type,
            )
        return self.path == other.path or (self.digest is not None and self.digest == other.digest)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file of an import, with its counts."""

    part: int
    """Its place in the import, from 1."""
    source: ImportSource
    read: int
    added: int
    known: int
    rejected: int
    is_undone: bool
    replaced_by: int | None
    """The import that has taken its place."""


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """The receipt of an import. Times are seconds since 1970."""

    number: int
    began: float
    ended: float | None
    """None of one that was broken off, or is under way."""
    undone: float | None
    can_undo: bool
    """Whether what it brought is still written down."""
    files: tuple[ImportedFile, ...]

    @property
    def state(self) -> str:
        """In words."""
        if self.undone is not None:
            return "undone"
        return "not finished" if self.ended is None else "done"


class ImportRecords(list[ImportRecord]):
    """The receipts of imports; a notebook shows them as a table."""

    def _repr_html_(self) -> str:
        return face("import_records", records=self)


@dataclass(frozen=True, slots=True)
class UndoCounts:
    """What an undo changed in the store."""

    events: int = 0
    """Taken out of the store, as are the next two."""
    items: int = 0
    users: int = 0
    restored_items: int = 0
    """As they were before the import, as are the next."""
    restored_users: int = 0
    left_items: int = 0
    """Changed or deleted since by something else than an import; they stay as they are."""
    left_users: int = 0
    shared: int = 0
    """Events, items and users that stay, as another import has them as well."""

    def __add__(self, other: "UndoCounts") -> "UndoCounts":
        names = self.__slots__
        return UndoCounts(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True)
class UndoReceipt(ReceiptFace):
    """What became of undoing imports."""

    numbers: tuple[int, ...]
    """Those that are undone now."""
    counts: UndoCounts
    recounted_versions: tuple[str, ...] = ()
    """The versions of the model that were counted anew, by their new names."""
    pending_notes: tuple[str, ...] = ()
    """What may still hold something of them, and until when."""
