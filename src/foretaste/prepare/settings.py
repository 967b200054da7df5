"""How behaviour is cleaned: the settings of stage 2."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from foretaste.domain.settings import Settings


class PrepareSettings(Settings):
    """What is left out of the histories before anything is learned from them."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "robot_events_per_day": "bot_events_per_day",
        "drop_repeats_within": "drop_repeats_within_seconds",
        "latest": "max_timestamp",
    }

    min_user_events: int = Field(default=1, ge=1)
    """A person who took fewer items than this is left out; 5 gives the customary 5-core, 1 keeps
    everybody."""
    min_item_events: int = Field(default=1, ge=1)
    """An item that was taken fewer times than this is left out; 1 keeps every item."""
    bot_events_per_day: int = Field(default=10_000, ge=1)
    """A person with more events than this on one day (UTC) is a bot and is left out. People who
    rate the films of a lifetime in one sitting reach a few thousand."""
    drop_repeats_within_seconds: float = Field(default=0.0, ge=0.0)
    """Seconds. The same person doing the same to the same item again within this time is one
    event, counted from the one before; 0 means at the very same time. Never applied to data
    whose times are only an order."""
    review_aspects: bool = False
    """Whether each training writes into the items what their reviews praise and blame, as the
    attributes `praised_for` and `criticised_for`: shown, filtered and recommended by as any other.
    """
    max_timestamp: float = Field(default=4_102_444_800.0, gt=0.0)
    """Seconds since 1970. A later time is impossible; 2100-01-01, which catches milliseconds taken
    for seconds."""
