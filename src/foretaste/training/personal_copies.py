"""In: a person who is about to be forgotten. Out: nothing of them beside the database any more:
rows of theirs that were rejected at imports, and vectors of what they searched for and wrote.

What there is must be known before the database forgets: by what they are named, and their texts. So
it goes first: should the process die in between, whoever erases again still knows all of it. And it
goes once more after it, for what somebody else has read or rejected meanwhile.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from foretaste.behaviour.rejected_rows import erase_rejected_rows
from foretaste.errors import ForetasteError
from foretaste.model.version import ModelVersion
from foretaste.training.encode import DataEncoder
from foretaste.training.erasure_receipt import PENDING_CACHE_NOTE, PENDING_REJECTS_NOTE

log = logging.getLogger(__name__)


class CopyWorkspace(Protocol):
    """What is needed of the loop."""

    @property
    def folder(self) -> Path: ...
    @property
    def data_encoder(self) -> DataEncoder: ...


class PersonalCopies:
    """What is of a person beside the database."""

    def __init__(self, workspace: CopyWorkspace, user: str, personal: Mapping[str, Any]) -> None:
        """personal: their export, {} of who has none."""
        self._workspace = workspace
        events = personal.get("events", ())
        sessions = personal.get("sessions", ())
        self._names = {user, *sessions, *(event["event_id"] for event in events)}
        own_parts = [
            personal.get(name, ())
            for name in ("events", "changes", "recommendations", "conversations")
        ]
        self._texts = sorted({text for text in _texts(own_parts) if text.strip()})
        self.counts = {"rejected rows": 0, "vectors of their texts": 0}
        """How much each place had, in all that were erased so far."""

    def erase(self, versions: Sequence[ModelVersion]) -> list[str]:
        """→ what is still due. versions: those there are."""
        notes = list[str]()
        try:
            self.counts["rejected rows"] += erase_rejected_rows(self._workspace.folder, self._names)
        except OSError as error:
            log.error("rejected rows of somebody who was erased: %s", error)
            notes.append(PENDING_REJECTS_NOTE)
        encoders = {version.data.get("encoder") for version in versions}
        try:
            self.counts["vectors of their texts"] += self._workspace.data_encoder.forget(
                self._texts, {None, *encoders}
            )
        except (OSError, ForetasteError) as error:
            log.error("vectors of somebody who was erased: %s", error)
            notes.append(PENDING_CACHE_NOTE)
        return notes


def _texts(value: Any) -> Iterator[str]:
    """Every text in what JSON can hold; of an object with a query and a text also both as one, as
    a question with words of its context is read.
    """
    if isinstance(value, dict):
        context = value.get("context")
        words = [value.get("query"), context.get("text") if isinstance(context, dict) else None]
        yield " ".join(word for word in words if isinstance(word, str)).strip()
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value
