"""Small invented files of the kinds that people have, and a store that they are read into."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.batch import IngestSummary
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.ingest import Ingestor
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, ImportResult, Item

NOW = 1_772_366_400.0  # 2026-03-01 12:00 UTC


class Shop:
    """A store with its two ways in: files and frames, and the rows of HTTP bodies."""

    def __init__(self, store: SqlStore, folder: Path) -> None:
        self.store, self.folder = store, folder

    def add(
        self, record_type: RecordType, source: Any, name: str = "", **settings: Any
    ) -> ImportResult:
        """A text is written to a file first, of the name; anything else is read as it is."""
        if isinstance(source, str | bytes):
            path = self.folder / (name or f"{record_type}.csv")
            path.write_bytes(source.encode() if isinstance(source, str) else source)
            source = path
        return import_file(
            self.store,
            record_type,
            source,
            BehaviourSettings(**settings),
            rejects_dir=self.folder / "rejects",
            now=NOW,
        )

    def send(self, *rows: dict[str, Any], **settings: Any) -> IngestSummary:
        """Live events, as `POST /v1/events` takes them."""
        return self._ingestor(settings).events(rows, NOW)

    def send_items(self, *rows: dict[str, Any], **settings: Any) -> IngestSummary:
        """Items, as `POST /v1/items` takes them."""
        return self._ingestor(settings).items(rows)

    def _ingestor(self, settings: dict[str, Any]) -> Ingestor:
        return Ingestor(
            self.store, BehaviourSettings(**settings), lambda events: (list(events), {})
        )

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.store.events()]

    @property
    def items(self) -> dict[str, Item]:
        return {item.id: item for _, item in self.store.items()}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with SqlStore(tmp_path / "behaviour.db") as store:
        yield Shop(store, tmp_path)
