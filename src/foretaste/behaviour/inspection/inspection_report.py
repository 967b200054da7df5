"""What an inspection found, as a person, a notebook and a program read it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.inspection.column_uses import ColumnUse
from foretaste.behaviour.reading.times import NO_ZONE
from foretaste.display.render import face
from foretaste.domain.data import RejectedRow

COLUMN_HEADINGS = ("column", "taken for", "as", "why", "filled", "samples")
MAX_SAMPLE_LENGTH = 44
MAX_REJECTS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FileInspection:
    """What a file was taken for. Nothing of it is stored."""

    file: str
    record_type: RecordType | None
    """None where it cannot be told; `problem` says why."""
    reason: str
    """Why it was taken for that."""
    form: str = ""
    """How it is written: delimiter, encoding, packing."""
    timezone: str = "UTC"
    """Of times without a zone."""
    rows: int = 0
    rejected: int = 0
    rejects: Sequence[RejectedRow] = ()
    """The first of them."""
    columns: Sequence[ColumnUse] = ()
    columns_by_rows: int = 0
    """How many first rows the shares of the columns are of."""
    event_type: str | None = None
    """Of events that name none, where they are events."""
    known_events: int | None = None
    """Events that name an item which is known; None of other tables."""
    item_events: int = 0
    """Events that name an item."""
    languages: Mapping[str, int] = field(default_factory=dict)
    """Of a sample of items: ISO code → texts, "" for those that cannot be told."""
    language_summary: str = ""
    notes: Sequence[str] = ()
    """What is worth knowing and what looks wrong."""
    problem: str | None = None
    """Why it cannot be imported as it is, and what to do."""
    settings: tuple[tuple[str, Any], ...] = ()
    """What `--write` puts under [behaviour.files] for it: key, value."""

    def heading(self) -> str:
        """The file and what it is, in a line."""
        if self.record_type is None:
            return f"{self.file}: neither events nor items nor users"
        return f"{self.file}: {self.record_type} ({self.reason})"

    def facts(self) -> list[str]:
        """How it is written, how many rows, and what they name: a line each."""
        lines = [self.form] if self.form else []
        if self.rows:
            bad = f", {self.rejected:,} of them bad" if self.rejected else ", all good"
            lines.append(f"{self.rows:,} rows{bad}")
        has_zone_note = any(NO_ZONE in note for note in self.notes)
        if self.record_type == "events" and not self.problem and not has_zone_note:
            lines.append(f"times without a zone are taken as {self.timezone}")
        if self.language_summary:
            lines.append(f"languages of their texts: {self.language_summary}")
        if self.item_events:
            share = self.known_events or 0
            lines.append(
                f"{share:,} of {self.item_events:,} events with an item name one that is known"
            )
        return lines

    def remarks(self) -> list[str]:
        """What looks wrong or is worth knowing, a line each, the worst first."""
        lines = [self.problem] if self.problem else []
        lines += [str(reject) for reject in self.rejects[:MAX_REJECTS_SHOWN]]
        hidden_count = self.rejected - MAX_REJECTS_SHOWN
        if hidden_count > 0:
            lines.append(f"{hidden_count:,} more bad rows")
        return [*lines, *self.notes]

    def column_rows(self) -> list[tuple[str, ...]]:
        """A row a column, under `COLUMN_HEADINGS`."""
        return [
            (
                use.column,
                use.use_and_type,
                use.how if use.readable == 1 else f"{use.how} ({use.readable:.0%} of them)",
                use.reason,
                f"{use.filled:.0%}",
                _shortened(", ".join(use.samples)),
            )
            for use in self.columns
        ]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What files were taken for; a notebook shows it as tables."""

    files: Sequence[FileInspection]

    @property
    def problems(self) -> list[str]:
        """Why files cannot be imported as they are."""
        return [file.problem for file in self.files if file.problem]

    def __str__(self) -> str:
        return "\n\n".join(map(_text, self.files))

    def _repr_html_(self) -> str:
        return face("inspection", inspection=self, headings=COLUMN_HEADINGS)

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        files = []
        for file in self.files:
            fields = asdict(file)
            fields["rejects"] = [
                {"line": reject.line, "column": reject.column, "problem": str(reject)}
                for reject in file.rejects
            ]
            fields["settings"] = dict(file.settings)
            files.append(fields)
        return {"files": files}


def _text(file: FileInspection) -> str:
    lines = [file.heading(), *(f"  {fact}" for fact in file.facts())]
    rows = [COLUMN_HEADINGS, *file.column_rows()] if file.columns else []
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join([*lines, *(f"  ! {remark}" for remark in file.remarks())])


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SAMPLE_LENGTH else text[: MAX_SAMPLE_LENGTH - 1] + "…"
