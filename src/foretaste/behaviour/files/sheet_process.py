"""In: a spreadsheet on stdin. Out: its sheets on stdout, a line of JSON for each row that is not
empty.

Run as a program, so that a spreadsheet that unpacks to very much takes nobody else's memory: it is
given `MAX_MEMORY` and ends beyond it. Imports nothing of the package, to start at once.
"""

import datetime
import json
from contextlib import suppress
from typing import Any

MAX_MEMORY = 1 << 30
"""Bytes of address space."""
MAX_SECONDS = 600
"""Of the processor."""


def limit_memory() -> None:
    """Where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))


def tagged(cell: Any) -> dict[str, Any]:
    """A cell that JSON has no type for."""
    if isinstance(cell, datetime.timedelta):
        return {"timedelta": cell.total_seconds()}
    return {type(cell).__name__: cell.isoformat()}


def untagged(cell: dict[str, Any]) -> Any:
    """The cell of `tagged`."""
    ((name, value),) = cell.items()
    if name == "timedelta":
        return datetime.timedelta(seconds=value)
    return getattr(datetime, name).fromisoformat(value)


def write_sheets() -> None:
    """`{"sheet": name}`, then `[number, cells]` for each of its rows; `{"error": text}` at a
    failure.
    """
    import python_calamine as calamine

    file = open(0, "rb")  # noqa: SIM115  # stdin, which ends with the process
    file.seek(0)
    try:
        book = calamine.CalamineWorkbook.from_filelike(file)
        for name in book.sheet_names:
            print(json.dumps({"sheet": name}))
            sheet = book.get_sheet_by_name(name)
            for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1):
                if any(cell != "" for cell in row):
                    print(json.dumps([number, row], default=tagged))
    except calamine.PasswordError:
        print(json.dumps({"error": "password"}))
    except calamine.CalamineError as error:
        print(json.dumps({"error": str(error)}))


if __name__ == "__main__":
    limit_memory()
    write_sheets()
