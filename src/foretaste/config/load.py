"""One frozen tree of settings: `foretaste.toml` and the environment in, `Config` out.

The only reader of either. `FORETASTE_MODEL__SEQUENCE__EPOCHS=10` sets `[model.sequence] epochs`.
"""

import json
import logging
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.cluster.settings import RaySettings
from foretaste.config.overrides import merged
from foretaste.config.privacy_checks import privacy_conflicts
from foretaste.config.serve_settings import ServeSettings
from foretaste.config.worker_settings import WorkerSettings
from foretaste.domain.audit_settings import AuditSettings
from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.domain.settings import (
    Settings,
    current_path,
    nested_settings,
    with_current_keys,
)
from foretaste.errors import SettingsError, did_you_mean
from foretaste.generate.settings import ReasonSettings
from foretaste.language.media.settings import AudioSettings, ImageSettings
from foretaste.language.settings import LanguageSettings
from foretaste.model.settings import ModelSettings
from foretaste.prepare.settings import PrepareSettings
from foretaste.rank.placement import Placement
from foretaste.rank.settings import RankSettings

log = logging.getLogger(__name__)

SETTINGS_FILE = "foretaste.toml"
ENVIRONMENT_PREFIX = "FORETASTE_"
NON_SETTING_VARIABLES = frozenset(
    {"FORETASTE_WORKSPACE", "FORETASTE_LISTENS_ON", "FORETASTE_SOURCE"}
)
"""Says where the settings are, not what."""
SERVICE_LINKS = re.compile(r"_(?:PORT(?:_|\Z)|SERVICE_HOST\Z)")
"""In a name by which Kubernetes tells every pod of a Service that is called foretaste, or
foretaste-something: FORETASTE_API_PORT_80_TCP."""


class Config(Settings):
    """Every setting there is, a group a stage."""

    name: str = "foretaste"
    """What the service calls itself."""
    behaviour: BehaviourSettings = BehaviourSettings()
    prepare: PrepareSettings = PrepareSettings()
    language: LanguageSettings = LanguageSettings()
    images: ImageSettings = ImageSettings()
    audio: AudioSettings = AudioSettings()
    model: ModelSettings = ModelSettings()
    rank: RankSettings = RankSettings()
    reasons: ReasonSettings = ReasonSettings()
    placements: Mapping[str, Placement] = Field(default_factory=dict)
    """Places of a shop by name, `[placements.home]`; one of the same name in /v1/placements wins.
    """
    serve: ServeSettings = ServeSettings()
    worker: WorkerSettings = WorkerSettings()
    ray: RaySettings = RaySettings()
    audit: AuditSettings = AuditSettings()
    privacy: PrivacySettings = PrivacySettings()

    @model_validator(mode="after")
    def _learns_within_budget(self) -> Self:
        conflicts = list(privacy_conflicts(self))
        if conflicts:
            raise ValueError(
                "privacy.epsilon limits what a training may learn of a person, so it needs "
                + "; ".join(conflicts)
            )
        return self

    @model_validator(mode="after")
    def _shares_a_store(self) -> Self:
        if self.model.share is not None and self.behaviour.database is None:
            raise ValueError(
                "model.share is for hosts that have one store; name it as behaviour.database"
            )
        return self


def load_config(
    folder: Path,
    environment: Mapping[str, str] = os.environ,
    changes: Mapping[str, Any] | None = None,
) -> Config:
    """The settings of a workspace. SettingsError names the key, the value and the remedy.

    changes: a tree that holds over the file and the environment.
    """
    path = folder / SETTINGS_FILE
    tree: dict[str, Any] = {}
    if path.exists():
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: not valid TOML: {error}") from error
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    tree = _rename_old_keys(tree, str(path))
    config = parse_config(tree, str(path))  # first alone: a fault is told of the place where it is
    values = _environment_values(environment)
    if values:
        config = _with_environment(tree, values)
        for _, setting_path, value in values:
            _set_value(tree, setting_path, value)
    return changed_config(config, changes, tree) if changes else config


