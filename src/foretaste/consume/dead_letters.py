"""In: rows of a source that were not taken, and why. Out: a file of them in the workspace's folder
of rejects, a JSON object a line, which an erasure reads too.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from foretaste.behaviour.batch import BatchRejection
from foretaste.behaviour.importer import MAX_REJECTS_LENGTH, shortened_row
from foretaste.behaviour.rejected_rows import REJECTS_FOLDER
from foretaste.consume.stream_source import StreamRow
from foretaste.domain.data import RejectedRow
from foretaste.domain.files import FOLDER_MODE, sync_to_disk
from foretaste.errors import StoreError

REPEATED_BYTES = 1 << 20
"""At the end of the file, in which rows that come again are looked for."""

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


class DeadLetters:
    """The file of one source. It is opened anew for each batch: an erasure may have replaced it."""

    def __init__(self, workspace: Path, source_name: str) -> None:
        stem = _NOT_IN_NAMES.sub("-", source_name)
        self.path = workspace / REJECTS_FOLDER / f"consume-{stem}.jsonl"
        self._source_name = source_name
        self._written_lines = _last_lines(self.path)

    def write(self, rejects: Sequence[tuple[StreamRow, BatchRejection]]) -> None:
        """Add them, on the disk when this returns. Those that were written before the last start,
        each word for word, are left out. Raises StoreError where the disk does not take them.
        """
        lines = [
            json.dumps(self._fields(*reject), ensure_ascii=False, default=str) + "\n"
            for reject in rejects
        ]
        lines = [line for line in lines if _comparable(line) not in self._written_lines]
        if not lines:
            return
        try:
            self.path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size > MAX_REJECTS_LENGTH:
                os.replace(self.path, self.path.with_suffix(".older.jsonl"))
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(lines)
            sync_to_disk(self.path)
        except OSError as error:
            raise StoreError(
                f"{self.path}: rejected rows cannot be written ({error.strerror}); make room or "
                "make its folder writable"
            ) from None

    def _fields(self, row: StreamRow, rejection: BatchRejection) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "source": self._source_name,
            "entry": row.entry,
            "column": rejection.field,
            "value": rejection.value,
            "problem": rejection.problem,
            "remedy": rejection.remedy,
        }
        if _is_refusal(rejection):
            return fields
        content = row.content.row if isinstance(row.content, RejectedRow) else row.content
        return fields | {"row": shortened_row(content)}


def _is_refusal(rejection: BatchRejection) -> bool:
    """Whether the row is good and may not come in again, as its person was erased: of it nothing
    is written down.
    """
    return rejection.field == "event_id" and not rejection.value


def _last_lines(path: Path) -> set[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - REPEATED_BYTES, 0))
            return set(file.read().splitlines())  # the first of them may be the end of one
    except OSError:
        return set()


def _comparable(line: str) -> bytes:
    """As `_last_lines` has it."""
    return line.rstrip("\n").encode("utf-8", "backslashreplace")
