"""In: how tables were read. Out: the same as settings, in `[behaviour.files]` of foretaste.toml.

What the settings say already stays as it is; only keys that are not there are added.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from foretaste.behaviour.files.encoding import UTF8
from foretaste.behaviour.files.file_form import FileForm
from foretaste.behaviour.files.file_settings import FileSettings
from foretaste.behaviour.forms import levels_of, separators_of
from foretaste.behaviour.settings import FIELDS_BY_TABLE, BehaviourSettings
from foretaste.behaviour.table_reading import TableReading
from foretaste.errors import InputError

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
SettingsOfFile = tuple[tuple[str, Any], ...]
"""(key, value) of one file."""


def settings_of_reading(
    reading: TableReading,
    form: FileForm,
    settings: BehaviourSettings,
    file_settings: FileSettings,
) -> SettingsOfFile:
    """What makes the file be read in the same way, whatever is found out by then."""
    values: dict[str, Any] = {"table": reading.record_type}
    if form.header:
        values["header"] = form.header
    if form.rows == "baskets" and form.header:
        values["rows"] = "baskets"
    if form.encoding and form.encoding != UTF8:
        values["encoding"] = form.encoding
    columns = {
        name: column
        for name, column in reading.columns_by_field.items()
        if name in FIELDS_BY_TABLE[reading.record_type] and column in reading.columns
    }
    if columns:
        values["columns"] = columns
    event_type = reading.event_type
    names_type = bool({"event_type", "value"} & columns.keys())
    if event_type not in (None, settings.default_event_type) and not names_type:
        values["default_event_type"] = event_type
    for key, roles in _ROLE_KEYS.items():
        names = [column for column, decision in reading.decisions.items() if decision.role in roles]
        if names:
            values[key] = tuple(names)
    separators = separators_of(reading.decisions)
    if separators:
        values["separators"] = separators
    levels = {column: mark for column, mark in levels_of(reading.decisions).items() if mark}
    if levels:
        values["levels"] = levels
    return tuple(values.items())


_ROLE_KEYS: Mapping[str, tuple[str, ...]] = {
    "text_columns": ("text",),
    "attribute_columns": ("attribute", "price"),
    "ignored_columns": ("skip",),
}


def add_to_toml(text: str, files: Iterable[tuple[str, SettingsOfFile]]) -> str:
    """The text of foretaste.toml with the settings of these files in it.

    Raises InputError where they cannot be put in; it has the lines to put in by hand.
    """
    for file, settings in files:
        header = f"[behaviour.files.{json.dumps(file, ensure_ascii=False)}]"
        present = _present_keys(text, file)
        lines = [f"{key} = {_toml(value)}" for key, value in settings if key not in present]
        if not lines:
            continue
        block = "\n".join([header, *lines])
        lines_of_text = text.splitlines(keepends=True)
        header_numbers = [
            number for number, line in enumerate(lines_of_text) if _is_header(line, header)
        ]
        if header_numbers:
            lines_of_text[header_numbers[0]] = f"{block}\n"
            changed = "".join(lines_of_text)
        else:
            changed = f"{text.rstrip()}\n\n{block}\n".lstrip("\n")
        if _present_keys(changed, file) != present | dict(settings).keys():
            raise InputError(f"foretaste.toml: put these lines in by hand: {block}")
        text = changed
    return text


def _is_header(line: str, header: str) -> bool:
    """Whether a line has this header and at most a comment."""
    comment = line.removeprefix(header).strip()
    return line.startswith(header) and (not comment or comment.startswith("#"))


def _present_keys(text: str, file: str) -> set[str]:
    """The keys that are there for a file; none where the text is no TOML."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return set()
    return set(tree.get("behaviour", {}).get("files", {}).get(file, {}))


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{_toml_key(key)} = {_toml(inner)}" for key, inner in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON's escapes are TOML's as well, but for one letter that JSON leaves as it is
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _toml(key)
