"""Taste profile: a person's behaviour and the attribute experts in, what they like by column out.

P(value | U) is what the expert of the column says; lift is how many times that is of what people in
general take. The values are those that set a person apart most: P(value | U) · log lift.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from foretaste.display.render import face
from foretaste.domain.data import Catalogue, Feature, Floats, UserContext
from foretaste.domain.titles import natural_title

MAX_EVENTS_PER_VALUE = 3
"""Events told of each value, at most, the newest first."""


class ColumnTaste(Protocol):
    """What knows a person's share of each value of one column."""

    column: str

    @property
    def log_value_shares(self) -> Floats:
        """[values], log P(value)."""

    def is_active(self, user_context: UserContext) -> bool: ...

    def log_preference(self, user_context: UserContext) -> Floats:
        """[values], log P(value | U)."""


@dataclass(frozen=True, slots=True)
class LikedValue:
    """One value of a column."""

    value: str
    probability: float
    lift: float
    """Times what people in general take."""
    events: tuple[str, ...] = ()
    """Ids of the items it comes from, the newest first."""
    stated: bool = False
    """Whether the person said so."""


class TasteProfile(dict[str, tuple[LikedValue, ...]]):
    """Column → its values, strongest first."""

    def __init__(
        self,
        values_by_column: Mapping[str, tuple[LikedValue, ...]],
        event_titles: Mapping[str, str],
    ) -> None:
        super().__init__(values_by_column)
        self.event_titles = event_titles
        """The titles of the items that values come from, by their ids."""

    def _repr_html_(self) -> str:
        titles = {event: natural_title(title) for event, title in self.event_titles.items()}
        return face("profile", profile=self, titles=titles)


def taste_profile(
    tastes: Sequence[ColumnTaste],
    user_context: UserContext,
    catalogue: Catalogue,
    *,
    max_values: int = 5,
) -> TasteProfile:
    """By column at most so many values that the person takes more than people do."""
    features = {feature.column: feature for feature in catalogue.features}
    values_by_column = {
        taste.column: _liked_values(
            taste, user_context, features[taste.column], catalogue.ids, max_values
        )
        for taste in tastes
        if taste.column in features and taste.is_active(user_context)
    }
    return TasteProfile(values_by_column, event_titles(values_by_column, catalogue))


def event_titles(
    values_by_column: Mapping[str, Sequence[LikedValue]], catalogue: Catalogue
) -> dict[str, str]:
    """The titles of the items that values come from, by their ids."""
    events = [
        event for values in values_by_column.values() for liked in values for event in liked.events
    ]
    return {event: catalogue.titles[catalogue.index[event]] for event in dict.fromkeys(events)}


def _liked_values(
    taste: ColumnTaste,
    user_context: UserContext,
    feature: Feature,
    ids: Sequence[str],
    max_values: int,
) -> tuple[LikedValue, ...]:
    own, everyone = taste.log_preference(user_context), taste.log_value_shares
    worth = np.exp(own) * (own - everyone)
    best = [int(code) for code in np.argsort(-worth, kind="stable")[:max_values] if worth[code] > 0]
    stated = user_context.taste.get(taste.column, ())
    return tuple(
        LikedValue(
            value=feature.values[code],
            probability=float(np.exp(own[code])),
            lift=float(np.exp(own[code] - everyone[code])),
            events=supporting_items(user_context, feature, code, ids),
            stated=feature.values[code] in stated,
        )
        for code in best
    )


def supporting_items(
    user_context: UserContext, feature: Feature, code: int, ids: Sequence[str]
) -> tuple[str, ...]:
    """Ids of the last items taken that have the value, each once."""
    supporting_ids = dict.fromkeys(
        ids[item]
        for item in user_context.consumed_items[::-1].tolist()
        if code in feature.item_codes(item)
    )
    return tuple(supporting_ids)[:MAX_EVENTS_PER_VALUE]
