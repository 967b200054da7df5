"""The settings of ranking."""

from foretaste.settings import Settings


class RankSettings(Settings):
    """What may be shown, and how many."""

    hide_seen: bool = True
    """Leave out what the person has taken already; a music service turns this off."""
    n: int = 10
    """How many items an answer has where the request does not say."""
    most: int = 1000
    """The largest n a request may ask for."""
