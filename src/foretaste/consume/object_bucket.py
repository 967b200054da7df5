"""The objects of a bucket, `s3://bucket/prefix`: JSON Lines, CSV and Parquet, also packed.

An object is read once for each content that it had, in the order of the keys; the position of each
is kept apart, so that one with an earlier key that comes later is read too. It is first copied to
the disk of this machine: of one that is replaced meanwhile no half is read.
"""

import json
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.consume.data_files import FileReader, is_data_file, is_line_file
from foretaste.consume.stream_source import BEGINNING, RowBatch, SourceError, StoredPosition
from foretaste.domain.object_storage import BucketAddress, open_bucket

LIST_SECONDS = 5.0
"""Between two looks at which objects there are."""
_COPY_BYTES = 8 << 20
_LEFT_ALONE = (".", "_")
"""Beginnings of names that others use for what is not data, or not whole."""


@dataclass(frozen=True, slots=True)
class ObjectPosition:
    """How far an object is stored."""

    etag: str = ""
    """Of its content."""
    size: int = 0
    modified: float = 0.0
    """Seconds since 1970."""
    offset: int = 0
    """Bytes of lines, rows of a table."""
    is_read: bool = False
    """To its end."""

    @classmethod
    def of(cls, text: str | None) -> "ObjectPosition":
        """As it is kept."""
        return cls() if text is None else cls(**json.loads(text))

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class _FetchedObject:
    """An object that is being read."""

    key: str
    path: Path
    """Of its copy."""
    position: ObjectPosition


class ObjectBucket:
    """The rows of the objects of a bucket, or of those under a prefix."""

    def __init__(
        self,
        address: str,
        record_type: str,
        settings: BehaviourSettings,
        *,
        list_seconds: float = LIST_SECONDS,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises InputError where the address does not say which bucket."""
        self._address = BucketAddress.of(address)
        self._files = FileReader(record_type, settings)
        self._list_seconds, self._wait = list_seconds, wait
        self.name = f"s3/{self._address.path}"
        self._bucket = open_bucket(self._address)
        self._folder = tempfile.TemporaryDirectory(prefix="foretaste-")
        self._begin(lambda _: None, "")

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        self._files.close()
        self._begin(stored_position, "" if start is None or start == BEGINNING else start)
        with self._answers():
            info = self._bucket.get_file_info(self._address.bucket)
        if info.type.name == "NotFound":
            raise SourceError(f"there is no bucket {self._address.bucket}")

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        deadline = time.monotonic() + wait_seconds
        while True:
            with self._answers():
                batch = self._next_batch(max_rows)
            seconds = deadline - time.monotonic()
            if batch is not None or seconds <= 0.0:
                return batch
            self._wait(max(min(self._next_listing - time.monotonic(), seconds), 0.0))

    def note_stored(self, batch: RowBatch) -> None:
        """A bucket shows nothing of its readers."""

    def lag(self) -> int | None:
        if not self._waiting_objects:
            with self._answers():
                self._list_objects()
        return len(self._waiting_objects) + (self._object is not None)

    def close(self) -> None:
        self._files.close()
        self._folder.cleanup()

    def _begin(self, stored_position: StoredPosition, first_key: str) -> None:
        self._stored_position, self._first_key = stored_position, first_key
        self._positions: dict[str, ObjectPosition] = {}
        self._waiting_objects: deque[Any] = deque()  # pyarrow.fs.FileInfo
        self._next_listing = 0.0  # monotonic
        self._object: _FetchedObject | None = None

    def _next_batch(self, max_rows: int) -> RowBatch | None:
        while self._object is None:
            if not self._waiting_objects:
                self._list_objects()
            if not self._waiting_objects:
                return None
            batch = self._fetch(self._waiting_objects.popleft())
            if batch is not None:
                return batch
        return self._object_batch(self._object, max_rows)

    def _list_objects(self) -> None:
        from pyarrow.fs import FileSelector, FileType

        if time.monotonic() < self._next_listing:
            return
        self._next_listing = time.monotonic() + self._list_seconds
        selector = FileSelector(self._address.path, allow_not_found=True, recursive=True)
        for info in sorted(self._bucket.get_file_info(selector), key=lambda info: info.path):
            key = self._key(info.path)
            position = self._position(key)
            if (
                info.type == FileType.File
                and info.size
                and key >= self._first_key
                and is_data_file(info.base_name)
                and not any(part.startswith(_LEFT_ALONE) for part in PurePosixPath(key).parts)
                and not (position.is_read and _has_same_stamp(position, info))
            ):
                self._waiting_objects.append(info)

    def _fetch(self, info: Any) -> RowBatch | None:
        """Copy an object to the disk. → a batch without rows where its content was read already."""
        key, position = self._key(info.path), self._position(self._key(info.path))
        try:
            with self._bucket.open_input_file(info.path) as source:
                etag = _etag(source)
                if etag == position.etag and position.is_read:
                    position = replace(position, modified=info.mtime.timestamp())
                    self._positions[key] = position
                    return RowBatch([], position.text, key)
                path = (
                    Path(self._folder.name) / f"object{''.join(PurePosixPath(key).suffixes[-2:])}"
                )
                with path.open("wb") as copy:
                    shutil.copyfileobj(source, copy, _COPY_BYTES)
            with self._bucket.open_input_file(info.path) as source:
                is_same = _etag(source) == etag
        except FileNotFoundError:
            return None  # it was deleted
        if is_same:  # of one that was replaced meanwhile the next listing tells
            offset = position.offset if position.etag == etag else 0
            position = ObjectPosition(etag, info.size, info.mtime.timestamp(), offset)
            self._object = _FetchedObject(key, path, position)
        return None

    def _object_batch(self, fetched: _FetchedObject, max_rows: int) -> RowBatch:
        name = f"{fetched.key}@{fetched.position.etag}"
        offset = fetched.position.offset
        if is_line_file(fetched.path.name):
            rows = self._files.lines(fetched.path, name, offset, max_rows, is_whole=True)
        elif self._files.has_table:
            rows = self._files.table_rows(max_rows)
        else:
            rows = self._files.first_table_rows(fetched.path, name, offset, max_rows)
        position = replace(fetched.position, offset=rows.offset, is_read=rows.at_end)
        self._object = None if rows.at_end else replace(fetched, position=position)
        self._positions[fetched.key] = position
        return RowBatch(rows.rows, position.text, fetched.key)

    def _key(self, path: str) -> str:
        """Under the prefix."""
        return path.removeprefix(f"{self._address.path}/")

    def _position(self, key: str) -> ObjectPosition:
        if key not in self._positions:
            self._positions[key] = ObjectPosition.of(self._stored_position(key))
        return self._positions[key]

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceError(f"{self.name} cannot be read: {error}") from None


def _has_same_stamp(position: ObjectPosition, info: Any) -> bool:
    """Whether nobody has written the object since."""
    return bool((position.size, position.modified) == (info.size, info.mtime.timestamp()))


def _etag(file: Any) -> str:
    """What tells the contents of an object apart."""
    etag: bytes = file.metadata()["ETag"]
    return etag.decode().strip('"')
