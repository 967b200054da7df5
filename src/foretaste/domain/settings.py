"""The base of all settings: frozen, strict about names. A stage keeps its own beside its code.

A class whose keys have new names declares them in `renamed_keys`. The old keys are read for one
release: by the class itself, so that the saved state of a model can be read, and by
`with_current_keys`, which also tells which were old, so that whoever wrote them can be told.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, to_json


class Settings(BaseModel):
    """A frozen group of settings; the docstring under a field says what it does."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    renamed_keys: ClassVar[Mapping[str, str]] = {}
    """Old key → new key. A dot leads to a key of a mapping: "events.kind"."""
    added_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys that came after digests of the group were stored: one that has its default is not in a
    digest, so that what is on disk is found."""

    @model_validator(mode="before")
    @classmethod
    def _read_old_keys(cls, values: Any) -> Any:
        if not cls.renamed_keys or not isinstance(values, Mapping):
            return values
        return _rename_own_keys(cls, values)[0]

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The old keys are in the schema too, marked as deprecated."""
        json_schema = handler(core_schema)
        properties = handler.resolve_ref_schema(json_schema)["properties"]
        for old, new in cls.renamed_keys.items():
            if new in properties:
                properties[old] = {
                    **properties[new],
                    "description": f"The old name of `{new}`, for one release.",
                    "deprecated": True,
                }
        return json_schema

    def json_with_old_keys(self) -> str:
        """What `model_dump_json` gave before keys were renamed: digests that name what is on disk
        are made of it, and must stay.
        """
        return to_json(_values_by_old_key(self)).decode()


def with_current_keys(
    settings_class: type[Settings], values: Mapping[str, Any], group: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[str]]:
    """A tree of settings with every key by its present name, and a sentence for each old key.

    Args:
        settings_class: what the tree is of.
        values: the tree, as it was written.
        group: where in the file the tree is, for the sentences.

    Raises:
        ValueError: an old key and the new one are both there.

    """
    renamed_values, new_by_old = _rename_own_keys(settings_class, values, group)
    sentences = [
        f"{key_path((*group, *old.split('.')))} is now called {new.rpartition('.')[2]}"
        for old, new in new_by_old.items()
    ]
    for name, value in renamed_values.items():
        nested_class = nested_settings(settings_class, name)
        if nested_class is None:
            continue
        inner_group = (*group, name)
        if isinstance(value, Mapping):
            renamed_values[name], inner = with_current_keys(nested_class, value, inner_group)
            sentences += inner
        elif isinstance(value, list | tuple):
            trees = [
                with_current_keys(nested_class, entry, inner_group)
                if isinstance(entry, Mapping)
                else (entry, [])
                for entry in value
            ]
            renamed_values[name] = [tree for tree, _ in trees]
            sentences += [sentence for _, inner in trees for sentence in inner]
    return renamed_values, list(dict.fromkeys(sentences))


def current_path(settings_class: type[Settings], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The way to a setting, key by key, by the present names."""
    path: tuple[str, ...] = ()
    group_class: type[Settings] | None = settings_class
    while keys:
        if group_class is not None:
            keys = _rename_first_keys(group_class, keys)
            group_class = nested_settings(group_class, keys[0])
        path, keys = (*path, keys[0]), keys[1:]
    return path


def nested_settings(settings_class: type[Settings], key: str) -> type[Settings] | None:
    """The class of the group of settings behind a key, or of each of several groups."""
    field = settings_class.model_fields.get(key)
    return None if field is None else _settings_in(field.annotation)


def key_path(keys: tuple[str, ...]) -> str:
    """A key as people write it: `[rank.policy] age`, or `name` at the top level."""
    *group, key = keys
    return f"[{'.'.join(group)}] {key}" if group else key


def _settings_in(annotation: Any) -> type[Settings] | None:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next(filter(None, map(_settings_in, get_args(annotation))), None)


def _rename_own_keys(
    settings_class: type[Settings], values: Mapping[str, Any], group: tuple[str, ...] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """One group of settings by its present keys, and those that were old: old → new."""
    renamed_values, new_by_old = dict(values), dict[str, str]()
    for old, new in settings_class.renamed_keys.items():
        path = (*group, *old.split("."))
        replaced = _replace_key(renamed_values, old.split("."), new.rpartition(".")[2], path)
        if replaced is not None:
            renamed_values = replaced
            new_by_old[old] = new
    return renamed_values, new_by_old


def _replace_key(
    values: Any, keys: Sequence[str], new_key: str, path: tuple[str, ...]
) -> dict[str, Any] | None:
    """The tree with another name for the last of the keys; None where it is not there."""
    first, *inner_keys = keys
    if not isinstance(values, Mapping) or first not in values:
        return None
    if inner_keys:
        inner = _replace_key(values[first], inner_keys, new_key, path)
        return None if inner is None else {**values, first: inner}
    if new_key in values:
        raise ValueError(
            f"{key_path(path)} is the old name of {new_key}, and both are given; leave {first} out"
        )
    return {new_key if name == first else name: value for name, value in values.items()}


def _rename_first_keys(settings_class: type[Settings], keys: tuple[str, ...]) -> tuple[str, ...]:
    """Keys that lead from a group of settings, with the present name for an old one."""
    for old, new in settings_class.renamed_keys.items():
        old_keys = tuple(old.split("."))
        if keys[: len(old_keys)] == old_keys:
            return (*new.split("."), *keys[len(old_keys) :])
    return keys


def _values_by_old_key(settings: Settings) -> dict[str, Any]:
    """The values, as JSON has them, by the names their keys had before."""
    old_by_new = {new: old for old, new in settings.renamed_keys.items()}
    values = settings.model_dump(mode="json")
    return {
        old_by_new.get(name, name): _values_by_old_key(inner)
        if isinstance(inner := getattr(settings, name), Settings)
        else value
        for name, value in values.items()
        if not (name in settings.added_keys and _has_default(settings, name))
    }


def _has_default(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name) == type(settings).model_fields[name].default)
