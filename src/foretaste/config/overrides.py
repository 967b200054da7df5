"""Settings and column names as they are written in a call; a tree of settings out.

`{"model.sequence.epochs": 8}` and `{"model": {"sequence": {"epochs": 8}}}` are the same.
"""

from collections.abc import Mapping
from typing import Any

from foretaste.behaviour.settings import FIELDS_BY_TABLE
from foretaste.errors import SettingsError, did_you_mean

TABLES = tuple(FIELDS_BY_TABLE)
ID_FIELDS = {("items", "id"): "item", ("users", "id"): "user"}
"""The ids of items and users, by what events call them."""


def settings_tree(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as nested ones."""
    tree: dict[str, Any] = {}
    for key, value in settings.items():
        first, *inner_keys = str(key).split(".")
        for inner_key in reversed(inner_keys):
            value = {inner_key: value}
        tree[first] = merged(tree[first], value) if first in tree else value
    return tree


def merged(values: Any, changes: Any) -> Any:
    """A tree with the values of another over it."""
    if not (isinstance(values, Mapping) and isinstance(changes, Mapping)):
        return changes
    return {
        **values,
        **{
            key: merged(values[key], change) if key in values else change
            for key, change in changes.items()
        },
    }


def column_settings(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Field → your column, for every table that has the field, or a mapping for each table.

    `{"user": "customer", "item": "sku", "title": "name"}`, or
    `{"events": {"user": "customer"}, "items": {"id": "sku"}}`. Raises SettingsError for a field
    that no table has.
    """
    tables: dict[str, dict[str, str]] = {table: {} for table in TABLES}
    for name, column in columns.items():
        if name in TABLES and isinstance(column, Mapping):
            tables[name] |= column
            continue
        owners = [
            (table, field)
            for table, fields in FIELDS_BY_TABLE.items()
            for field in fields
            if ID_FIELDS.get((table, field), field) == name
        ]
        if not owners or not isinstance(column, str):
            fields_by_name = dict.fromkeys(
                ID_FIELDS.get((table, field), field)
                for table, fields in FIELDS_BY_TABLE.items()
                for field in fields
            )
            raise SettingsError(
                f"columns: '{name}' is no field; {did_you_mean(name, [*fields_by_name, *TABLES])}"
            )
        for table, field in owners:
            tables[table][field] = column
    return {"behaviour": {"columns": {name: table for name, table in tables.items() if table}}}
