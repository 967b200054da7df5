"""In: a table of items or users with objects within: `{"recipe": {"name": …, "cuisine": …}}`, as
exports of document databases and apps have. Out: the same with a column for each value in them.

An object that only names something, `{"id": 28, "name": "Drama"}`, stays one value: its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from foretaste.behaviour.column_roles import TEXT_COLUMN_NAMES
from foretaste.behaviour.columns import normalise_column, resolve_columns
from foretaste.behaviour.files.json_forms import flat_columns, flatten
from foretaste.behaviour.formats.variant_steps import MergedRow
from foretaste.behaviour.nested import are_objects, object_of
from foretaste.behaviour.open_table import OpenTable
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing, with_names

MAX_KEYS = 50
"""Different keys of the objects of a column above which the keys are data: ids of users, words."""
MAX_KEYS_OF_A_NAME = 2
"""What an object that names something may have besides its name, ids and addresses."""
_WORDS_OF_NO_ITEM = (
    "shipping shippings delivery versand lieferung livraison envio tax taxes seo meta metafields "
    "links _links acl permissions"
)
_OF_NO_ITEM = frozenset(_WORDS_OF_NO_ITEM.split())
"""Columns of objects that say nothing of the item itself; a price in one is not what it costs."""
_WORDS_OF_A_NAME = "name title label value id _id slug code key handle uri permalink"
_NAME_KEYS = frozenset(_WORDS_OF_A_NAME.split())


@dataclass(frozen=True, slots=True)
class ObjectColumns:
    """Which columns of a table hold objects, and which columns their values get."""

    columns: frozenset[str]
    paths: Mapping[tuple[str, ...], str]
    """Path of a value within objects → its column."""

    def flat_row(self, row: Row) -> Row:
        """The row with a column for each value within its objects."""
        if isinstance(row, MergedRow):
            return row
        objects = {
            column: value
            for column in self.columns
            if isinstance(value := object_of(row.get(column)), Mapping)
        }
        plain = {column: value for column, value in row.items() if column not in self.columns}
        return plain | flatten(objects, self.paths)

    def flat_table(self, table: OpenTable) -> OpenTable:
        """The table as its rows come out."""
        head = [self.flat_row(row) for row in table.head]
        columns = [column for column in table.columns if column not in self.columns]
        return replace(
            table,
            columns=tuple(dict.fromkeys([*columns, *self.paths.values()])),
            head=head,
            rows=iter(()),
            reopen=None,
        )


def find_object_columns(
    record_type: str, table: OpenTable, named_columns: Mapping[str, str]
) -> ObjectColumns | None:
    """None of a table without objects, and of one whose format says where all stands.

    named_columns: field → column, from the settings.
    """
    if table.format is not None or table.form.kind == "XML":
        return None
    used_columns = resolve_columns(record_type, table.columns, named_columns).values()
    object_columns = []
    for column in table.columns:
        cells = [cell for row in table.head if not is_missing(cell := row.get(column))]
        name = normalise_column(column)
        is_of_item = name not in TEXT_COLUMN_NAMES and column.lower() not in _OF_NO_ITEM
        if is_of_item and column not in used_columns and are_objects(cells):
            objects = [object_of(cell) for cell in cells]
            if _are_records(objects):
                object_columns.append(column)
    if not object_columns:
        return None
    rows = [
        {
            column: value
            for column in object_columns
            if isinstance(value := object_of(row.get(column)), Mapping)
        }
        for row in table.head
    ]
    paths = flat_columns(rows)
    taken_columns = set(table.columns) - set(object_columns)
    paths = {
        path: "_".join(path) if name in taken_columns else name for path, name in paths.items()
    }
    return ObjectColumns(frozenset(object_columns), paths)


def _are_records(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the objects say several things, and do not only name one."""
    keys = {str(key).lower() for value in objects for key in value}
    if len(keys) > MAX_KEYS:
        return False
    is_named = all(isinstance(with_names(value), str) for value in objects)
    return not is_named or len(keys - _NAME_KEYS) > MAX_KEYS_OF_A_NAME
