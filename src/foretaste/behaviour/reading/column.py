"""What a column was taken for: the answer of every function of this folder.

    ids.read_id_column            who or what: no digits lost, nobody is nobody
    times.read_time_column        when: ISO 8601, numbers since 1970, dates of one order of day and
                                  month
    numbers.read_number_column    how much: the decimal mark and the currency of the whole column
    ratings.read_rating_column    how good: the scale, and from where on it is a positive
    texts.read_text_column        what a language model reads, cleaned; or why it is no text

Each takes the cells as they came (the text of a file, or values of a frame) and decides once for
the column, so that two cells of it are never read by two rules. The importer and
`foretaste inspect` call the same functions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.behaviour.values import CellError, display_text, is_missing

MAX_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """What a column is taken for, and its cells read by that."""

    decision: str
    """In words that a shop owner reads: "dates, the day before the month"."""
    values: Sequence[Any]
    """Each cell as it is read; None where it is empty or cannot be read."""
    share: float
    """Of the cells that are not empty, those that can be read by the decision; 1 of none."""
    samples: tuple[tuple[str, str], ...]
    """(as it was written, as it is read) of the first few different cells."""
    parse: Callable[[Any], Any]
    """Reads one more cell by the decision; raises a `CellError` that says why not."""
    warnings: tuple[str, ...] = ()
    """What is read but looks wrong."""
    problem: str | None = None
    """Why the column cannot be used as it is, with the setting or the option that decides."""
    decided: bool = True
    """False where cells further down may still decide, e.g. after nothing but 03/04/2021."""


def read_column(
    cells: Sequence[Any],
    decision: str,
    parse: Callable[[Any], Any],
    *,
    warnings: Sequence[str] = (),
    problem: str | None = None,
    decided: bool = True,
) -> ColumnReading:
    """Every cell by one parser, with the share that it can read and a few samples."""
    values: list[Any] = []
    samples: dict[str, str] = {}
    cell_count = read_count = 0
    for cell in cells:
        try:
            value = parse(cell)
        except CellError:
            value = None
            cell_count += 1
        else:
            empty = is_missing(cell)
            cell_count += not empty
            read_count += not empty
            if not empty and len(samples) < MAX_SAMPLES:
                samples.setdefault(display_text(cell), "" if value is None else display_text(value))
        values.append(value)
    return ColumnReading(
        decision,
        values,
        read_count / cell_count if cell_count else 1.0,
        tuple(samples.items()),
        parse,
        tuple(warnings),
        problem,
        decided,
    )
