"""In: the tables of one import. Out: by which column of the items the events name them.

A catalogue often has several columns of ids (handle, SKU, bar code), and its own names do not tell
which of them a tracker writes down. The events do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from foretaste.behaviour.column_guess import columns_of_table, may_be_item_id
from foretaste.behaviour.files.file_settings import Reading
from foretaste.behaviour.formats.formatted_table import open_formatted, settings_of_table
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.nested import nested_rows
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing
from foretaste.domain.identifiers import without_zero_fraction
from foretaste.errors import InputError


def with_item_ids(
    tables: Sequence[TableSource], settings: BehaviourSettings, now: float, *, yes: bool
) -> list[TableSource]:
    """The tables; of items whose column of ids no event names, with the column that events do.

    What the settings name stays. now: seconds since 1970.
    """
    if {table.record_type for table in tables} < {"events", "items"}:
        return list(tables)
    named_ids: set[str] = set()
    for table in tables:
        if table.record_type == "events":
            named_ids |= _ids_in_events(table, settings, now, yes=yes)
    return [
        replace(table, id_column=_id_column(table, named_ids, settings, now, yes=yes))
        if table.record_type == "items" and named_ids
        else table
        for table in tables
    ]


def _ids_in_events(
    table: TableSource, settings: BehaviourSettings, now: float, *, yes: bool
) -> set[str]:
    """The ids that the first events name."""
    columns, head, table_settings = _head(table, settings, yes=yes)
    fields = columns_of_table("events", columns, head, table_settings, now).by_field
    return _texts(head, fields["item"]) if "item" in fields else set()


def _head(
    table: TableSource, settings: BehaviourSettings, *, yes: bool
) -> tuple[Sequence[str], Sequence[Row], BehaviourSettings]:
    """The columns, the first rows and how they are read; none of a table that cannot be opened, or
    only once.
    """
    if hasattr(table.source, "__next__"):
        return (), (), settings
    file_settings = table.settings_in(settings)
    reading = Reading(file_settings, table.record_type, yes)
    try:
        with open_formatted(table.source, table.name, reading) as opened:
            settings = settings_of_table(settings, file_settings, opened)
            nested = nested_rows(opened, settings) if table.record_type == "events" else None
            flat = opened if nested is None else nested.flat_table()
            return flat.columns, flat.head, settings
    except InputError:  # whoever reads it says why
        return (), (), settings


def _id_column(
    table: TableSource,
    named_ids: set[str],
    settings: BehaviourSettings,
    now: float,
    *,
    yes: bool,
) -> str | None:
    """The column that has ids of events, where the one that would be taken has none of them."""
    columns, head, table_settings = _head(table, settings, yes=yes)
    fields = columns_of_table("items", columns, head, table_settings, now).by_field
    if "id" in table_settings.columns.items or "id" not in fields:
        return None
    if _texts(head, fields["id"]) & named_ids:
        return None
    matches = {
        column: len(_texts(head, column) & named_ids)
        for column in columns
        if may_be_item_id(column)
    }
    column = max(matches, key=lambda name: matches[name], default=None)
    return column if column is not None and matches[column] else None


def _texts(head: Iterable[Row], column: str) -> set[str]:
    cells = (row.get(column) for row in head)
    return {without_zero_fraction(str(cell).strip()) for cell in cells if not is_missing(cell)}
