"""In: the tables of one import. Out: by which column of the items, and of the users, the events
name them.

A catalogue often has several columns of ids (handle, SKU, bar code), a list of customers a number
and an address; their names do not tell which of them a tracker writes down. The events do.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from foretaste.behaviour.catalogue_source import are_items_of_events
from foretaste.behaviour.column_guess import columns_of_table
from foretaste.behaviour.id_columns import may_be_item_id, may_be_user_id
from foretaste.behaviour.inspection.table_head import open_head
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import Item, RejectedRow
from foretaste.domain.identifiers import without_zero_fraction
from foretaste.domain.store import Store

MAX_STORED_PEOPLE = 2_000
"""People of earlier imports whom the columns of a table of users are held against."""
MIN_LEAD = 1.05
"""How many times as many ids of events another column must have as the one that its name tells."""
EVENT_FIELDS = {"items": "item", "users": "user"}
"""Type of a table → the field of events that names its rows."""


def with_event_ids(
    tables: Sequence[TableSource],
    store: Store,
    settings: BehaviourSettings,
    now: float,
    *,
    yes: bool,
) -> list[TableSource]:
    """The tables; those of items and users with the column of ids that events name, where that is
    another than their names tell.

    What the settings name stays. store: with what earlier imports brought. now: seconds since 1970.
    """
    named_ids = {record_type: set[str]() for record_type in EVENT_FIELDS}
    for table in tables:
        if table.record_type == "events" and len(tables) > 1:
            for record_type, ids in _ids_in_events(table, settings, now, yes=yes).items():
                named_ids[record_type] |= ids
    chosen = []
    for table in tables:
        record_type = table.record_type or "events"
        if record_type in named_ids:
            ids = named_ids[record_type] or _stored_ids(record_type, store)
            column = _id_column(table, ids, settings, now, yes=yes) if ids else None
            table = replace(table, id_column=column)
        chosen.append(table)
    return chosen


def _ids_in_events(
    table: TableSource, settings: BehaviourSettings, now: float, *, yes: bool
) -> Mapping[str, set[str]]:
    """Type of a table → the ids that the first events name."""
    with closing(open_head(table, settings, yes=yes)) as head:
        guess = columns_of_table("events", head.columns, head.rows, head.settings, now)
        return {
            record_type: _texts(head.rows, guess.by_field[field])
            for record_type, field in EVENT_FIELDS.items()
            if field in guess.by_field
        }


def _stored_ids(record_type: str, store: Store) -> set[str]:
    """Of whom earlier imports know: people, and items of which nothing but events told."""
    if record_type == "users":
        has_own_ids = not store.has_pseudonyms
        return set(store.people_page("", MAX_STORED_PEOPLE)) if has_own_ids else set()
    is_bare = all(item == Item(item.id) for _, item in store.items())
    return set(store.item_ids()) if is_bare or are_items_of_events(store) else set()


def _id_column(
    table: TableSource,
    named_ids: set[str],
    settings: BehaviourSettings,
    now: float,
    *,
    yes: bool,
) -> str | None:
    """The column that has more ids of events than the one that would be taken; None without one."""
    record_type = table.record_type or "items"
    may_be_id = may_be_user_id if record_type == "users" else may_be_item_id
    with closing(open_head(table, settings, yes=yes)) as head:
        if head.table is None or "id" in getattr(head.settings.columns, record_type):
            return None
        guess = columns_of_table(record_type, head.columns, head.rows, head.settings, now)
        own_column = guess.by_field.get("id")
        candidates = [column for column in head.columns if may_be_id(column)]
        if record_type == "users":
            candidates = [column for column in candidates if _is_of_one_row(head.rows, column)]
        if own_column is not None and own_column not in candidates:
            candidates.append(own_column)
        matches = {column: len(_texts(head.rows, column) & named_ids) for column in candidates}
        matched = [column for column, count in matches.items() if count]
        if own_column in matched and len(matched) > 1:  # running numbers may meet by chance
            matches = _matches_in_all(head.table, matched, named_ids)
    column = max(matches, key=lambda name: matches[name], default=None)
    own_count = matches.get(own_column, 0) if own_column is not None else 0
    is_better = column is not None and matches[column] > MIN_LEAD * own_count
    return column if is_better else None


def _is_of_one_row(rows: Sequence[Row], column: str) -> bool:
    """Whether each value stands in one row alone."""
    cells = [str(cell) for row in rows if not is_missing(cell := row.get(column))]
    return len(set(cells)) == len(cells)


def _matches_in_all(
    table: OpenTable, columns: Sequence[str], named_ids: set[str]
) -> dict[str, int]:
    """Column → how many of the ids it has in all rows."""
    matches: dict[str, set[str]] = {column: set() for column in columns}
    for _, row in table.rows:
        if isinstance(row, RejectedRow):
            continue
        for column, ids in matches.items():
            if not is_missing(cell := row.get(column)) and (text := _text(cell)) in named_ids:
                ids.add(text)
    return {column: len(ids) for column, ids in matches.items()}


def _texts(head: Iterable[Row], column: str) -> set[str]:
    cells = (row.get(column) for row in head)
    return {_text(cell) for cell in cells if not is_missing(cell)}


def _text(cell: object) -> str:
    return without_zero_fraction(str(cell).strip())
