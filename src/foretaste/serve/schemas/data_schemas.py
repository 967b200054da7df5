"""Out: what came in by imports, how good the data are, and what is wrong with a day's events."""

from typing import Annotated, Any, Literal

from pydantic import Field

from foretaste.domain.imports import ImportedFile, ImportRecord
from foretaste.serve.schemas.values import RequestSchema, ResponseSchema


class DataHealthQuery(RequestSchema):
    """How far back, in the address."""

    days: Annotated[int, Field(ge=1, le=90)] = 30


class DayHealthOut(ResponseSchema):
    """The events of a day, of at most 50,000, and what is wrong with them."""

    start: float
    """Midnight UTC, seconds since 1970."""
    events: int
    without_item: int
    """Searches, and events that name no item."""
    unknown_item: int
    """They name an item that is not in the catalogue."""
    nobody: int
    """They name neither a user nor a session."""
    attributed: int
    """They name the list that they came from."""


class DataHealthAnswer(ResponseSchema):
    """The days, the oldest first."""

    days: list[DayHealthOut]


class DataQualityQuery(RequestSchema):
    """Whether to measure anew, in the address."""

    renew: bool = False
    """Measure anew, if the data have changed since."""


class DataQualityAnswer(ResponseSchema):
    """The report, once it is measured."""

    state: Literal["measuring", "ready", "failed"]
    """While it is `measuring`, ask again in a few seconds."""
    measured_at: float | None = None
    """Seconds since 1970."""
    is_current: bool
    """Whether the data are still those that were measured."""
    problem: str | None = None
    """Why it failed."""
    report: dict[str, Any] | None = None
    """`warnings` and `text` in words, `figures`, and what can be drawn of them."""


class ImportedFileOut(ResponseSchema):
    """A file of an import."""

    file: str
    record_type: str
    """events, items or users."""
    read: int
    added: int
    duplicates: int
    """Rows that were in the store already."""
    rejected: int
    is_undone: bool
    replaced_by: int | None = None

    @classmethod
    def of(cls, file: ImportedFile) -> "ImportedFileOut":
        """The file as it is sent."""
        counts = ("read", "added", "rejected", "is_undone", "replaced_by")
        return cls(
            file=file.source.file,
            record_type=file.source.record_type,
            duplicates=file.known,
            **{name: getattr(file, name) for name in counts},
        )


class ImportOut(ResponseSchema):
    """An import."""

    number: int
    started: float
    ended: float | None = None
    state: str
    """done, undone or not finished."""
    can_undo: bool
    files: list[ImportedFileOut]

    @classmethod
    def of(cls, record: ImportRecord) -> "ImportOut":
        """The receipt as it is sent."""
        return cls(
            number=record.number,
            started=record.began,
            ended=record.ended,
            state=record.state,
            can_undo=record.can_undo and record.undone is None,
            files=[ImportedFileOut.of(file) for file in record.files],
        )


class ImportNoteOut(ResponseSchema):
    """What the last import of a file had to say."""

    file: str
    warnings: list[str]
    rejected: int
    has_rejects_file: bool
    """Whether its rejects can still be downloaded as a whole: `/v1/imports/rejects`."""
    rejects: list[dict[str, Any]]
    """The first twenty: line, column, problem, remedy."""


class ColumnMappingOut(ResponseSchema):
    """As what a column of the items is taken."""

    column: str
    role: Literal["attribute", "text"]
    type: str | None = None
    """As what its values are read; null for a text, and while there is no model."""
    items: int | None = None
    """That have a value."""


class ImportsAnswer(ResponseSchema):
    """What came in, and how."""

    imports: list[ImportOut]
    """The newest first."""
    notes: list[ImportNoteOut]
    """Of the last import of each file."""
    columns: list[ColumnMappingOut]


class UndoneImportAnswer(ResponseSchema):
    """What became of it."""

    numbers: list[int]
    counts: dict[str, int]
    """What left the store, what is as it was before, what was left as it is."""
    recounted_versions: list[str]
    pending: list[str]
