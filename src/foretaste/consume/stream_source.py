"""What every source of a stream gives: rows in their order, each with a name of its own, and up to
which position a batch of them goes.

The position is kept in the store of the workspace, after the rows are stored. So whichever end is
killed, the rows past the stored position come again, and the store leaves alone what it has.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from foretaste.domain.data import RejectedRow
from foretaste.errors import ForetasteError

BEGINNING = "beginning"
"""What `--from` calls the oldest entry that a source still has."""


class SourceError(ForetasteError):
    """A source that does not answer, or not as it should. It is tried again."""


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A row as it came."""

    entry: str
    """Its name in the source: the same whenever it is read again."""
    content: Any
    """A mapping; a `RejectedRow` where it cannot be read as one."""
    at: float | None = None
    """When it was written, seconds since 1970, where the source knows."""


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows that are stored together."""

    rows: Sequence[StreamRow]
    position: str
    """Up to and with the last of them."""
    part: str = ""
    """Of the source: a file of a folder has a position of its own."""


StoredPosition = Callable[[str], str | None]
"""Part of a source → the position up to which it is stored; None where nothing of it is."""


class StreamSource(Protocol):
    """A queue or a folder. Its reading is bounded: there is one batch at a time in memory."""

    name: str
    """Under which its positions are kept."""

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        """Go on past what is stored; what is not stored at all from `start` on, with it.

        start: an entry of the source; None is the beginning. Raises InputError where it is no entry
        of this source, SourceError where it does not answer.
        """

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        """The next rows, waited for so long; None where there are none. Raises SourceError."""

    def note_stored(self, batch: RowBatch) -> None:
        """The batch is stored. For what the source itself shows of its readers."""

    def lag(self) -> int | None:
        """How much is written and not read: entries of a stream, files of a folder. None where the
        source cannot say. Raises SourceError.
        """

    def close(self) -> None:
        """Let go of it."""


def json_row(text: str, source_name: str) -> dict[str, Any] | RejectedRow:
    """The object of a message."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"not JSON ({error})"
    else:
        if isinstance(content, dict):
            return content
        problem = "not a JSON object"
    shown_text = text[:200]
    return RejectedRow(
        source_name, 0, "", shown_text, problem, 'write {"user": "7", …}', {"": shown_text}
    )
