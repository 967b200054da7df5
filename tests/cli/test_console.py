"""Tables in a narrow terminal: nothing is cut off, and an id can be copied."""

from io import StringIO

import pytest
from rich.console import Console

from foretaste.cli import console

KEY = "3f9c2a7be104"
ROWS = [(KEY, "the front of the shop", "2026-11-25 00:59", "17,631", "0", "live")]


@pytest.mark.parametrize("width", [20, 40, 60, 200])
def test_a_narrow_table_leaves_ids_and_numbers_whole(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = StringIO()
    narrow = Console(file=told, width=width, highlight=False, markup=False)
    monkeypatch.setattr(console, "OUT", narrow)
    console.print_table(
        ("id", "name", "made", "items", "users", ""), ROWS, right=("items", "users")
    )

    shown = told.getvalue()
    words = [word for row in ROWS for cell in row for word in cell.split()]
    assert sorted(shown.split()) == sorted([*words, "id", "name", "made", "items", "users"])
