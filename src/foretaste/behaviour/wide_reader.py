"""In: an open table with a row for each user and lists of events in it. Out: its events."""

from collections.abc import Iterable, Sequence

from foretaste.behaviour.known_items import KnownItems
from foretaste.behaviour.parse import make_reject, parse_event
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.table_reading import TableReading
from foretaste.behaviour.values import CellError
from foretaste.behaviour.wide import expand_row, wide_event_form
from foretaste.domain.data import Event, RejectedRow


class WideReader:
    """A row a user, with lists."""

    def __init__(
        self,
        table: OpenTable,
        columns: dict[str, str],
        settings: BehaviourSettings,
        known_items: KnownItems,
        now: float,
    ) -> None:
        self.reading = TableReading(
            "events", table.columns, table.head, columns, dict.fromkeys(columns, "its name")
        )
        self._table = table
        self._columns = columns
        self._separator = settings.attribute_separator
        self._known_items = known_items
        self._form = wide_event_form(settings)
        self._now = now
        self.put = known_items.put

    def parse(self, line: int, row: Row) -> Iterable[Event | RejectedRow]:
        file = self._table.name
        for row_or_error in expand_row(row, self._columns, self._separator):
            if isinstance(row_or_error, CellError):
                yield make_reject(
                    row_or_error, row, file=file, line=line, column=row_or_error.field
                )
                continue
            event = parse_event(row_or_error, self._form, file=file, line=line, now=self._now)
            if isinstance(event, Event):
                yield self._known_items.check(event, file, line, row)
            else:
                yield event

    def key(self, record: Event) -> str:
        return record.event_id

    def observe(self, batch: Sequence[Event]) -> None:
        """Nothing: a row is a user, so nobody has more rows than others."""

    def identifications(self) -> Iterable[Event]:
        """Nothing: a list says no more than whose it is."""
        return ()

    def warnings(self) -> list[str]:
        used_columns = self._columns.values()
        unused_columns = [column for column in self._table.columns if column not in used_columns]
        warnings = [
            f"columns that are no list of events were left alone: {', '.join(unused_columns)}"
        ]
        return (warnings if unused_columns else []) + self._known_items.warnings()
