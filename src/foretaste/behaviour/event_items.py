"""In: a table of events. Out: how items that are new are made of what their events say of them.

What the columns of the events are, a category, a price or a text, is decided as for a table of
items: by `entity_reader`, on a row an item.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from foretaste.behaviour.columns import item_title_columns, paired_title_column
from foretaste.behaviour.entity_reader import EntityReader, entity_reader
from foretaste.behaviour.item_columns import describes_item, item_columns
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.table_reading import TableReading
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import Item
from foretaste.domain.store import Store

_OWN_FIELDS = frozenset({"id", "title", "image", "audio"})
"""Fields of items that events may tell of: whether an item is sold is not for a log to say."""
_NO_DIGIT = re.compile(r"[^\d_]{3,200}")
MIN_NAMES, MIN_NAME_SHARE = 10, 0.8
"""Different ids, and the share of them without digits, from which they are names."""
_TOLD_ROLES = frozenset({"text", "attribute", "price"})


class EventItemDescriber:
    """Makes items of the cells of events, by a reader of items."""

    def __init__(
        self, reader: EntityReader, store: Store, item_column: str, columns: Sequence[str]
    ) -> None:
        self._reader, self._store, self._item_column = reader, store, item_column
        self.columns = tuple(columns)
        self.reading = reader.reading

    def make_item(self, item_id: str, cells: Mapping[str, Any]) -> Item | None:
        (record,) = self._reader.parse(0, {**cells, self._item_column: item_id})
        return record if isinstance(record, Item) else None

    def put_items(self, items: Sequence[Item]) -> int:
        self._reader.prepare(items)
        return self._store.put_items(items)  # no catalogue that somebody gave


def find_item_title(
    table: OpenTable, columns_by_field: Mapping[str, str | None], people: Sequence[str | None]
) -> str | None:
    """The column with the titles of items; None without one.

    A column that is called so is none where people write different things of the same item; where
    the rows do not tell, it is none beside the text of a review and its stars. Without any, ids
    that are words name the items: tills know their articles by nothing else.
    """
    item = columns_by_field["item"]
    assert item is not None
    is_review = bool(columns_by_field.get("text") and columns_by_field.get("value"))
    columns = item_title_columns(table.columns, columns_by_field.values())
    free = [column for column in table.columns if column not in columns_by_field.values()]
    paired = paired_title_column(item, free)
    for column in [*columns, *([paired] if paired is not None else [])]:
        is_title = column == item or describes_item(column, table.head, item, people)
        if is_title or (is_title is None and not is_review):
            return column
    return item if _are_words([row.get(item) for row in table.head]) else None


def _are_words(cells: Sequence[Any]) -> bool:
    """Whether ids are names, such as "Flat white": letters, and no digits as codes have."""
    ids = {str(cell) for cell in cells if not is_missing(cell)}
    words = [name for name in ids if name[:1].isalpha() and _NO_DIGIT.fullmatch(name)]
    return len(ids) >= MIN_NAMES and len(words) >= MIN_NAME_SHARE * len(ids)


def find_describer(
    table: OpenTable,
    columns_by_field: Mapping[str, str | None],
    title: str | None,
    store: Store,
    settings: BehaviourSettings,
    now: float,
) -> EventItemDescriber | None:
    """None where no column but the title describes items."""
    item = columns_by_field["item"]
    assert item is not None
    used_columns = {title, *columns_by_field.values(), *settings.ignored_columns}
    candidates = [column for column in table.columns if column not in used_columns]
    people = (columns_by_field.get("user"), columns_by_field.get("session"))
    columns = item_columns(table.head, item, people, candidates)
    while columns:
        names = (item, *([title] if title and title != item else []), *columns)
        reader = entity_reader(
            _item_table(table, names, item), "items", store, _item_settings(settings, item), now
        )
        told_columns = [column for column in columns if _is_told(column, reader.reading)]
        if len(told_columns) == len(columns):
            return EventItemDescriber(reader, store, item, columns)
        columns = tuple(told_columns)
    return None


def _is_told(column: str, reading: TableReading) -> bool:
    """Whether items are made with a column."""
    fields = {name for name, used in reading.columns_by_field.items() if used == column}
    if fields:
        return fields <= _OWN_FIELDS
    return reading.decisions[column].role in _TOLD_ROLES


def _item_settings(settings: BehaviourSettings, item: str) -> BehaviourSettings:
    """Those of a table of items whose ids stand where the events have theirs."""
    columns = settings.columns.model_copy(update={"items": {"id": item}})
    return settings.model_copy(update={"columns": columns})


def _item_table(table: OpenTable, names: Sequence[str], item: str) -> OpenTable:
    """A row an item, of the first rows."""
    rows: dict[str, dict[str, Any]] = {}
    for row in table.head:
        if not is_missing(cell := row.get(item)):
            merged = rows.setdefault(str(cell), {})
            for name in names:
                if name not in merged and not is_missing(row.get(name)):
                    merged[name] = row[name]
    return replace(
        table, columns=tuple(names), head=list(rows.values()), rows=iter(()), reopen=None
    )
