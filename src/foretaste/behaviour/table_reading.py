"""What a table was taken for: which column is which field, why, and how its cells are read.

What `foretaste inspect` shows is what a row reader goes by, and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from foretaste.behaviour.column_roles import ColumnDecision
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.reading.column import ColumnReading
from foretaste.behaviour.stream import Row


@dataclass(frozen=True, slots=True)
class TableReading:
    """A table as its row reader reads it."""

    record_type: RecordType
    columns: tuple[str, ...]
    head: Sequence[Row]
    """Its first rows, a row a record."""
    columns_by_field: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Field → why its column was taken for it."""
    readings: Mapping[str, ColumnReading] = field(default_factory=dict)
    """Column → how its cells are read, where that was decided for the whole column."""
    decisions: Mapping[str, ColumnDecision] = field(default_factory=dict)
    """Column of items or users that is no field → what it is."""
    event_type: str | None = None
    """Of events that name none."""
    opinions: Mapping[str, str] = field(default_factory=dict)
    """Of events: what the values of a column of opinions stand for, see `opinion_columns`."""
    item_title_column: str | None = None
    """Of events: the column with the titles of items that are new."""
    attention_columns: tuple[str, ...] = ()
    """Of events: the columns that their values are made of, see `reading.attention`."""
    amount_columns: tuple[str, ...] = ()
    """Of orders: the columns that say what was paid, see `paid_amounts`."""
    quantity_column: str | None = None
    """Of orders: the column by which returns are told, see `returned_rows`."""
    item_reading: "TableReading | None" = None
    """Of events: how the columns are read that describe items that are new."""
