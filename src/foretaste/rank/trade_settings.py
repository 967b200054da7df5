"""The settings of what lists of one trade need and those of others do not: news that ages,
groceries that run out, series, artists. All are off unless they are set; the recipes set them.

[rank.freshness]
half_life = "learnt"                 # what is news is known from the clicks

[rank.replenish]
event_types = ["purchase"]           # what is bought at regular intervals comes back when due

[rank.series]
item_attribute = "series"            # of a series the next episode that was not seen

[rank.resume]
below = 0.9                          # what was left before its end is gone on with from there

[rank.extras]
item_attribute = "type"              # no trailers, unless somebody asks for them

[rank.spread]
artist = 0.2                         # of no artist more than a fifth of a list
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from foretaste.domain.duration import parse_duration
from foretaste.domain.event_value import RATED_TYPES, WATCHED_TYPES
from foretaste.domain.settings import Settings
from foretaste.errors import InputError

LEARNT_HALF_LIFE = "learnt"
MAX_DURATION_LENGTH = 40


def _seconds(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str) and len(value) > MAX_DURATION_LENGTH:
        raise ValueError("it is far too long for a length of time; write it like 24h, 7d or 2w")
    try:
        return parse_duration(value, "it")
    except InputError as error:
        message = str(error).removeprefix("it: ").encode(errors="replace").decode()
        raise ValueError(message) from None  # half a character in it could not be written


Duration = Annotated[float, BeforeValidator(_seconds)]
"""Seconds; in settings also "90m", "24h", "7d"."""
Share = Annotated[float, Field(gt=0, le=1)]


class FreshnessSettings(Settings):
    """How much likelier new items are than old ones."""

    half_life: float | str = LEARNT_HALF_LIFE
    """The age at which an item is half as interesting as when it came, "8h" or "3d"; or "learnt":
    at each training from how old items were when they were taken, and none where age does not
    matter beside all else that the model knows."""

    @field_validator("half_life", mode="before")
    @classmethod
    def _half_life(cls, value: Any) -> Any:
        return (
            LEARNT_HALF_LIFE if str(value).strip().lower() == LEARNT_HALF_LIFE else _seconds(value)
        )


class ReplenishSettings(Settings):
    """What is used up and bought again at about regular intervals."""

    event_types: tuple[str, ...] = ("purchase",)
    """Which events use something up."""
    min_intervals: int = Field(default=5, ge=2)
    """How many times people must have bought an item again for its interval to be known."""
    early_share: float = Field(default=0.8, gt=0, le=1)
    """From this share of the interval on it is due; before it is left out of lists, as it is still
    there."""
    boost: float = Field(default=20.0, ge=1, le=1e6)
    """How many times likelier an item is when it is due."""


class SeriesSettings(Settings):
    """Items that are parts of a whole, in an order."""

    item_attribute: str = "series"
    """The items' attribute that names the series."""
    season_attribute: str = "season"
    """That numbers the season, where there is one."""
    episode_attribute: str = "episode"
    """That numbers the part."""


class ResumeSettings(Settings):
    """What somebody began and has not finished: films, episodes, podcasts, audiobooks, lessons. How
    far they got is the value of an event, from 0 to 1; the last that was said of an item holds, on
    whichever device.
    """

    below: Share = 0.9
    """From this share on an item is finished: the rest is credits."""
    from_share: float = Field(default=0.05, ge=0, lt=1)
    """What was left before this share was looked into: nobody is asked to go on with it."""
    within: Duration = 60 * 86_400.0
    """After how long a time nobody is asked to go on with it any more."""
    event_types: tuple[str, ...] = WATCHED_TYPES
    """Events whose value says how far somebody got. A value outside 0 to 1 says nothing of it."""
    finishing_types: tuple[str, ...] = ("finish", *RATED_TYPES)
    """Events that say that an item was seen to its end, whatever its share was before."""
    adds_up: bool = False
    """true: each event says how much was watched in one sitting, and the shares of the sittings add
    up. false: each says at which point somebody stopped."""
    in_lists: bool = False
    """true: such items are in other lists too, wherever their scores put them. false: what was
    begun is on the shelf `resume` alone, and lists have what is new; searching finds it."""


class ExtrasSettings(Settings):
    """Items that belong to others and are in no list by themselves: trailers, teasers, bonus clips.
    Searching finds them, and a filter that names them, or a pin, shows them. Where more than half
    of the catalogue is of these kinds, they are what there is, and are in lists.
    """

    item_attribute: str = "type"
    """The items' attribute that says what kind of thing an item is; also where it is called
    content_type, kind and the like."""
    values: tuple[str, ...] = (
        *("trailer", "teaser", "clip", "bonus", "bonus clip", "bonus material", "extra", "promo"),
        *("preview", "sneak peek", "featurette", "behind the scenes", "making of", "outtake"),
        *("blooper", "deleted scene", "Vorschau", "Ausschnitt", "Bonusmaterial", "bande-annonce"),
        *("extrait", "tráiler", "avance", "anteprima", "voorproefje"),
    )
    """Of which values; small and capital letters, hyphens and a plural s are the same."""
