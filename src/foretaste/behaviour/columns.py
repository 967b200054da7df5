"""In: the columns of a file and the settings. Out: which column holds which field.

The settings win, then our own name of the field, then the usual ones (userId, movieId, rating, …).
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

from foretaste.behaviour.settings import FIELDS_BY_TABLE
from foretaste.domain.words import without_accents
from foretaste.errors import InputError

_NAMES_FILE = Path(__file__).with_name("column_names.toml")


def _load_aliases() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Kind of table → field → the usual names of its column, the first that is there first."""
    with _NAMES_FILE.open("rb") as file:
        tiers_by_field = tomllib.load(file)
    aliases = {
        record_type: {name: tuple(" ".join(tiers).split()) for name, tiers in fields.items()}
        for record_type, fields in tiers_by_field.items()
    }
    aliases["items"]["id"] = (*aliases["events"]["item"], "item")
    aliases["users"] = {"id": ("user", *aliases["events"]["user"])}
    return aliases


_ALIASES = _load_aliases()
_ITEM_NAMES = frozenset(_ALIASES["events"]["item_title"]) & frozenset(_ALIASES["events"]["item"])
"""Columns by whose titles items may be named."""
_TIME_ENDINGS = ("time", "date", "year", "timestamp", "datum", "fecha", "properties")
"""Of columns that are no ids, however alike their names are to one."""
_ID_ENDINGS = ("id", "uuid", "code", "key", "number", "no", "nummer", "nr")
_TITLE_ENDINGS = ("title", "name", "titel", "bezeichnung", "naam")
_TITLE_STARTS = ("nom", "titre", "nombre", "titulo", "nome", "titolo")
"""`nom_restaurant` beside `id_restaurant`."""
MIN_NAME_RATIO = 0.55
"""How alike a column's name must be to one that is looked for, of 1, to be named in a message."""


@lru_cache(maxsize=10_000)
def normalise_column(column: str) -> str:
    """'User ID', 'user_id' and 'userId' are one: 'userid'. Accents go: 'Käufer-Nr.' is 'kaufernr',
    'N° client' 'nclient'.
    """
    return "".join(filter(str.isalnum, without_accents(column)))


def is_alias(record_type: str, field: str, column: str) -> bool:
    """Whether a column is called as a field is, by us or by others."""
    names = (normalise_column(field), *_ALIASES[record_type].get(field, ()))
    return normalise_column(column) in names


def is_rating_name(column: str) -> bool:
    """Whether a column is ratings by its name; one called `value` may be anything."""
    return normalise_column(column) in _ALIASES["events"]["value"]


def resolve_columns(
    record_type: str,
    columns: Iterable[str],
    column_settings: Mapping[str, str],
    decided_columns: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Field → column, for the fields that have one.

    record_type: events, items or users. column_settings: field → column. decided_columns: what
    earlier rows of the same file have decided, which stays.
    """
    columns_by_field = dict(decided_columns or {})
    unused_columns = [column for column in columns if column not in columns_by_field.values()]
    for field, column in column_settings.items():
        is_field = field in FIELDS_BY_TABLE[record_type]
        if is_field and field not in columns_by_field and column in unused_columns:
            columns_by_field[field] = column
            unused_columns.remove(column)
    by_name = {normalise_column(column): column for column in reversed(unused_columns)}
    for field in FIELDS_BY_TABLE[record_type]:
        if field in columns_by_field or field in column_settings:
            continue
        for alias in (normalise_column(field), *_ALIASES[record_type].get(field, ())):
            if by_name.get(alias) in unused_columns:
                columns_by_field[field] = by_name[alias]
                unused_columns.remove(columns_by_field[field])
                break
    if record_type == "items" and "available_from" not in {*columns_by_field, *column_settings}:
        columns_by_field |= _arrival_column(columns_by_field, by_name, unused_columns)
    return columns_by_field


def _arrival_column(
    columns_by_field: Mapping[str, str], by_name: Mapping[str, str], unused_columns: Sequence[str]
) -> dict[str, str]:
    """When each item came, of a table that says when each went."""
    if "available_until" not in columns_by_field:
        return {}
    columns = (by_name.get(alias) for alias in _ALIASES["items"]["row_created"])
    column = next((column for column in columns if column in unused_columns), None)
    return {} if column is None else {"available_from": column}


def item_title_columns(columns: Iterable[str], used_columns: Collection[str | None]) -> list[str]:
    """The columns of events that may have the titles of their items, as lines of orders have, the
    likeliest first. One may be the column of items itself.
    """
    by_name = {normalise_column(column): column for column in columns}
    return [
        by_name[alias]
        for alias in _ALIASES["events"]["item_title"]
        if alias in by_name and (by_name[alias] not in used_columns or alias in _ITEM_NAMES)
    ]


def paired_title_column(id_column: str, columns: Iterable[str]) -> str | None:
    """The column that names what a column of ids numbers: `job_title` of `job_id`."""
    name = normalise_column(id_column)
    nouns = {name.removesuffix(ending) for ending in _ID_ENDINGS if name.endswith(ending)}
    nouns |= {name.removeprefix("id")} if name.startswith("id") else set()
    titles = {noun + ending for noun in nouns if noun for ending in _TITLE_ENDINGS}
    titles |= {ending + noun for noun in nouns if noun for ending in _TITLE_STARTS}
    return next((column for column in columns if normalise_column(column) in titles), None)


def missing_column_warnings(
    columns: Iterable[str], column_settings: Mapping[str, str], record_type: str
) -> list[str]:
    """A warning for each column that the settings name and the file does not have."""
    file_columns = set(columns)
    return [
        f"[behaviour.columns.{record_type}] says {field} = '{column}', which is not a column here"
        for field, column in column_settings.items()
        if column not in file_columns
    ]


def _nearest_column(columns: Iterable[str], names: Iterable[str]) -> str | None:
    """The column whose name is nearest to one of these, if it is near."""
    ratios = [
        (SequenceMatcher(None, normalise_column(column), normalise_column(name)).ratio(), column)
        for column in columns
        for name in names
    ]
    ratio, column = max(ratios, default=(0.0, ""))
    return column if ratio >= MIN_NAME_RATIO else None


def missing_column_error(
    file: str,
    record_type: str,
    field: str,
    columns: Iterable[str],
    column_settings: Mapping[str, str],
) -> InputError:
    """The error for a file that lacks a column it must have."""
    columns = list(columns)
    expected_column = column_settings.get(field, field)
    columns_in_use = {
        column
        for name, column in resolve_columns(record_type, columns, column_settings).items()
        if name != field
    }
    free_columns = [
        column
        for column in columns
        if column not in columns_in_use and not normalise_column(column).endswith(_TIME_ENDINGS)
    ]
    names = [expected_column, *_ALIASES[record_type].get(field, ())]
    hint = _nearest_column(
        free_columns, names if field not in column_settings else [expected_column]
    )
    remedy = f"did you mean '{hint}'? " if hint else ""
    missing = (
        "'user' or 'session'"
        if (record_type, expected_column) == ("events", "user")
        else f"'{expected_column}'"
    )
    return InputError(
        f"{file}: no column {missing} among {', '.join(columns) or 'none'}; {remedy}"
        f"name yours under [behaviour.columns.{record_type}], e.g. {field} = "
        f'"{hint or "your column"}"'
    )
