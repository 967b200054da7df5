"""What the tests of files share: an invented file in, the events or items in a store out."""

from pathlib import Path
from typing import Any

from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import ImportResult, Item

NOW = 1_770_000_000.0


def import_bytes(
    folder: Path,
    name: str,
    content: bytes | str,
    what: RecordType = "events",
    *,
    yes: bool = False,
    settings: dict[str, Any] | None = None,
) -> tuple[ImportResult, SqlStore]:
    """(what became of the file, the store)."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return import_path(folder, path, what, yes=yes, settings=settings)


def import_path(
    folder: Path,
    path: Path,
    what: RecordType = "events",
    *,
    yes: bool = False,
    settings: dict[str, Any] | None = None,
) -> tuple[ImportResult, SqlStore]:
    """The same for a file that is there."""
    store = SqlStore(folder / "behaviour.db")
    behaviour = BehaviourSettings.model_validate(settings or {})
    imported = import_file(
        store, what, path, behaviour, rejects_dir=folder / "rejects", now=NOW, yes=yes
    )
    return imported, store


def events_of(store: SqlStore) -> list[tuple[str | None, str | None, str]]:
    """(user or session, item or words, type) of each event."""
    return [
        (event.user or event.session, event.item or event.query, event.kind)
        for _, event in store.events()
    ]


def items_of(store: SqlStore) -> dict[str, Item]:
    return {item.id: item for _, item in store.items()}
