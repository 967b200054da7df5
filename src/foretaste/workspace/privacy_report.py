"""A workspace in; what it processes of people, why, how long, and where it goes, out.

Written from the settings and the tables as they are, for a record of processing activities (GDPR,
article 30). What the law makes of it, a lawyer says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from foretaste.behaviour.personal_register import (
    RETENTION_WORDS,
    TABLES,
    Personal,
    TableRecord,
    file_record,
)
from foretaste.behaviour.store import SqlStore
from foretaste.config.load import Config
from foretaste.display.render import face, page
from foretaste.display.words import day
from foretaste.domain.consent import (
    MINOR,
    PURPOSES,
    ConsentSettings,
    PrivacySignal,
    Purpose,
)
from foretaste.training.retention import RetentionOutcome
from foretaste.workspace.recipients import Recipient, recipients


class ReportedWorkspace(Protocol):
    """What is needed of the loop."""

    @property
    def store(self) -> SqlStore: ...
    @property
    def config(self) -> Config: ...
    @property
    def folder(self) -> Path: ...
    @property
    def clock(self) -> Callable[[], float]: ...


@dataclass(frozen=True, slots=True)
class ProcessedTable:
    """A table as it is now."""

    name: str
    record: TableRecord
    rows: int
    retention: str

    @property
    def personal(self) -> list[tuple[str, str]]:
        """(column, what it holds) of what is of a person."""
        return [
            (column, content)
            for column, content in self.record.columns.items()
            if isinstance(content, Personal)
        ]

    @property
    def impersonal_columns(self) -> list[str]:
        """Columns that hold nothing of a person."""
        return [name for name in self.record.columns if name not in self.record.personal_columns]


@dataclass(frozen=True, slots=True)
class ConsentFigures:
    """A purpose, what holds of who has said nothing, and how many said something."""

    purpose: Purpose
    is_default: bool
    """Whether it is done unless somebody refuses."""
    refused_by: Sequence[str]
    """Headers of browsers that refuse it."""
    allowing: int
    """People and visits that allowed it."""
    refusing: int
    """That refused it, by themselves or by a header."""

    @property
    def sentence(self) -> str:
        """The same in words."""
        default = "done unless refused" if self.is_default else "done only where it was allowed"
        headers = f"; refused by {' and '.join(self.refused_by)}" if self.refused_by else ""
        counts = f"{self.allowing:,} allowed it, {self.refusing:,} refused it"
        return f"{PURPOSE_WORDS[self.purpose]}: {default}{headers}; {counts}"


@dataclass(frozen=True)
class PrivacyReport:
    """What is processed of people."""

    service: str
    created: float
    tables: Sequence[ProcessedTable]
    attributes: Sequence[str]
    """Attributes of people that are stored."""
    event_types: Sequence[str]
    """Types of the events that are stored."""
    recipients: Sequence[Recipient]
    files: Sequence[tuple[str, str]]
    """(name, what it is) of the workspace."""
    rights: Sequence[tuple[str, str]]
    """(right, how it is met)"""
    consents: Sequence[ConsentFigures] = ()
    """Of each purpose what holds, and how many said something."""
    minors: int = 0
    """People and visits that are said to be of minors."""

    @property
    def personal_tables(self) -> list[ProcessedTable]:
        """Those with something of a person."""
        return [table for table in self.tables if table.personal]

    @property
    def other_tables(self) -> list[ProcessedTable]:
        """Those with nothing of a person."""
        return [table for table in self.tables if not table.personal]

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return {
            "service": self.service,
            "created": self.created,
            "tables": [
                {
                    "table": table.name,
                    "purpose": table.record.purpose,
                    "rows": table.rows,
                    "kept": table.retention,
                    "personal": dict(table.personal),
                    "others": table.impersonal_columns,
                }
                for table in self.tables
            ],
            "attributes": list(self.attributes),
            "event_types": list(self.event_types),
            "recipients": [
                {"name": recipient.name, "what": recipient.content, "on": recipient.is_on}
                for recipient in self.recipients
            ],
            "consents": [asdict(figures) for figures in self.consents],
            "minors": self.minors,
            "files": dict(self.files),
            "rights": dict(self.rights),
        }

    def text(self) -> str:
        """As Markdown."""
        lines = [
            f"# What {self.service} processes of people",
            "",
            f"As of {day(self.created)}.",
            "",
        ]
        for table in self.personal_tables:
            lines += [f"## {table.name}: {table.record.purpose}", ""]
            lines += [f"{table.rows:,} rows; kept {table.retention}.", ""]
            lines += [f"- `{column}`: {content}" for column, content in table.personal]
            lines += (
                [f"- of nobody: {', '.join(table.impersonal_columns)}"]
                if table.impersonal_columns
                else []
            )
            lines.append("")
        lines += ["Attributes of people: " + (", ".join(self.attributes) or "none") + ".", ""]
        lines += ["Types of events: " + (", ".join(self.event_types) or "none") + ".", ""]
        lines += ["## What people may refuse", ""]
        lines += [f"- {figures.sentence}" for figures in self.consents]
        lines += [f"- minors: {self.minors:,}; of them nothing of this is done", ""]
        lines += ["## Tables that hold nothing of people", ""]
        lines += [
            f"- `{table.name}`: {table.record.purpose}; {table.rows:,} rows, kept {table.retention}"
            for table in self.other_tables
        ]
        lines += ["", "## Where it goes", ""]
        lines += [
            f"- {recipient.name}: {recipient.content}" + ("" if recipient.is_on else " (off)")
            for recipient in self.recipients
        ]
        lines += ["", "## Files of the workspace", ""]
        lines += [f"- `{name}`: {content}" for name, content in self.files]
        lines += ["", "## What people may ask for", ""]
        lines += [f"- {right}: {answer}" for right, answer in self.rights]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return face("privacy_report", report=self, level=3)

    def html(self, path: Path | str | None = None) -> str:
        """One self-contained page; also written to `path` where one is given."""
        title = f"What {self.service} processes of people"
        page_html = page("privacy_report", title, report=self, level=1)
        if path is not None:
            Path(path).write_text(page_html, encoding="utf-8")
        return page_html


RIGHTS = (
    ("Access and portability", "`foretaste users data USER`, `GET /v1/users/USER/export`: all that "
     "is kept, as JSON, CSV and a page"),
    ("Erasure", "`foretaste users erase USER`, `DELETE /v1/users/USER`: with a signed receipt; "
     "`--retrain` for the weights of the network at once"),
    ("Rectification", "`foretaste users set USER`, `foretaste take-back EVENT`"),
    ("Consent and objection", "`foretaste users consent USER`, `PATCH /v1/users/USER/consent`: "
     "recording, personal lists, training and sharing, each by itself, for a person or a visit; "
     "requests with `incognito` leave no trace"),
    ("Explanation", "each item of a list comes with its reasons, and `explain` with every term of "
     "its score; `foretaste why-not` says what keeps an item out"),
)  # fmt: skip


PURPOSE_WORDS: Mapping[Purpose, str] = {
    "record": "recording what people do",
    "personalise": "lists from what they did",
    "train": "training models that others' lists come from",
    "share": "sending their words to a language model elsewhere",
}
SIGNAL_HEADERS: Mapping[PrivacySignal, str] = {"gpc": "Sec-GPC: 1", "dnt": "DNT: 1"}


def privacy_report(workspace: ReportedWorkspace) -> PrivacyReport:
    """As the workspace is now."""
    config, store = workspace.config, workspace.store
    counts, statement_counts = store.operator.row_counts(), store.operator.consent_counts()
    return PrivacyReport(
        service=config.name,
        created=workspace.clock(),
        tables=[
            ProcessedTable(
                name,
                record,
                counts.get(name, 0),
                _retention_words(workspace) + RETENTION_WORDS["until erased"]
                if name == "events"
                else RETENTION_WORDS[record.retention].format(keep_days=config.rank.keep_days),
            )
            for name, record in TABLES.items()
        ],
        attributes=sorted({column for user in store.users() for column in user.attributes}),
        event_types=list(store.operator.event_type_counts()),
        recipients=recipients(workspace.config, workspace.folder),
        files=_files(workspace.folder),
        rights=RIGHTS,
        consents=_consent_figures(config.behaviour.consent, statement_counts),
        minors=statement_counts.get((MINOR, True), 0),
    )


def _consent_figures(
    settings: ConsentSettings, counts: Mapping[tuple[str, bool], int]
) -> list[ConsentFigures]:
    return [
        ConsentFigures(
            purpose,
            settings.default(purpose),
            [
                header
                for signal, header in SIGNAL_HEADERS.items()
                if purpose in settings.refused_by([signal])
            ],
            counts.get((purpose, True), 0),
            counts.get((purpose, False), 0),
        )
        for purpose in PURPOSES
    ]


def _retention_words(workspace: ReportedWorkspace) -> str:
    """How long events are kept, by type, where the settings say so."""
    days_by_type = workspace.config.behaviour.retention_days
    if not days_by_type:
        return ""
    parts = [f"{name} {days:g} days" for name, days in days_by_type.items()]
    last = RetentionOutcome.last(workspace.store)
    applied = "not deleted yet: run `foretaste worker`"
    if last is not None:
        applied = f"{sum(last.deleted.values()):,} deleted on {day(last.at)}"
    return f"{', '.join(parts)} (`behaviour.retention_days`; {applied}), else "


def _files(folder: Path) -> list[tuple[str, str]]:
    """What there is, and what it is."""
    unknown = "not of Foretaste, or of a later one: see to it yourself"
    names = sorted(path.name for path in folder.iterdir())
    records: Mapping[str, str] = {name: file_record(name) or unknown for name in names}
    return list(records.items())
