"""In: the `[behaviour.files]` part of the settings. Out: what a file does not say itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from foretaste.domain.settings import Settings

RowShape = Literal["table", "baskets"]
RecordType = Literal["events", "items", "users"]


class FileSettings(Settings):
    """What a file does not say itself. `foretaste inspect --write` writes it."""

    table: RecordType | None = None
    """Whether its rows are events, items or users. None is found out."""
    format: str | None = None
    """The shop system, tracker or data set that it comes from, e.g. "shopify"; see docs/data.md.
    None is found out where its columns give it away."""
    columns: Mapping[str, str] = Field(default_factory=dict)
    """Our name of a field → the name of its column, over `behaviour.columns`; with `table`."""
    default_event_type: str | None = None
    """The type of its events that name none, over `behaviour.default_event_type`."""
    event_type_names: Mapping[str, str] = Field(default_factory=dict)
    """What this file calls an event type → which it is, over `behaviour.event_type_names`."""
    text_columns: tuple[str, ...] = ()
    """As in [behaviour], for this file."""
    attribute_columns: tuple[str, ...] = ()
    """As in [behaviour], for this file."""
    ignored_columns: tuple[str, ...] = ()
    """As in [behaviour], for this file."""
    separators: Mapping[str, str] = Field(default_factory=dict)
    """As in [behaviour], for this file."""
    levels: Mapping[str, str] = Field(default_factory=dict)
    """As in [behaviour], for this file."""
    header: tuple[str, ...] = ()
    """The names of the columns of a file without a line of names. `genre=Drama` is a column that
    has a 1 where the genre is Drama."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=2)
    """What stands between two cells. None is found out."""
    encoding: str | None = None
    """e.g. cp1252. None is found out."""
    sheet: str | None = None
    """Of a spreadsheet with several."""
    creator_in_id: bool | None = None
    """Whether items without ids are known by their title and who made it, such as "Adele – Hello",
    or by their title alone. None takes both where several have made something of one title."""
    rows: RowShape | None = None
    """`baskets`: a row has any number of items side by side, after the columns that `header` names.
    `table`: a row has a cell for each column. None is found out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a file before it is opened."""

    settings: FileSettings = field(default_factory=FileSettings)
    record_type: str | None = None
    """events, items or users, where it is known."""
    yes: bool = False
    """Take what is offered of a file without names of columns, rather than to refuse it."""


def settings_of_file(files: Mapping[str, FileSettings], name: str) -> FileSettings:
    """Those of the name, or of the first pattern that fits it, such as `orders-*.csv`."""
    if name in files:
        return files[name]
    patterns = (pattern for pattern in files if fnmatchcase(name, pattern))
    return files.get(next(patterns, ""), FileSettings())