def _environment_values(
    environment: Mapping[str, str],
) -> list[tuple[str, tuple[str, ...], Any]]:
    """(variable, setting, value) of each that means a setting, by name."""
    values = list[tuple[str, tuple[str, ...], Any]]()
    variable_by_path: dict[tuple[str, ...], str] = {}
    for name in sorted(environment):
        if not _is_setting(name):
            continue
        keys = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        setting_path = current_path(Config, keys)
        other_name = variable_by_path.setdefault(setting_path, name)
        variable = f"the environment variable {name}"
        if other_name != name:
            raise SettingsError(
                f"{variable}: {other_name} is the same setting by another name; "
                f"keep {_variable(setting_path)} alone"
            )
        value = _parse_value(environment[name])
        if setting_path != keys:
            _warn_once(variable, f"it is now called {_variable(setting_path)}")
        values.append((variable, setting_path, _rename_in_value(setting_path, value, variable)))
    return values


def _with_environment(
    tree: Mapping[str, Any], values: Sequence[tuple[str, tuple[str, ...], Any]]
) -> Config:
    """The settings with all of these together, as some need one another.

    Raises SettingsError at the variable without which all would be well, or at the first that does
    not go with those before it.
    """

    def parsed(chosen: Iterable[tuple[str, tuple[str, ...], Any]], source: str) -> Config:
        changed_tree = deepcopy(dict(tree))
        for _, setting_path, value in chosen:
            _set_value(changed_tree, setting_path, value)
        return parse_config(changed_tree, source)

    with suppress(SettingsError):
        return parsed(values, "the environment")
    for number, (variable, _, _) in enumerate(values):
        other_values = [*values[:number], *values[number + 1 :]]
        try:
            parsed(other_values, variable)
        except SettingsError:
            continue
        return parsed(values, variable)  # raises what is wrong
    for number, (variable, _, _) in enumerate(values, 1):
        parsed(values[:number], variable)
    raise AssertionError("all of them together had a fault")


def _is_setting(name: str) -> bool:
    """Whether a variable of the environment means a setting."""
    if not name.startswith(ENVIRONMENT_PREFIX) or name in NON_SETTING_VARIABLES:
        return False
    return "__" in name or SERVICE_LINKS.search(name) is None


def changed_config(
    config: Config, changes: Mapping[str, Any], tree: Mapping[str, Any] | None = None
) -> Config:
    """These settings with some changed. tree: what they were made of, if that is known."""
    tree = config.model_dump() if tree is None else tree
    return parse_config(merged(tree, _rename_old_keys(changes, "settings")), "settings")


def _variable(setting_path: tuple[str, ...]) -> str:
    return ENVIRONMENT_PREFIX + "__".join(setting_path).upper()


def _rename_in_value(setting_path: tuple[str, ...], value: Any, source: str) -> Any:
    """A group of settings given whole, as JSON, with its present keys."""
    tree = _rename_old_keys(_nest(setting_path, value), source)
    for key in setting_path:
        tree = tree[key]
    return tree


def _nest(setting_path: tuple[str, ...], value: Any) -> Any:
    for key in reversed(setting_path):
        value = {key: value}
    return value


def _rename_old_keys(tree: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The tree by the present keys; who wrote old ones is told so, in one line."""
    try:
        renamed_tree, sentences = with_current_keys(Config, tree)
    except ValueError as error:
        raise SettingsError(f"{source}: {error}") from error
    if sentences:
        _warn_once(source, "; ".join(sentences))
    return renamed_tree


@cache
def _warn_once(source: str, renames: str) -> None:
    """Once: a command may read its settings several times."""
    log.warning("%s: %s; the old name is read for one release", source, renames)


def parse_config(tree: Mapping[str, Any], source: str) -> Config:
    """A tree of plain values, checked."""
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(f"{source}: {_describe_error(error)}") from error


def _set_value(tree: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
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
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:  # settings that do not go together
        return message
    *group, key = first["loc"]
    section = f"[{'.'.join(map(str, group))}]" if group else "the top level"
    if first["type"] == "extra_forbidden":
        valid_keys = _fields(group)
        return f"{section} has no key '{key}'; {did_you_mean(str(key), valid_keys)}"
    return f"{section} {key} = {first['input']!r}: {message[:1].lower()}{message[1:]}"


def _fields(group: list[int | str]) -> list[str]:
    settings_class: type[Settings] | None = Config
    for key in group:
        if settings_class is Placement:  # the key is its name
            continue
        if settings_class is not None and not isinstance(key, int):
            settings_class = nested_settings(settings_class, key)
    return [] if settings_class is None else list(settings_class.model_fields)
