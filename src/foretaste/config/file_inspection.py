"""In: files and a folder that may become a workspace. Out: what the files were taken for.

The folder is read where it is a workspace already: its settings decide, and events may name the
items of its store. Nothing is made in it, but for settings that are asked for.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

from foretaste.behaviour.inspection.inspection_report import Inspection
from foretaste.behaviour.inspection.inspector import inspect_tables
from foretaste.behaviour.inspection.mapping import add_to_toml
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import STORE_FILE
from foretaste.config.load import SETTINGS_FILE, Config, load_config
from foretaste.domain.catalogue_languages import TellLanguages
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import InputError
from foretaste.language.settings import LanguageSettings
from foretaste.prepare.language_text import tell_languages


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
    config = load_config(folder)
    behaviour = config.behaviour
    if settings:
        behaviour = BehaviourSettings.model_validate({**behaviour.model_dump(), **settings})
    now = time.time()
    options: dict[str, Any] = {
        "yes": yes,
        "progress": progress,
        "tell_languages": language_teller(config),
        "stock_attribute": config.rank.stock_attribute,
    }
    if not (folder / STORE_FILE).exists() and behaviour.database is None:
        return inspect_tables(tables, None, behaviour, now, **options)
    with open_store(behaviour, folder) as store:
        return inspect_tables(tables, store, behaviour, now, **options)


def language_teller(config: Config) -> TellLanguages:
    """What tells the languages of items, and whether the encoder of the settings reads them."""
    is_english = config.language.encoder == LanguageSettings().encoder
    return partial(tell_languages, is_english_encoder=is_english)


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
