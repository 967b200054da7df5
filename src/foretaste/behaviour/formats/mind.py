"""MIND (Microsoft News): what was read and what was shown, and the news."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Levels, StepContext
from foretaste.behaviour.stream import Row, Rows
from foretaste.domain.data import RejectedRow

TIME_FORMAT = "%m/%d/%Y %I:%M:%S %p"
"""11/15/2019 8:55:22 AM: the month first, whatever the column tells."""


HISTORY_NOTE = (
    "what a user had read before has no times: it stands, in its order, at the time of the user's "
    "first row"
)


@dataclass(frozen=True, slots=True)
class ReadAndShown:
    """`N1-1 N2-0` are two events: read and shown. What was read before has no times: it stands at
    the user's first row, in its order.
    """

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        users: set[Any] = set()
        context.notes[HISTORY_NOTE] = None
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            is_first = row.get("user") not in users
            users.add(row.get("user"))
            yield from ((line, event) for event in self._events(row, with_history=is_first))

    def _events(self, row: Row, *, with_history: bool) -> Iterator[Row]:
        who = {"user": row.get("user"), "at": _seconds(row.get("at"))}
        history = str(row.get("history") or "").split() if with_history else []
        for item in dict.fromkeys(history):
            yield {**who, "item": item, "event_type": "click"}
        for shown in str(row.get("impressions") or "").split():
            item, mark, is_read = shown.rpartition("-")
            if not mark:  # a set to be predicted has no marks
                item, is_read = shown, "0"
            event_type = "click" if is_read == "1" else "impression"
            yield {**who, "item": item, "event_type": event_type}


def _seconds(cell: Any) -> Any:
    try:
        return datetime.strptime(str(cell), TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return cell


BEHAVIORS = TableFormat(
    "events",
    "MIND's behaviors",
    columns={name: name for name in ("user", "item", "event_type", "at")},
    marks=("impression_id", "user", "at", "history", "impressions"),
    file=r"behaviors.*",
    header=("impression_id", "user", "at", "history", "impressions"),
    delimiter="\t",
    steps=(ReadAndShown(),),
)
_NEWS_COLUMNS = (
    *("id", "category", "subcategory", "title", "abstract"),
    *("url", "title_entities", "abstract_entities"),
)
NEWS = TableFormat(
    "items",
    "MIND's news",
    columns={"id": "id", "title": "title"},
    marks=_NEWS_COLUMNS,
    file=r"news.*",
    header=_NEWS_COLUMNS,
    delimiter="\t",
    steps=(Levels("category", ("category", "subcategory")),),
    text_columns=("abstract",),
    attribute_columns=("category",),
    ignored_columns=("url", "title_entities", "abstract_entities"),
)
MIND = FileFormat("mind", "MIND (Microsoft News)", (BEHAVIORS, NEWS))
