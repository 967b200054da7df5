"""Settings into the file of a workspace, whose other lines and comments stay as they are."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretaste.config.load import SETTINGS_FILE, load_config
from foretaste.config.overrides import merged, settings_tree
from foretaste.display.words import toml_value
from foretaste.errors import SettingsError

TABLE_HEADER = re.compile(r"\s*\[")
PLAIN_VALUE = re.compile(r"[^=]*=\s*[^\s#\"'\[{][^#\"'\[{]*?(?P<comment>\s+#.*)?$")
"""A line whose value is no text, list or table, so that a `#` in it begins a comment."""


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
    lines = text.splitlines()
    for key, value in changes.items():
        _set(lines, key, toml_value(value))
    changed_text = "\n".join(lines) + "\n"
    wanted = merged(tomllib.loads(text), settings_tree(changes))
    try:
        is_as_wanted = tomllib.loads(changed_text) == wanted
    except tomllib.TOMLDecodeError:
        is_as_wanted = False
    if not is_as_wanted:
        raise SettingsError(
            f"{SETTINGS_FILE} has these settings in a form that is left alone; write them by hand:"
            f" {', '.join(f'{key} = {toml_value(value)}' for key, value in changes.items())}"
        )
    return changed_text


def _set(lines: list[str], key: str, value: str) -> None:
    """Have the lines set the key: where it stands, else below its heading, else at the end."""
    group, _, name = key.rpartition(".")
    heading = re.compile(rf"\s*\[\s*{re.escape(group)}\s*\]\s*(#.*)?$")
    start = next((row for row, line in enumerate(lines) if heading.match(line)), None)
    if start is None:
        lines += (
            ["", f"[{group}]", f"{name} = {value}"]
            if lines
            else [f"[{group}]", f"{name} = {value}"]
        )
        return
    end = next(
        (row for row in range(start + 1, len(lines)) if TABLE_HEADER.match(lines[row])), len(lines)
    )
    own_line = re.compile(rf"\s*{re.escape(name)}\s*=")
    for row in range(start + 1, end):
        if own_line.match(lines[row]):
            plain = PLAIN_VALUE.match(lines[row])
            comment = (plain["comment"] or "") if plain else ""
            lines[row] = f"{name} = {value}{comment}"
            return
    lines.insert(start + 1, f"{name} = {value}")
