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
from foretaste.config.serve import ServeSettings
from foretaste.config.worker import WorkerSettings
from foretaste.domain.settings import Settings
from foretaste.errors import SettingsError, did_you_mean
from foretaste.language.settings import LanguageSettings
from foretaste.model.settings import ModelSettings
from foretaste.prepare.settings import PrepareSettings
from foretaste.rank.settings import RankSettings

FILE = "foretaste.toml"
PREFIX = "FORETASTE_"
NOT_SETTINGS = frozenset({"FORETASTE_WORKSPACE"})
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


def load(folder: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The settings of a workspace. SettingsError names the key, the value and the remedy."""
    path = folder / FILE
    tree: dict[str, Any] = {}
    if path.exists():
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: not valid TOML: {error}") from error
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    config = parse(tree, str(path))  # first alone: a fault is told of the place where it is
    named = [n for n in sorted(environment) if n.startswith(PREFIX) and n not in NOT_SETTINGS]
    for name in named:
        _place(tree, name.removeprefix(PREFIX).lower().split("__"), _parsed(environment[name]))
        config = parse(tree, f"the environment variable {name}")
    return config


def parse(tree: Mapping[str, Any], where: str) -> Config:
    """A tree of plain values, checked."""
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(f"{where}: {_said(error)}") from error


def _place(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    """Into the tree; a group of settings that was given a plain value is left to be faulted."""
    for key in keys[:-1]:
        if not isinstance(tree.setdefault(key, {}), dict):
            tree[key] = {}
        tree = tree[key]
    tree[keys[-1]] = value


def _parsed(value: str) -> Any:
    """A number, a list, true or false where it is one; else the words."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _said(error: ValidationError) -> str:
    """The first fault in one line."""
    first = error.errors()[0]
    *group, key = first["loc"]
    section = f"[{'.'.join(map(str, group))}]" if group else "the top level"
    if first["type"] == "extra_forbidden":
        known = _fields(group)
        return f"{section} has no key '{key}'; {did_you_mean(str(key), known)}"
    said = first["msg"].removeprefix("Value error, ")
    return f"{section} {key} = {first['input']!r}: {said[:1].lower()}{said[1:]}"


def _fields(group: list[int | str]) -> list[str]:
    kind: Any = Config
    for part in group:
        kind = kind.model_fields[str(part)].annotation
    return list(kind.model_fields) if issubclass(kind, BaseModel) else []
