"""In: what was named: files, folders, archives, spreadsheets, frames. Out: each table of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from foretaste.behaviour.files.file_form import HeaderlessError
from foretaste.behaviour.files.file_settings import Reading, RecordType
from foretaste.behaviour.files.packing import FIRST_BYTES, is_spreadsheet, locate, parts_of
from foretaste.behaviour.files.packing import table_parts as table_files
from foretaste.behaviour.files.spreadsheet import sheet_names
from foretaste.behaviour.formats import format_named
from foretaste.behaviour.formats.formatted_table import open_formatted
from foretaste.behaviour.inspection.entity_ids import with_event_ids
from foretaste.behaviour.inspection.namesakes import with_creators
from foretaste.behaviour.inspection.record_types import guess_record_type
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.inspection.visitor_columns import with_visitor_columns
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.store import Store
from foretaste.errors import InputError

Announce = Callable[[Sequence[str]], None]
"""Told in a few lines what a file was taken for."""
RECORD_TYPES: tuple[RecordType, ...] = ("items", "users", "events")
"""In the order in which they go in: events name items."""


FORM_REASON, COMPANION_REASON = "it has the form of ", "it is a part of a format: "
"""Why a file is what it is; and why one that is read with another is not read by itself."""


def say_nothing(lines: Sequence[str]) -> None:
    """For those whom what is announced does not concern."""


def sources_of(
    sources: Iterable[Any],
    named_tables: Mapping[RecordType, Any] | None = None,
    format_name: str | None = None,
) -> list[TableSource]:
    """Every table of what was named: of `sources` it is to be found out what they are.

    named_tables: what is events, items or users; a file, a frame, or a list of files. format_name:
    the shop system, tracker or data set that all are of. Raises InputError where something is not
    there.
    """
    if format_name is not None:
        format_name = format_named(format_name).name
    tables = [table for source in sources for table in _tables(source)]
    for record_type, named in (named_tables or {}).items():
        is_list = isinstance(named, list | tuple) and bool(named)
        if is_list and all(isinstance(source, str | Path) for source in named):
            tables += [TableSource(source, record_type) for source in named]
        elif named is not None:
            tables.append(TableSource(named, record_type))
    return [replace(table, format=format_name) for table in tables]


def _tables(source: Any) -> list[TableSource]:
    if not isinstance(source, str | Path):
        return [TableSource(source)]
    paths = _paths(Path(source))
    return [TableSource(path, is_part=len(paths) > 1) for path in paths]


def _paths(path: Path) -> list[Path]:
    """A file; the files of a folder; the tables of an archive; the sheets of a spreadsheet."""
    file, part = locate(path)
    if file.is_dir():
        names = table_files(sorted(child.name for child in file.iterdir() if child.is_file()))
        if not names:
            raise InputError(f"{path} has no file with rows in it; name another")
        return [inner for name in names for inner in _paths(file / name)]
    if part is None:
        with file.open("rb") as raw:
            head = raw.read(FIRST_BYTES)
        parts = parts_of(path)
        if len(parts) > 1:
            return parts
        if parts == [path] and is_spreadsheet(head):
            names = sheet_names(path)
            return [path / name for name in names] if len(names) > 1 else [path]
    return [path]


def with_record_types(
    tables: Iterable[TableSource],
    store: Store,
    settings: BehaviourSettings,
    now: float,
    *,
    yes: bool = False,
    announce: Announce = say_nothing,
) -> list[TableSource]:
    """Each with what its rows are, in the order in which they go in.

    store: with what earlier imports brought. now: seconds since 1970. yes: take the names that are
    offered for a file without names of columns. Raises InputError where it cannot be told of one
    that was named itself; parts of something else are left out, and `announce` is told so.
    """
    tables, typed = list(tables), []
    for table in tables:
        is_companion = False
        try:
            record_type, reason = record_type_of(table, settings, now, yes=yes)
            is_companion = reason.startswith(COMPANION_REASON)
        except InputError as error:
            if not table.is_part or isinstance(error, HeaderlessError):
                raise
            record_type, reason = None, str(error)
        if record_type is not None:
            typed.append(replace(table, record_type=record_type))
        elif table.is_part or is_companion:
            announce([f"{table.label}: left out: {reason}"])
        else:
            raise InputError(
                f"{table.label}: are these events, items or users? {reason}; say it with --events, "
                f'--items or --users, or with table = "…" under [behaviour.files."{table.label}"], '
                "or leave the file out"
            )
    if tables and not typed:
        raise InputError("none of the files holds events, items or users; name another")
    typed.sort(key=lambda table: RECORD_TYPES.index(table.record_type or "events"))
    typed = with_visitor_columns(with_creators(typed, settings, yes=yes), settings, now, yes=yes)
    return with_event_ids(typed, store, settings, now, yes=yes)


def record_type_of(
    table: TableSource, settings: BehaviourSettings, now: float, *, yes: bool = False
) -> tuple[RecordType | None, str]:
    """(what its rows are, why). Raises InputError where it cannot be opened."""
    if table.record_type is not None:
        return table.record_type, "you said so"
    file_settings = table.settings_in(settings)
    if file_settings.table is not None:
        return file_settings.table, "the settings"
    if hasattr(table.source, "__next__"):
        raise InputError(
            "rows that come one by one can be read only once; say what they are: "
            "add(events=…), add(items=…) or add(users=…)"
        )
    with open_formatted(table.source, table.name, Reading(file_settings, None, yes)) as opened:
        if opened.format is not None:
            start = FORM_REASON if opened.format.record_type else COMPANION_REASON
            return opened.format.record_type, start + opened.format.title
        guess = guess_record_type(opened, settings.of_file(file_settings), now)
    return guess.record_type, guess.reason
