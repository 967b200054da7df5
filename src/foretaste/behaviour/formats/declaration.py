"""What a format is: data that say how the files of one shop system, tracker or data set are laid.

A format says only what the columns of a file do not tell by themselves: which rows belong together,
which of several ids is meant, what stands in another file. Everything else is found out as of any
file.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.formats.row_steps import RowStep

ALTERNATIVES = "|"
"""Stands between columns of which the first that is there is meant."""


@dataclass(frozen=True, slots=True)
class TableFormat:
    """One kind of file of a format."""

    record_type: RecordType | None
    """None of a file that is not read by itself: the title says why."""
    title: str
    """In words: "Shopify's export of products"."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our name of a field → its column, or several with `|` between them: the first that is there.
    As the rows are after the steps."""
    marks: tuple[str, ...] = ()
    """Columns that only such a file has all together; each may be several with `|` between them."""
    file: str = ""
    """A regular expression for the file's name in lower case, without what says how it is packed:
    for files without names of columns, and where other files have the same ones."""
    header: tuple[str, ...] = ()
    """The names of the columns of a file that has none."""
    delimiter: str = ""
    """Of a file without names of columns; any if empty."""
    steps: tuple[RowStep, ...] = ()
    """What is done to the rows, in this order."""
    event_type_names: Mapping[str, str] = field(default_factory=dict)
    """What an event type is called there → what it is."""
    default_event_type: str | None = None
    text_columns: tuple[str, ...] = ()
    attribute_columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    separators: Mapping[str, str] = field(default_factory=dict)
    repeats: str = ""
    """A column of which values must come again in the first rows, besides the marks."""
    needs_name: bool = False
    """Whether it is used only where the format is named, as other files have the same columns."""

    def is_marked(self, columns: Iterable[str]) -> bool:
        """Whether the columns give it away."""
        names = set(map(normalise_column, columns))
        return bool(self.marks) and all(
            any(normalise_column(name) in names for name in mark.split(ALTERNATIVES))
            for mark in self.marks
        )

    def has_file_name(self, name: str) -> bool:
        """Whether its files are called so."""
        return bool(self.file) and re.fullmatch(self.file, name.lower()) is not None

    def columns_by_field(self, columns: Iterable[str]) -> dict[str, str]:
        """Field → column, of those that are there."""
        by_name = {normalise_column(column): column for column in columns}
        fields: dict[str, str] = {}
        for name, alternatives in self.columns.items():
            for alternative in alternatives.split(ALTERNATIVES):
                column = by_name.get(normalise_column(alternative))
                if column is not None:
                    fields[name] = column
                    break
        return fields


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format: the name of it, and its kinds of files."""

    name: str
    """As it is written after `--format`."""
    title: str
    tables: tuple[TableFormat, ...]
