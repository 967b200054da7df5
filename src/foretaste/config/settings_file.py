"""Settings into the file of a workspace, whose other lines and comments stay as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from foretaste.config.load import SETTINGS_FILE, load_config
from foretaste.config.overrides import merged, settings_tree
from foretaste.display.words import toml_value
from foretaste.errors import SettingsError


def write_settings(folder: Path, changes: Mapping[str, Any]) -> None:
    """Write settings, by their keys, into foretaste.toml, which is made where it is not there.

    Raises SettingsError, with nothing written, where the file is laid out in a way in which they
    cannot be put into it.
    """
    path = folder / SETTINGS_FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed_text = with_settings(text, changes)
    temporary_path = path.with_name(f".{path.name}.partial")
    temporary_path.write_text(changed_text, encoding="utf-8")
    if path.exists():
        temporary_path.chmod(path.stat().st_mode)
    temporary_path.replace(path)
    load_config(folder)


def with_settings(text: str, changes: Mapping[str, Any]) -> str:
    """The text of a settings file with these values, by their keys."""
    try:
        document = tomlkit.parse(text)
        tree = merged(document.unwrap(), settings_tree(changes))
        for key, value in changes.items():
            *groups, name = key.split(".")
            table: Any = document
            for group in groups:
                table = table.setdefault(group, tomlkit.table(is_super_table=group != groups[-1]))
            table[name] = value
        changed_text = tomlkit.dumps(document)
        is_as_wanted = tomlkit.parse(changed_text).unwrap() == tree
    except (TOMLKitError, AttributeError, TypeError):  # a key that is no table, or twice there
        is_as_wanted = False
    if not is_as_wanted:
        raise SettingsError(
            f"{SETTINGS_FILE} has these settings in a form that is left alone; write them by hand:"
            f" {', '.join(f'{key} = {toml_value(value)}' for key, value in changes.items())}"
        )
    return changed_text
