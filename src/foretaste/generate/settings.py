"""The settings of what is said of items."""

from typing import Literal

from pydantic import Field

from foretaste.domain.settings import Settings

Language = Literal["en", "de", "fr", "es", "zh"]
Activity = Literal["watch", "buy", "read", "listen", "play", "view", "choose"]
"""What people do with items, as reasons say it."""


class ReasonSettings(Settings):
    """How reasons are said."""

    language: Language = "en"
    """Where the request does not say: en, de, fr, es or zh."""
    activity: Activity | None = None
    """What people do with your items: watch, buy, read, listen, play, view or choose. Empty is told
    from the columns of the items and the types of the events."""
    max_reasons: int = Field(default=2, ge=0, le=5)
    """Reasons an item has at most."""
