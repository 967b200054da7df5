"""In: a spreadsheet (.xlsx, .xlsm, .xlsb, .xls, .ods). Out: the rows of one of its sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from foretaste.behaviour.files.packing import PackedFile
from foretaste.errors import InputError

EXTENSIONS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
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
    """Sheet → its rows that are not empty, with their numbers."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(file)
        sheets = {
            name: [
                (number, row)
                for number, row in enumerate(
                    book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1
                )
                if any(cell != "" for cell in row)
            ]
            for name in book.sheet_names
        }
    except calamine.PasswordError:
        raise InputError(f"{path} has a password; save it without one") from None
    except calamine.CalamineError as error:
        raise InputError(f"{path} is not a whole spreadsheet ({error}); save it again") from error
    return {name: rows for name, rows in sheets.items() if len(rows) > 1}


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
