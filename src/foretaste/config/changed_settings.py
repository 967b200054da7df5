"""Settings in; those that are not as they come, or not as others, out, by their keys."""

from typing import Any

from foretaste.domain.settings import Settings


def changed_settings(
    settings: Settings, baseline: Settings | None = None, group: tuple[str, ...] = ()
) -> dict[str, Any]:
    """{"model.sequence.epochs": 8}: what differs from the baseline, in the order of the settings.

    baseline: of the same class; None is as the settings come.
    """
    baseline = type(settings)() if baseline is None else baseline
    changes: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value, other, path = getattr(settings, name), getattr(baseline, name), (*group, name)
        if isinstance(value, Settings) and isinstance(other, Settings):
            changes |= changed_settings(value, other, path)
        elif value != other:
            changes[".".join(path)] = value
    return changes
