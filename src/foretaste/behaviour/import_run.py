"""In: the tables of one import. Out: under one number, what each of them brings."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from foretaste.behaviour.files.packing import locate
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.domain.data import ImportResult
from foretaste.domain.imports import ImportedFile, ImportSource
from foretaste.domain.patience import WORK, patience
from foretaste.domain.store import Store
from foretaste.errors import InputError

REPLACEMENT_PATIENCE = replace(WORK, answer=86_400.0)
"""An earlier import of a file goes in the transaction in which the file comes in again."""


def source_of(table: TableSource) -> ImportSource:
    """What a table is known by."""
    record_type = table.record_type or "events"
    if not isinstance(table.source, str | Path):
        return ImportSource(table.label, record_type)
    path = Path(table.source)
    file, part = locate(path)
    digest = _digest(file)
    if digest is not None and part is not None:
        digest = f"{digest}/{part}"
    whole_path = file.resolve() if part is None else file.resolve() / part
    return ImportSource(table.label, record_type, str(whole_path), digest)


def _digest(file: Path) -> str | None:
    """Of the bytes of a file; None of a pipe, which can be read only once."""
    if not file.is_file():
        return None
    with file.open("rb") as raw:
        return hashlib.file_digest(raw, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@dataclass
class ImportRun:
    """One import under way. Its number is given with its first file."""

    store: Store
    clock: Callable[[], float]
    undoable_imports: int
    is_replacement: bool = False
    number: int | None = None
    replaced_numbers: dict[ImportSource, list[int]] = field(default_factory=dict)
    """Of each file, the imports that are undone for it."""

    @contextmanager
    def whole(self, tables: Sequence[TableSource]) -> Iterator[None]:
        """The import itself is done in the block. With `is_replacement` all of it is one
        transaction, in which earlier imports of these tables are undone first.

        Raises InputError where an earlier import cannot be told.
        """
        if self.is_replacement:
            with patience(REPLACEMENT_PATIENCE), self.store.transaction():
                self._replace_earlier(tables)
                yield
                self._finish()
        else:
            yield
            self._finish()

    def _replace_earlier(self, tables: Sequence[TableSource]) -> None:
        self.number = self.store.begin_import(self.clock())
        files = [
            (record.number, file)
            for record in self.store.imports()
            for file in record.files
            if record.can_undo and not file.is_undone
        ]
        parts: dict[tuple[int, int], None] = {}
        for table in tables:
            source = source_of(table)
            if source.path is None:
                raise InputError(
                    "a frame has no name by which an earlier import of it is known; undo that one "
                    "by its number (imports() lists them, undo_import(n) undoes one), then add the "
                    "frame without replace"
                )
            same = [(number, file.part) for number, file in files if file.source.is_same(source)]
            if not same:
                _check_namesakes(source, files)
            parts |= dict.fromkeys(same)
            self.replaced_numbers[source] = [number for number, _ in same]
        self.store.undo_imported_files(list(parts), self.clock(), self.number)

    def begin_file(self, table: TableSource) -> "FileRun":
        """Of the next table."""
        source = source_of(table)
        if self.number is None:
            self.number = self.store.begin_import(self.clock())
        part = self.store.begin_imported_file(self.number, source)
        replaced_numbers = self.replaced_numbers.get(source, []) if self.is_replacement else None
        return FileRun(self.store, self.number, part, replaced_numbers)

    def _finish(self) -> None:
        if self.number is not None:
            self.store.finish_import(self.number, self.clock(), self.undoable_imports)


def _check_namesakes(source: ImportSource, files: Sequence[tuple[int, ImportedFile]]) -> None:
    """Raises InputError where another file of the same name was imported, which may be an older
    form of this one or something else.
    """
    for number, file in reversed(files):
        if file.source.file == source.file and file.source.path is not None:
            raise InputError(
                f"{source.file}: import {number} was of another file of this name, "
                f"{file.source.path}, so nothing was replaced and nothing stored; if this one is "
                f"to take its place, run 'foretaste imports undo {number}', then import it without "
                "--replace"
            )


@dataclass
class FileRun:
    """One file of an import under way."""

    store: Store
    number: int
    part: int
    replaced_numbers: Sequence[int] | None
    """None where nothing was to be replaced."""
    batch_count: int = 0

    def recorded(self, put: Callable[[Sequence[Any]], int]) -> Callable[[Sequence[Any]], int]:
        """What stores a batch by `put` in one transaction, and writes down what it brings."""

        def put_recorded(batch: Sequence[Any]) -> int:
            self.batch_count += 1
            with self.store.import_batch(self.number, self.part, self.batch_count):
                return put(batch)

        return put_recorded

    def finish(self, result: ImportResult) -> ImportResult:
        """Keep the counts. → the result with the number of the import.

        Raises InputError where nothing of the file would take the place of what it replaces.
        """
        if self.replaced_numbers and result.rejected == result.read:
            first = "".join(f" {reject}" for reject in result.rejects[:1])
            raise InputError(
                f"no row of {result.file} could be used, so nothing was replaced and nothing "
                f"stored.{first}"
            )
        self.store.finish_imported_file(self.number, self.part, result)
        numbers = tuple(self.replaced_numbers or ())
        return replace(result, number=self.number, replaced_imports=numbers)
