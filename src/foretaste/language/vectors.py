"""Vectors kept on disk. In: keys and the bytes of their vectors; out: the same, after any crash.

One SQLite file in WAL mode: several processes may use it at once. It is a cache: a file that is
damaged is set aside, one that cannot be written is done without, and neither stops the work.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from foretaste.domain.files import FOLDER_MODE
from foretaste.errors import StoreError

log = logging.getLogger(__name__)

_KEYS_PER_QUERY = 500
"""Keys in one question; SQLite once allowed 999 parameters."""

_LOCK_TIMEOUT_SECONDS = 30.0
"""Seconds to wait for another process that is writing."""

_DAMAGE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}

T = TypeVar("T")


class VectorFile:
    """Key → bytes, in one file. Safe to share between threads and processes.

    Raises:
        StoreError: the file can be neither opened nor made.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db = self._open()

    def find(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """(key, vector) of those that are there, in any order."""
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            key_chunk = keys[start : start + _KEYS_PER_QUERY]
            question = (
                f"SELECT key, vector FROM vectors WHERE key IN ({','.join('?' * len(key_chunk))})"
            )
            yield from self._run(partial(_fetch_all, question=question, keys=key_chunk)) or ()

    def add(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep these, in one transaction; a key that is there is replaced."""

        def insert(db: sqlite3.Connection) -> None:
            with db:
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", vectors.items())

        self._run(insert)

    def add_encoder(self, fingerprint: str) -> None:
        """Note that this encoder keeps vectors here."""

        def insert(db: sqlite3.Connection) -> None:
            with db:
                db.execute("INSERT OR IGNORE INTO encoders VALUES (?)", (fingerprint,))

        self._run(insert)

    def encoders(self) -> list[str]:
        """The fingerprints of all encoders that have kept vectors here."""

        def select(db: sqlite3.Connection) -> list[str]:
            return [row[0] for row in db.execute("SELECT fingerprint FROM encoders")]

        return self._run(select) or []

    def remove(self, keys: Sequence[bytes]) -> int:
        """Delete these, in the log of the file too, so that nothing of them can be read. → how many
        there were. Raises StoreError where it cannot be done.
        """

        def delete(db: sqlite3.Connection) -> int:
            if not self._is_there(db, keys):
                return 0
            with db:
                count = db.executemany("DELETE FROM vectors WHERE key = ?", [(k,) for k in keys])
            with_readers, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return -1 if with_readers else count.rowcount

        removed_count = self._run(delete) if keys else 0
        if removed_count is None or removed_count < 0:
            raise StoreError(f"the vector cache {self._path} is busy or cannot be written")
        return removed_count

    def rewrite(self) -> bool:
        """Write the whole file anew, so that its pages keep no copy of what was deleted, and drop
        files that were set aside as damaged. → False while it is busy.
        """

        def vacuum(db: sqlite3.Connection) -> bool:
            db.execute("VACUUM")
            with_readers, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not with_readers

        for part in self._parts(self._aside):
            part.unlink(missing_ok=True)
        return bool(self._run(vacuum))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Run `work`, on a fresh file if this one is damaged. None where it cannot run at all."""
        with self._lock:
            try:
                return work(self._db)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    log.warning("vector cache %s: %s; going on without it", self._path, error)
                    return None
                self._db.close()
                self._set_aside(error)
                self._db = self._open()
                return work(self._db)

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise StoreError(
                    f"the vector cache {self._path} cannot be opened: {error}"
                ) from error
            self._set_aside(error)
            return self._connect()
        except OSError as error:
            raise StoreError(f"the vector cache {self._path} cannot be made: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_SECONDS, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            # A power cut may lose the last batches, which are then read again; kill -9 loses none.
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
            with db:
                db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)")
                db.execute("CREATE TABLE IF NOT EXISTS encoders (fingerprint TEXT PRIMARY KEY)")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _is_there(self, db: sqlite3.Connection, keys: Sequence[bytes]) -> bool:
        """Whether the file, or its log, may have something of these."""
        log_file = self._parts(self._path)[1]
        if log_file.exists() and log_file.stat().st_size:
            return True
        query = "SELECT 1 FROM vectors WHERE key = ?"
        return any(db.execute(query, (key,)).fetchone() for key in keys)

    @property
    def _aside(self) -> Path:
        return self._path.with_name(self._path.name + ".corrupt")

    @staticmethod
    def _parts(path: Path) -> list[Path]:
        """A file of SQLite, its log and its index."""
        return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        aside = self._aside
        log.warning(
            "vector cache %s is damaged (%s); set aside as %s", self._path, error, aside.name
        )
        # The journal goes too: SQLite would replay it into the new file.
        for part, target in zip(self._parts(self._path), self._parts(aside), strict=True):
            if part.exists():
                part.replace(target)


def _fetch_all(
    db: sqlite3.Connection, *, question: str, keys: Sequence[bytes]
) -> list[tuple[bytes, bytes]]:
    return db.execute(question, keys).fetchall()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    # The low byte is the kind of error, the rest says more of it. Python's own errors have none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE_CODES
