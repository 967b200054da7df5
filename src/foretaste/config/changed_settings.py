"""Settings in; those that are not as they come out, by their keys."""

from typing import Any

from foretaste.domain.settings import Settings


def changed_settings(settings: Settings, group: tuple[str, ...] = ()) -> dict[str, Any]:
    """{"model.sequence.epochs": 8}: what differs from the default, in the order of the settings."""
    changes: dict[str, Any] = {}
    for name, field in type(settings).model_fields.items():
        value, path = getattr(settings, name), (*group, name)
        if isinstance(value, Settings) and isinstance(field.default, Settings):
            changes |= changed_settings(value, path)
        elif value != field.get_default(call_default_factory=True):
            changes[".".join(path)] = value
    return changes
