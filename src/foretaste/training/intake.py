"""In: tables for a workspace. Out: they are in its store, or what they would be taken for."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from foretaste.behaviour.importer import import_all
from foretaste.behaviour.inspection.inspection_report import Inspection
from foretaste.behaviour.inspection.inspector import inspect_tables
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.config.load import Config
from foretaste.domain.imports import ImportResults
from foretaste.domain.ports import Progress
from foretaste.domain.store import Store
from foretaste.training.recount import ErasureRecounter


class ImportWorkspace(Protocol):
    """What an import needs of the loop."""

    progress: Progress
    clock: Callable[[], float]
    recounter: ErasureRecounter

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
