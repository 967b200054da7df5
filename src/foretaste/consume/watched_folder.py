"""A folder into which others put files: JSON Lines, CSV and Parquet, also packed.

Files are read in the order of their names, each row once; the position of each file is kept apart,
so that a file with an earlier name that comes later is read too. Of a file of JSON Lines every line
that has ended is read at once, also while the file grows. Of the others nothing can be told before
they are whole: they are read when they have not changed for a moment.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.consume.data_files import FileReader, FileRows, is_data_file, is_line_file
from foretaste.consume.stream_source import BEGINNING, RowBatch, SourceError, StoredPosition
from foretaste.errors import InputError

log = logging.getLogger("foretaste.consume")

TEXT_EXTENSIONS = (".csv", ".tsv")
WHOLE_AFTER_SECONDS = 2.0
"""Without a change, after which a table is taken to be whole."""
UNENDED_AFTER_SECONDS = 60.0
"""The same of a text whose last line does not end: its writer may have paused within it."""
POLL_SECONDS = 0.2
HEAD_BYTES = 256
"""At the beginning of a file, by which it is known again."""


@dataclass(frozen=True, slots=True)
class FilePosition:
    """How far a file is stored."""

    offset: int = 0
    """Bytes of lines, rows of a table."""
    size: int | None = None
    """Bytes that the file had when it was read to its end; None before."""
    head: str = ""
    """Digest of its first bytes; empty where it had fewer."""

    @classmethod
    def of(cls, text: str | None) -> "FilePosition":
        """As it is kept."""
        return cls() if text is None else cls(**json.loads(text))

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))


class WatchedFolder:
    """The rows of the files of one folder."""

    def __init__(
        self,
        folder: Path,
        record_type: str,
        settings: BehaviourSettings,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises InputError where there is no such folder."""
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder; make it, or name another")
        self._folder, self._files = folder.resolve(), FileReader(record_type, settings)
        self._clock, self._wait = clock, wait
        self.name = f"folder/{self._folder}"
        self._positions: dict[str, FilePosition] = {}
        self._stored_position: StoredPosition = lambda _: None
        self._start = ""
        self._table = ("", 0)  # name and bytes of the one that is open
        self._warned_files: set[str] = set()

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        self.close()
        self._positions, self._stored_position = {}, stored_position
        self._start = "" if start is None or start == BEGINNING else Path(start).name

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                batch = self._next_batch(max_rows)
            except OSError as error:
                self.close()
                raise SourceError(
                    f"{error.filename or self._folder} cannot be read: {error.strerror or error}"
                ) from None
            if batch is not None or time.monotonic() >= deadline:
                return batch
            self._wait(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.0)))

    def note_stored(self, batch: RowBatch) -> None:
        self._positions[batch.part] = FilePosition.of(batch.position)

    def lag(self) -> int | None:
        try:
            return sum(1 for _ in self._unread_files())
        except OSError as error:
            raise SourceError(f"{self._folder} cannot be read: {error.strerror}") from None

    def close(self) -> None:
        self._files.close()

    def _next_batch(self, max_rows: int) -> RowBatch | None:
        if self._files.has_table:
            name, size = self._table
            return self._row_batch(name, self._files.table_rows(max_rows), size)
        for path, size, is_whole in self._unread_files():
            if is_line_file(path.name):
                batch = self._line_batch(path, size, max_rows)
            else:
                batch = self._first_table_batch(path, size, max_rows) if is_whole else None
            if batch is not None:
                return batch
        return None

    def _unread_files(self) -> Iterator[tuple[Path, int, bool]]:
        """(path, size, whether it is whole) of each with something new, in order of their names."""
        for path in sorted(self._folder.iterdir()):
            if (
                path.name.startswith(".")
                or path.name < self._start
                or not is_data_file(path.name)
                or not path.is_file()
            ):
                continue
            status, position = path.stat(), self._position(path.name)
            if status.st_size == position.size or status.st_size == 0:
                continue
            if _is_other_file(path, status.st_size, position):
                self._warn_replaced(path.name)
                continue
            quiet_seconds = abs(self._clock() - status.st_mtime)
            yield path, status.st_size, quiet_seconds >= _seconds_until_whole(path)

    def _position(self, file: str) -> FilePosition:
        if file not in self._positions:
            self._positions[file] = FilePosition.of(self._stored_position(file))
        return self._positions[file]

    def _warn_replaced(self, file: str) -> None:
        if file not in self._warned_files:
            self._warned_files.add(file)
            log.warning(
                "%s is not the file that was read under that name, and is not read again; give a "
                "file with other rows a name of its own",
                file,
            )

    def _line_batch(self, path: Path, size: int, max_rows: int) -> RowBatch | None:
        start = self._position(path.name).offset
        lines = self._files.lines(path, path.name, start, max_rows)
        if lines.offset == start:
            return None
        at_end = lines.offset >= size  # when it was looked at; what came since is read next
        return self._row_batch(path.name, replace(lines, at_end=at_end), lines.offset)

    def _first_table_batch(self, path: Path, size: int, max_rows: int) -> RowBatch:
        start, self._table = self._position(path.name).offset, (path.name, size)
        rows = self._files.first_table_rows(path, path.name, start, max_rows)
        return self._row_batch(path.name, rows, size)

    def _row_batch(self, file: str, rows: FileRows, size: int) -> RowBatch:
        """size: bytes of the file, if this is its end."""
        head = self._position(file).head or _head(self._folder / file)
        position = FilePosition(rows.offset, size if rows.at_end else None, head)
        return RowBatch(rows.rows, position.text, file)


def _is_other_file(path: Path, size: int, position: FilePosition) -> bool:
    """Whether it has taken the place of the one that was read, as where logs are rotated."""
    if position.size is not None and size < position.size:
        return True
    return bool(position.head) and _head(path) != position.head


def _head(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(HEAD_BYTES)
    is_short = len(beginning) < HEAD_BYTES
    return "" if is_short else hashlib.blake2b(beginning, digest_size=8).hexdigest()


def _seconds_until_whole(path: Path) -> float:
    """For how long a file must not have changed."""
    if path.suffix not in TEXT_EXTENSIONS:
        return WHOLE_AFTER_SECONDS
    with path.open("rb") as file:
        file.seek(-1, 2)
        return WHOLE_AFTER_SECONDS if file.read() in (b"\n", b"\r") else UNENDED_AFTER_SECONDS
