"""In: the tables of one import. Out: whether those that know their items by titles take who made
them for a part of the id, all of them alike.

A catalogue of songs has two called Hello, and the log of a month may have one of them.
"""

from collections.abc import Sequence
from dataclasses import replace

from foretaste.behaviour.files.file_settings import Reading
from foretaste.behaviour.formats.creator_ids import titled_items
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.rows import open_table
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError


def with_creators(
    tables: Sequence[TableSource], settings: BehaviourSettings, *, yes: bool
) -> list[TableSource]:
    """The tables; those without ids of items with what all of them say of namesakes."""
    have_namesakes = {
        index: has_namesakes
        for index, table in enumerate(tables)
        if (has_namesakes := _has_namesakes(table, settings, yes=yes)) is not None
    }
    creator_in_id = any(have_namesakes.values())
    return [
        replace(table, creator_in_id=creator_in_id) if index in have_namesakes else table
        for index, table in enumerate(tables)
    ]


def _has_namesakes(table: TableSource, settings: BehaviourSettings, *, yes: bool) -> bool | None:
    """Whether several have made something of one title; None of a table that has ids, or that can
    be read only once.
    """
    if table.record_type == "users" or hasattr(table.source, "__next__"):
        return None
    file_settings = table.settings_in(settings)
    configured = settings.of_file(file_settings).columns
    columns = configured.items if table.record_type == "items" else configured.events
    reading = Reading(file_settings, table.record_type, yes)
    try:
        with open_table(table.source, table.name, reading) as opened:
            titled = titled_items(opened.columns, table.record_type, {})
            if titled is None:
                return None
            if columns.get(titled.id_column) in opened.columns:
                return False
            rows = (row for _, row in opened.rows if not isinstance(row, RejectedRow))
            return titled.has_namesakes(rows)
    except InputError:  # whoever reads it says why
        return None
