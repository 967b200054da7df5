"""In: tables for a workspace. Out: they are in its store, or what they would be taken for."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from foretaste.behaviour.importer import import_all
from foretaste.behaviour.inspection.inspection_report import Inspection
from foretaste.behaviour.inspection.inspector import inspect_tables
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.recording import identify_session
from foretaste.config.load import Config
from foretaste.domain.imports import ImportRecords, ImportResults, UndoReceipt
from foretaste.domain.ports import Progress
from foretaste.domain.store import Store
from foretaste.training.recount import ErasureRecounter
from foretaste.training.returned_counts import ReturnedCounts


class ImportWorkspace(Protocol):
    """What an import needs of the loop."""

    progress: Progress
    clock: Callable[[], float]
    recounter: ErasureRecounter
    returned_counts: ReturnedCounts

    @property
    def store(self) -> Store: ...
    @property
    def config(self) -> Config: ...
    @property
    def folder(self) -> Path: ...


def import_sources(
    workspace: ImportWorkspace,
    tables: Sequence[TableSource],
    replace: bool,
    options: Mapping[str, Any],
) -> ImportResults:
    """options: those of `import_all`."""
    results = import_all(
        workspace.store,
        tables,
        workspace.config.behaviour,
        rejects_dir=workspace.folder / "rejects",
        clock=workspace.clock,
        replace_earlier=replace,
        stock_attribute=workspace.config.rank.stock_attribute,
        **{"progress": workspace.progress, **options},
    )
    if any(result.replaced_imports for result in results):
        workspace.recounter.recount_after_undo()
    workspace.returned_counts.follow_import()
    return ImportResults(results)


def inspect_sources(workspace: ImportWorkspace, tables: Sequence[TableSource]) -> Inspection:
    """What an import would take the columns for. Nothing is stored."""
    return inspect_tables(
        tables,
        workspace.store,
        workspace.config.behaviour,
        workspace.clock(),
        progress=workspace.progress,
        stock_attribute=workspace.config.rank.stock_attribute,
    )


class IntakeMethods:
    """Who a session is, and the imports of a workspace."""

    def identify(self: ImportWorkspace, session: str, user: str) -> bool:
        """A session is a user's, and what it did before too. → whether that is new."""
        return identify_session(self.store, session, user, self.config.behaviour, self.clock())

    def imports(self: ImportWorkspace) -> ImportRecords:
        """The receipts of all imports, the oldest first."""
        return ImportRecords(self.store.imports())

    def undo_import(self: ImportWorkspace, *numbers: int) -> UndoReceipt:
        """As if these imports had never been: in the store, then in the counts of the models."""
        return self.recounter.undo_imports(numbers)
