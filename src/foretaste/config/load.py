"""One frozen tree of settings: `foretaste.toml` and the environment in, `Config` out.

The only reader of either. `FORETASTE_MODEL__SEQUENCE__EPOCHS=10` sets `[model.sequence] epochs`.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.config.serve_settings import ServeSettings
from foretaste.config.worker_settings import WorkerSettings
from foretaste.domain.settings import Settings
from foretaste.errors import SettingsError, did_you_mean
from foretaste.language.settings import LanguageSettings
from foretaste.model.settings import ModelSettings
from foretaste.prepare.settings import PrepareSettings
from foretaste.rank.settings import RankSettings

SETTINGS_FILE = "foretaste.toml"
ENVIRONMENT_PREFIX = "FORETASTE_"
NON_SETTING_VARIABLES = frozenset({"FORETASTE_WORKSPACE", "FORETASTE_LISTENS_ON"})
"""Says where the settings are, not what."""


class Config(Settings):
    """Every setting there is, a group a stage."""

    name: str = "foretaste"
    """What the service calls itself."""
    behaviour: BehaviourSettings = BehaviourSettings()
    prepare: PrepareSettings = PrepareSettings()
    language: LanguageSettings = LanguageSettings()
    model: ModelSettings = ModelSettings()
    rank: RankSettings = RankSettings()
    serve: ServeSettings = ServeSettings()
    worker: WorkerSettings = WorkerSettings()


def load_config(folder: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The settings of a workspace. SettingsError names the key, the value and the remedy."""
    path = folder / SETTINGS_FILE
    tree: dict[str, Any] = {}
    if path.exists():
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: not valid TOML: {error}") from error
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    config = parse_config(tree, str(path))  # first alone: a fault is told of the place where it is
    variables = [
        n
        for n in sorted(environment)
        if n.startswith(ENVIRONMENT_PREFIX) and n not in NON_SETTING_VARIABLES
    ]
    for name in variables:
        _set_value(
            tree,
            name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"),
            _parse_value(environment[name]),
        )
        config = parse_config(tree, f"the environment variable {name}")
    return config


def parse_config(tree: Mapping[str, Any], source: str) -> Config:
    """A tree of plain values, checked."""
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(f"{source}: {_describe_error(error)}") from error


def _set_value(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    """Into the tree; a group of settings that was given a plain value is left to be faulted."""
    for key in keys[:-1]:
        if not isinstance(tree.setdefault(key, {}), dict):
            tree[key] = {}
        tree = tree[key]
    tree[keys[-1]] = value


def _parse_value(value: str) -> Any:
    """A number, a list, true or false where it is one; else the words."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _describe_error(error: ValidationError) -> str:
    """The first fault in one line."""
    first = error.errors()[0]
    *group, key = first["loc"]
    section = f"[{'.'.join(map(str, group))}]" if group else "the top level"
    if first["type"] == "extra_forbidden":
        valid_keys = _fields(group)
        return f"{section} has no key '{key}'; {did_you_mean(str(key), valid_keys)}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{section} {key} = {first['input']!r}: {message[:1].lower()}{message[1:]}"


def _fields(group: list[int | str]) -> list[str]:
    settings_class: Any = Config
    for part in group:
        settings_class = settings_class.model_fields[str(part)].annotation
    return list(settings_class.model_fields) if issubclass(settings_class, BaseModel) else []
