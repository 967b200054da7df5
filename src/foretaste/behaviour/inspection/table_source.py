"""A table that was named, before it is opened."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.behaviour.files.file_settings import FileSettings, RecordType, settings_of_file
from foretaste.behaviour.formats.creator_ids import names_creator, names_title
from foretaste.behaviour.settings import BehaviourSettings


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table before it is opened."""

    source: Any
    """A path, a frame or an iterable of mappings."""
    record_type: RecordType | None = None
    """None is found out."""
    name: str | None = None
    """What messages call a frame."""
    is_part: bool = False
    """Whether it is one of several in something that was named as a whole: such a part may be left
    out where it is neither."""
    format: str | None = None
    """Of what shop system, tracker or data set it is, where that was said."""
    id_column: str | None = None
    """Of items and users, by which events name them, where their names tell another."""

    session_column: str | None = None
    """Of events, where another table of the import has an account beside this browser."""
    creator_in_id: bool | None = None
    """See `FileSettings.creator_in_id`; as all tables of the import say together."""

    @property
    def label(self) -> str:
        """What messages call it."""
        if isinstance(self.source, str | Path):
            return Path(self.source).name
        return self.name or "frame"

    def settings_in(self, settings: BehaviourSettings) -> FileSettings:
        """What the settings, and whoever named the table, say of it."""
        file_settings = settings_of_file(settings.files, self.label)
        group = settings.columns.items.get("group")
        if group is not None and "group" not in file_settings.columns:
            columns = {**file_settings.columns, "group": group}
            file_settings = file_settings.model_copy(update={"columns": columns})
        if self.format is not None:
            file_settings = file_settings.model_copy(update={"format": self.format})
        creator_in_id = False if self._has_named_titles(settings) else self.creator_in_id
        if creator_in_id is not None and file_settings.creator_in_id is None:
            update = {"creator_in_id": creator_in_id}
            file_settings = file_settings.model_copy(update=update)
        return self.with_decided_columns(file_settings)

    def _has_named_titles(self, settings: BehaviourSettings) -> bool:
        """Whether the settings take titles, or who made them, for the ids as they are."""
        is_items = self.record_type == "items"
        named = (
            settings.columns.items.get("id") if is_items else settings.columns.events.get("item")
        )
        return named is not None and (names_title(named) or names_creator(named))

    def with_decided_columns(self, file_settings: FileSettings) -> FileSettings:
        """The settings of the file, with the columns that other tables tell."""
        decided = {"id": self.id_column, "session": self.session_column}
        taken = {field: column for field, column in decided.items() if column is not None}
        if not taken:
            return file_settings
        columns = {**file_settings.columns, **taken}
        return file_settings.model_copy(update={"table": self.record_type, "columns": columns})

    def notes(self) -> list[str]:
        """What was decided by other tables."""
        if self.session_column is not None:
            return [
                f"took column '{self.session_column}' for the session, as another file has an "
                "account beside it"
            ]
        if self.id_column is None:
            return []
        return [f"took column '{self.id_column}' for the id, {self.id_reason}"]

    @property
    def id_reason(self) -> str:
        """Why the column of ids was taken."""
        named = "people" if self.record_type == "users" else "items"
        return f"as events name {named} by it"
