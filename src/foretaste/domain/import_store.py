"""The role of the store that keeps what came in by which import."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from foretaste.domain.imports import ImportRecord, ImportResult, ImportSource, UndoCounts


class ImportStore(Protocol):
    """Imports, and what came in by each, so that one can be undone. Parts count from 1."""

    def transaction(self) -> AbstractContextManager[object]:
        """All that this thread writes in the block is stored as a whole or not at all; others wait
        with what they write.
        """

    def begin_import(self, at: float) -> int:
        """→ the number of a new import, from 1; none is ever given twice."""

    def begin_imported_file(self, number: int, source: ImportSource) -> int:
        """→ its part of the import."""

    def import_batch(self, number: int, part: int, batch: int) -> AbstractContextManager[None]:
        """What the block puts is stored in one transaction, as what this batch brought.

        Raises InputError where the import was undone meanwhile.
        """

    def finish_imported_file(self, number: int, part: int, result: ImportResult) -> None:
        """Keep the counts of a file."""

    def finish_import(self, number: int, at: float, undoable_imports: int) -> None:
        """Keep that it went to its end; the newest so many can be undone."""

    def imports(self, number: int | None = None) -> list[ImportRecord]:
        """The receipts of all imports, the oldest first; or of one."""

    def undo_imports(self, numbers: Collection[int], at: float) -> tuple[list[int], UndoCounts]:
        """As if these imports had never been, in one transaction. → (those that had not been undone
        before, what changed). Raises InputError where one is not there, or too old.
        """

    def undo_imported_files(
        self, parts: Sequence[tuple[int, int]], at: float, replaced_by: int | None = None
    ) -> UndoCounts:
        """The same for files, each (number of its import, part). replaced_by: the import that takes
        their place.
        """
