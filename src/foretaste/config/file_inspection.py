"""In: files and a folder that may become a workspace. Out: what the files were taken for.

The folder is read where it is a workspace already: its settings decide, and events may name the
items of its store. Nothing is made in it, but for settings that are asked for.
"""

import time
from pathlib import Path
from typing import Any

from foretaste.behaviour.inspection.inspection_report import Inspection
from foretaste.behaviour.inspection.inspector import inspect_tables
from foretaste.behaviour.inspection.mapping import add_to_toml
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import STORE_FILE
from foretaste.config.load import SETTINGS_FILE, load_config
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import InputError


def inspect_for_workspace(
    folder: Path,
    tables: list[TableSource],
    *,
    yes: bool = False,
    progress: Progress = no_progress,
    **settings: Any,
) -> Inspection:
    """What an import into the folder would make of these tables. Nothing is stored.

    settings: of `[behaviour]`, over those of the folder.
    """
    behaviour = load_config(folder).behaviour
    if settings:
        behaviour = BehaviourSettings.model_validate({**behaviour.model_dump(), **settings})
    now = time.time()
    if not (folder / STORE_FILE).exists() and behaviour.database is None:
        return inspect_tables(tables, None, behaviour, now, yes=yes, progress=progress)
    with open_store(behaviour, folder) as store:
        return inspect_tables(tables, store, behaviour, now, yes=yes, progress=progress)


def write_mapping(folder: Path, inspection: Inspection) -> Path:
    """What the files were taken for into foretaste.toml, beside what is there. → its path.

    Raises InputError where there is nothing to write.
    """
    files = [(file.file, file.settings) for file in inspection.files if file.settings]
    if not files:
        raise InputError(f"nothing to write: {'; '.join(inspection.problems) or 'no file'}")
    path = folder / SETTINGS_FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = add_to_toml(text, files)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(changed, encoding="utf-8")
    load_config(folder)
    return path
