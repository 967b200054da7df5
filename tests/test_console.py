"""Tables in a narrow terminal: nothing is cut off, and an id can be copied."""

from io import StringIO

import pytest
from rich.console import Console

from foretaste import console

KEY = "3f9c2a7be104"
ROWS = [(KEY, "the front of the shop", "2026-11-25 00:59", "good until 2027-11-25", "17,631")]


@pytest.mark.parametrize("width", [40, 60, 200])
def test_a_narrow_table_leaves_ids_and_numbers_whole(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = StringIO()
    narrow = Console(file=told, width=width, highlight=False, markup=False)
    monkeypatch.setattr(console, "OUT", narrow)
    console.table(("id", "name", "made", "until", "items"), ROWS, right=("items",))

    shown = told.getvalue()
    assert KEY in shown
    assert "17,631" in shown
    assert "…" not in shown
