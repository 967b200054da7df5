"""The settings classes in; every setting with its type, default and meaning out.

Made from the code, so it cannot say something else than what holds.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from foretaste.config.load import Config
from foretaste.display.words import toml_value
from foretaste.domain.settings import Settings, nested_settings
from foretaste.errors import InputError, did_you_mean

NAME_PLACEHOLDER = "NAME"
"""Stands in a path for a name that the user gives, e.g. of a column."""


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """One setting."""

    key: str
    """Its whole path: model.sequence.epochs."""
    type_text: str
    default: str
    """As foretaste.toml would have it; "empty" where there is none."""
    description: str


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """The settings under one heading of foretaste.toml."""

    path: tuple[str, ...]
    description: str
    entries: tuple[SettingEntry, ...]
    is_list: bool = False
    """Whether there may be several of it, one after another."""

    @property
    def heading(self) -> str:
        """As it stands in foretaste.toml."""
        heading = f"[{'.'.join(self.path)}]" if self.path else "At the top of the file"
        return f"[{heading}]" if self.is_list else heading


def setting_groups(
    settings_class: type[Settings] = Config, path: tuple[str, ...] = (), *, is_list: bool = False
) -> Iterator[SettingGroup]:
    """Every group, the outer first."""
    entries, inner_groups = [], []
    for name, field in settings_class.model_fields.items():
        inner_class = nested_settings(settings_class, name)
        if inner_class is not None:
            is_named = get_origin(field.annotation) is Mapping
            own_path = (*path, name, NAME_PLACEHOLDER) if is_named else (*path, name)
            inner_groups.append((inner_class, own_path, get_origin(field.annotation) is tuple))
            continue
        entries.append(
            SettingEntry(
                key=".".join((*path, name)),
                type_text=type_words(field.annotation),
                default=default_text(field.get_default(call_default_factory=True)),
                description=_one_line(field.description or ""),
            )
        )
    yield SettingGroup(path, _one_line(settings_class.__doc__ or ""), tuple(entries), is_list)
    for inner_class, own_path, is_inner_list in inner_groups:
        yield from setting_groups(inner_class, own_path, is_list=is_inner_list)


def explain_setting(key: str) -> list[SettingEntry]:
    """The setting of this key, or those of the group of this name, or those with this last name.

    Raises InputError where there is none.
    """
    entries = [entry for group in setting_groups() for entry in group.entries]
    key = key.strip("[] ").replace("] ", ".")
    chosen = [entry for entry in entries if entry.key == key]
    chosen = chosen or [entry for entry in entries if entry.key.startswith(f"{key}.")]
    chosen = chosen or [entry for entry in entries if entry.key.rpartition(".")[2] == key]
    if not chosen:
        names = [entry.key for entry in entries]
        names += [name.rpartition(".")[2] for name in names]
        raise InputError(f"there is no setting '{key}'; {did_you_mean(key, names)}")
    return chosen


WORDS_BY_TYPE = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    SecretStr: "text",
    type(None): "empty",
}


def type_words(annotation: Any) -> str:
    """A type as people say it: "number or empty", "list of text"."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in WORDS_BY_TYPE:
        return WORDS_BY_TYPE[annotation]
    if origin is Annotated:
        return type_words(arguments[0])
    if origin is Literal:
        return " or ".join(toml_value(argument) for argument in arguments)
    if origin in (Union, types.UnionType):
        parts = sorted(map(type_words, arguments), key=lambda words: words == "empty")
        return " or ".join(dict.fromkeys(parts))
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"list of {type_words(arguments[0])}"
        return f"list of {len(arguments)}: {', '.join(map(type_words, arguments))}"
    if origin is Mapping and arguments[1] is Any:
        return "table"
    if origin is Mapping or origin is dict:
        return f"table of {type_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return "settings"
    return type_words(annotation.__value__) if hasattr(annotation, "__value__") else "value"


def default_text(value: Any) -> str:
    """A default as foretaste.toml would have it."""
    return "must be given" if value is PydanticUndefined else toml_value(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())
