"""A length of time as people write it in, seconds out: "30m", "24h", "7d", "2w", or seconds."""

from typing import Any

from foretaste.errors import InputError

UNIT_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
MAX_DURATION_SECONDS = 10 * 366 * UNIT_SECONDS["d"]


def parse_duration(duration: Any, field: str) -> float:
    """Seconds. Raises InputError, with the field's name, for what is no length of time."""
    text = str(duration).strip().lower()
    unit = UNIT_SECONDS.get(text[-1:], 1.0)
    try:
        seconds = float(text[:-1] if text[-1:] in UNIT_SECONDS else text) * unit
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_DURATION_SECONDS:  # nan neither
        raise InputError(
            f"{field}: '{duration}' is no length of time; write it like 24h, 7d or 2w, or in "
            "seconds"
        )
    return seconds
