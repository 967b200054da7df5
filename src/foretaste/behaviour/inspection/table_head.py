"""In: a table before it is opened. Out: its first rows, and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from foretaste.behaviour.files.file_settings import Reading
from foretaste.behaviour.formats.formatted_table import open_formatted, settings_of_table
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.nested import nested_rows
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.errors import InputError


@dataclass(frozen=True, slots=True)
class TableHead:
    """The first rows of a table, and how it is read."""

    table: OpenTable | None
    """None where it cannot be opened, or only once."""
    columns: Sequence[str]
    rows: Sequence[Row]
    settings: BehaviourSettings

    def close(self) -> None:
        """Close the table."""
        if self.table is not None:
            self.table.close()


def open_head(table: TableSource, settings: BehaviourSettings, *, yes: bool) -> TableHead:
    """The columns, the first rows and how they are read; none of a table that cannot be opened, or
    only once.
    """
    nothing = TableHead(None, (), (), settings)
    if hasattr(table.source, "__next__"):
        return nothing
    file_settings = table.settings_in(settings)
    reading = Reading(file_settings, table.record_type, yes)
    try:
        opened = open_formatted(table.source, table.name, reading)
    except InputError:  # whoever reads it says why
        return nothing
    try:
        settings = settings_of_table(settings, file_settings, opened)
        nested = nested_rows(opened, settings) if table.record_type == "events" else None
        flat = opened if nested is None else nested.flat_table()
        return TableHead(flat, flat.columns, flat.head, settings)
    except InputError:
        opened.close()
        return nothing
