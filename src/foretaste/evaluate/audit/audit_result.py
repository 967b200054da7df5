"""All sections of an audit, as text, as JSON, in a notebook and as a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.display.render import face, page
from foretaste.evaluate.audit.figures import AuditSection


@dataclass(frozen=True)
class Audit:
    """Whom and what the lists of a version favour."""

    service: str
    """What the service calls itself."""
    version: str
    """The model whose lists these are."""
    created: float
    """Seconds since 1970."""
    people: int
    """Whose lists were looked at."""
    sections: tuple[AuditSection, ...]
    notes: Sequence[str] = ()
    """What could not be looked at, and why."""

    def section(self, code: str) -> AuditSection:
        """The section of this code. Raises KeyError where there is none."""
        return {section.code: section for section in self.sections}[code]

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return {
            "version": self.version,
            "created": self.created,
            "people": self.people,
            "sections": [section.summary() for section in self.sections],
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """For a terminal."""
        lines = [
            f"Audit of model {self.version}: the lists that {self.people:,} people get now. Every "
            "figure stands with its 95 % interval; ! marks what to act on.",
        ]
        for section in self.sections:
            lines += ["", section.title, "-" * len(section.title), section.verdict]
            lines += [f"What to do: {section.remedy}."] if section.remedy else []
            lines += [section.meaning, *_table_lines(section)]
        lines += ["", *self.notes] if self.notes else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return face("audit", audit=self, level=3)

    def html(self, path: Path | str | None = None) -> str:
        """One self-contained page; also written to `path` where one is given."""
        title = f"Whom the lists favour · {self.service}"
        page_html = page("audit", title, audit=self, level=1)
        if path is not None:
            Path(path).write_text(page_html, encoding="utf-8")
        return page_html


def _table_lines(section: AuditSection) -> list[str]:
    if not section.figures:
        return []
    has_p_values = any(figure.p_value is not None for figure in section.figures)
    rows = [("", "", "95 % interval", section.usual_name, *(["p"] if has_p_values else []))]
    for figure in section.figures:
        mark = "! " if figure.is_flagged else "  "
        p_value = "" if figure.p_value is None else p_text(figure.p_value)
        cells = (mark + figure.name, figure.value_text, figure.range_text)
        rows.append((*cells, figure.text(figure.usual), *([p_value] if has_p_values else [])))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def p_text(p_value: float) -> str:
    """A p value, short."""
    return "< .001" if p_value < 0.001 else f"{p_value:.3f}".removeprefix("0")
