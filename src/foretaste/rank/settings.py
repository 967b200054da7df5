"""The settings of ranking."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, field_validator

from foretaste.domain.request import FillSource
from foretaste.domain.settings import Settings
from foretaste.rank.exposure_settings import ExposureTarget, check_targets
from foretaste.rank.policy_settings import PolicySettings
from foretaste.rank.rules import FloorRule
from foretaste.rank.trade_settings import (
    Duration,
    ExtrasSettings,
    FreshnessSettings,
    ReplenishSettings,
    ResumeSettings,
    SeriesSettings,
    Share,
)


class RankSettings(Settings):
    """What may be shown, and how many."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "most": "max_n",
        "explore": "exploration_rate",
        "explore_pool": "exploration_pool",
        "newcomers": "cold_item_share",
    }

    hide_seen: bool = True
    """Leave out what the person has taken already; a music service turns this off."""
    n: int = 10
    """How many items an answer has where the request does not say."""
    max_n: int = 1000
    """The largest n a request may ask for."""
    exploration_rate: float = Field(default=0.0, ge=0, le=1)
    """The share of the places below the first five that is given to a random item further down,
    where the request does not say."""
    exploration_pool: int = Field(default=100, ge=1)
    """How many items further down those are drawn from."""
    goal: str | None = None
    """What lists are to bring in: one of `rank.goals`, or a column of numbers such as a price. A
    list then has the items of the highest expected worth, the probability that they are taken times
    what they are worth. Not in searches."""
    goals: Mapping[str, str] = Field(default_factory=dict)
    """Goals by name, as expressions over columns of numbers, with + - * / **, log, sqrt, min and
    max: revenue = "price * margin". A letter that no name may have is written as _; `event_value`
    is what the item's events were worth on average."""
    goal_weight: float = Field(default=0.5, ge=0, le=1)
    """From 0, what is likely, to 1, what is expected to bring in most. In between lists bring in
    nearly as much, and people take more of what they show."""
    popularity_lift: float | None = Field(default=None, ge=0.1, le=100)
    """How many times as popular as what people take lists are to be: what is popular weighs less
    by as much as that needs. `foretaste audit` says what it is without. Not in searches."""
    own_mix: float = Field(default=0.0, ge=0, le=1)
    """From 0, not at all, to 1, alone: how much a list keeps to the mix of what the person takes,
    such as seven dramas and three comedies. Not in searches."""
    own_mix_column: str | None = None
    """The column whose mix that is; without it the first that says what kind an item is."""
    cold_item_share: float = Field(default=0.2, ge=0, le=1)
    """The share of the places below the first ten that is given to items nobody has taken yet, the
    best of them for this person: they are met without a cost to the first ten. Those that came
    since the last training choose first; the others have at most twice the share that such items
    have of what people take, where times of events tell it. Not in searches."""
    fill_up: tuple[FillSource, ...] = ("unmatched",)
    """What a list that is too short is filled up with, the first first: "taken", what the person
    has taken already; "unfiltered", what the filter of the request leaves out; "unmatched", what
    has nothing of what is searched for, so that a search ends with what else might suit; "popular",
    what is popular beside the list's own kind; "outdated", what is older than `max_age`. Each item
    says so, and the answer tells why there are too few others."""
    query_facets: bool = True
    """What a query names acts as a filter, as far as items are left: "horror before 1980" shows
    horror films before 1980. The answer says so, and a request may turn it off (`facets`)."""
    timeout_ms: float = Field(default=500.0, gt=0)
    """Milliseconds an answer of the service may take where the request does not say; what cannot be
    done by then is left out, and the answer says so."""
    keep_days: float = Field(default=90.0, gt=0)
    """Days that answers are kept, for attribution and next pages."""
    suggested_search_people: int = Field(default=5, ge=2)
    """How many different people must have searched for the same words within the last three months
    for others to be shown them as they type: what one person looks for is nobody else's business.
    """
    stock_attribute: str | None = None
    """The items' attribute that says whether any is left: yes and no, a number, or words such as
    "out of stock". What is sold out is in no list. Columns that are called so (`stock`,
    `Lagerbestand`, …) are "in_stock"; name any other in behaviour.attribute_columns, as columns of
    a back office are left out else. None: all that is on offer is there."""
    repeat_pause: Duration | None = None
    """Where what was taken is shown again: for how long it is not, "1h" or "2d". None shows it at
    once. Searching finds it all the same."""
    max_age: Duration | None = None
    """Items that came longer ago are in no list, "36h" or "14d"; searching finds them. None has no
    limit. Placements have one of their own."""
    freshness: FreshnessSettings | None = None
    """How much likelier new items are than old ones. None: no more than the model says."""
    replenish: ReplenishSettings | None = None
    """What is used up comes back when it is due. None: what was taken is left out as `hide_seen`
    says."""
    series: SeriesSettings | None = None
    """A list shows of each series the next part alone. None: parts are items like others."""
    resume: ResumeSettings | None = None
    """What was begun and not finished, for a shelf of the kind `resume`. None: what was taken was
    taken, however much of it."""
    extras: ExtrasSettings | None = None
    """Trailers and the like are in no list unless they are asked for. None: they are items like
    others."""
    spread: Mapping[str, Share] = Field(default_factory=dict)
    """Attribute → the share of a list that items of one value of it have at most, as far as there
    are others: `artist = 0.2`. Not where words or a filter ask for it."""
    floors: tuple[FloorRule, ...] = ()
    """Items that each personal list has not fewer of, among its first places and all of them, than
    a fair draw would: `{ floor = { maker = "small" }, percent = 30 }`. Rules of a request come
    first, where both cannot be met."""
    exposure: tuple[ExposureTarget, ...] = ()
    """Items that have a share of all personal lists over time, at least or at most:
    `{ filter = { maker = "small" }, min_share = 0.2 }`. A list may have none of them."""
    policy: PolicySettings = PolicySettings()
    """What the operator will not have, whatever is asked."""

    @field_validator("exposure")
    @classmethod
    def _joint(cls, value: tuple[ExposureTarget, ...]) -> tuple[ExposureTarget, ...]:
        check_targets(value)
        return value
