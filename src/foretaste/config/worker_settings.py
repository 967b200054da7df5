"""In: the `[worker]` part of the settings. Out: when models are trained anew, and when promoted."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, model_validator

from foretaste.domain.settings import Settings


class WorkerSettings(Settings):
    """How `foretaste worker` keeps the model fresh."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "rest_minutes": "cooldown_minutes",
        "compare_least": "min_compared_events",
        "compare_most": "max_compared_events",
        "look_seconds": "poll_interval_seconds",
    }

    every_hours: float = Field(default=24.0, ge=0)
    """Train again when so many hours have passed since the last time and there is something new to
    compare on. 0 is never."""
    after_events: int = Field(default=5000, ge=0)
    """Train again when so many things were taken since the last time. 0 is never."""
    cooldown_minutes: float = Field(default=60.0, ge=0)
    """At least so long between two trainings, however many events come."""
    min_compared_events: int = Field(default=300, ge=1)
    """Events that the new model is compared with the live one on, at least; without so many nothing
    is trained. Neither model was trained on them."""
    max_compared_events: int = Field(default=3000, ge=1)
    """The same, at most; a fifth of what was taken since the last time, within these bounds."""
    tolerance: float = Field(default=0.05, ge=0)
    """Without effect, and accepted so that settings with it go on to work: a difference inside the
    noise refuses no model any more, see docs/decisions/0011-promotion.md."""
    poll_interval_seconds: float = Field(default=10.0, gt=0)
    """Seconds between two looks for new items and events."""
    nice: int = Field(default=15, ge=0, le=19)
    """How far the worker stands back for other processes."""
    threads: int = Field(default=1, ge=1)
    """CPU threads that it trains with."""
    lease_seconds: float = Field(default=30.0, gt=0)
    """Seconds without a sign of life after which another worker takes over."""

    @model_validator(mode="after")
    def _bounds(self) -> "WorkerSettings":
        if self.max_compared_events < self.min_compared_events:
            raise ValueError("max_compared_events must not be below min_compared_events")
        return self
