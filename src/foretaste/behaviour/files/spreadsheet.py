"""In: a spreadsheet (.xlsx, .xlsm, .xlsb, .xls, .ods). Out: the rows of one of its sheets."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from foretaste.behaviour.column_values import duration_text
from foretaste.behaviour.files import sheet_process
from foretaste.behaviour.files.packing import PackedFile
from foretaste.errors import InputError

EXTENSIONS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
MAX_SHEETS_LENGTH = 100_000_000
"""Bytes of all sheets of a file, as JSON: some hundred thousand rows."""
_TOO_LARGE_REMEDY = "save the sheet that is meant as CSV, or delete cells far from the others"
MIN_HEADER_SHARE = 0.5
"""Of the columns, those that the row of names fills; rows above it are titles."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet from its line of names on, or from its first row where it has none."""

    name: str
    rows: list[tuple[int, list[Any]]]
    """(number in the sheet, a cell for each column, "" for an empty one)"""


def read_sheet(path: Path, packed: PackedFile, name: str | None) -> Sheet:
    """The named sheet, or the only one with rows. Raises InputError."""
    sheets = _filled_sheets(path, packed.seekable())
    chosen = _choose(path, list(sheets), name)
    rows = sheets[chosen]
    width = max(len(row) for _, row in rows)
    used = [at for at in range(width) if any(at < len(row) and row[at] != "" for _, row in rows)]
    cells = [(number, [row[at] if at < len(row) else "" for at in used]) for number, row in rows]
    start = next(
        (
            at
            for at, (_, row) in enumerate(cells)
            if sum(cell != "" for cell in row) > MIN_HEADER_SHARE * len(used)
        ),
        0,
    )
    return Sheet(chosen, cells[start:])


def _filled_sheets(path: Path, file: IO[bytes]) -> dict[str, list[tuple[int, list[Any]]]]:
    """Sheet → its rows that are not empty, with their numbers.

    Another process reads them, see `sheet_process`. Raises InputError where it cannot.
    """
    sheets: dict[str, list[tuple[int, list[Any]]]] = {}
    rows: list[tuple[int, list[Any]]] = []
    length = 0
    with subprocess.Popen(
        [sys.executable, "-P", sheet_process.__file__],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            length += len(line)
            if length > MAX_SHEETS_LENGTH:
                process.kill()
                raise InputError(f"{path} has more in it than can be read; {_TOO_LARGE_REMEDY}")
            if not line.endswith(b"\n"):  # it ended within the line
                break
            content = json.loads(line)
            if isinstance(content, list):
                number, cells = content
                rows.append((number, [_cell(cell) for cell in cells]))
            elif "sheet" in content:
                rows = sheets[content["sheet"]] = []
            elif content["error"] == "password":
                raise InputError(f"{path} has a password; save it without one")
            else:
                reason = content["error"]
                raise InputError(f"{path} is not a whole spreadsheet ({reason}); save it again")
    if process.returncode:
        raise InputError(f"{path} takes too much memory to be read; {_TOO_LARGE_REMEDY}")
    return {name: rows for name, rows in sheets.items() if len(rows) > 1}


def _cell(cell: Any) -> Any:
    value = sheet_process.untagged(cell) if isinstance(cell, dict) else cell
    return duration_text(value) if isinstance(value, timedelta) else value


def _choose(path: Path, names: Sequence[str], sheet: str | None) -> str:
    if not names:
        raise InputError(f"{path} has no sheet with rows; name another file")
    if sheet is not None:
        if sheet not in names:
            raise InputError(f"{path} has no sheet '{sheet}' with rows; it has {', '.join(names)}")
        return sheet
    if len(names) > 1:
        raise InputError(
            f"{path} has the sheets {', '.join(names)}; name the one that is meant, e.g. "
            f"'{path}/{names[0]}'"
        )
    return names[0]


def sheet_names(path: Path) -> list[str]:
    """The sheets with rows."""
    with path.open("rb") as file:
        return list(_filled_sheets(path, file))
