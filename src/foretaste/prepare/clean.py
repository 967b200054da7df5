"""Interactions in; those that can be true and are of a person out, and what was left out."""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Interactions, Longs
from foretaste.domain.event_times import SECONDS_PER_DAY as SECONDS_PER_DAY
from foretaste.domain.event_times import has_order_only as has_order_only
from foretaste.prepare.settings import PrepareSettings

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CleaningReport:
    """What was left out of the histories and why. Counts are events unless named otherwise."""

    events_before: int = 0
    events_after: int = 0
    impossible_times: int = 0
    """Before 1970, after `settings.max_timestamp`, or not a number."""
    duplicates: int = 0
    """The same again at the same time, or so soon that it is dropped."""
    bots: int = 0
    """People with more than `bot_events_per_day` events on one day."""
    bot_events: int = 0
    rare_users: int = 0
    """People with fewer than `min_user_events`."""
    rare_user_events: int = 0
    rare_items: int = 0
    """Items with fewer than `min_item_events`."""
    rare_item_events: int = 0

    def summary_lines(self) -> list[str]:
        """One line of words for each reason that took something, for the report."""
        sentences = {
            "impossible_times": f"{self.impossible_times:,} events at an impossible time",
            "duplicates": f"{self.duplicates:,} repeats of the event before",
            "bots": f"{self.bot_events:,} events of {self.bots:,} bots",
            "rare_users": f"{self.rare_user_events:,} events of {self.rare_users:,} users "
            "under the minimum",
            "rare_items": f"{self.rare_item_events:,} events with {self.rare_items:,} items "
            "under the minimum",
        }
        names = [report_field.name for report_field in fields(self)]
        return [sentences[name] for name in names if name in sentences and getattr(self, name)]


def clean(
    interactions: Interactions, settings: PrepareSettings
) -> tuple[Interactions, CleaningReport]:
    """The events to learn from, and an account of the others; people stay, even with none left.

    In this order: impossible times, repeats, bots, then the minimums, which are applied in turn
    until nothing changes, as an item may fall under its minimum when a person has gone.
    """
    events_before = interactions.event_count
    times_are_order = has_order_only(interactions)
    possible_mask = (interactions.at >= 0) & (
        interactions.at <= settings.max_timestamp
    )  # nan fails both
    impossible_count = int(np.count_nonzero(~possible_mask))
    interactions = _filter_rows(interactions, possible_mask)
    within = 0.0 if times_are_order else settings.drop_repeats_within_seconds
    is_repeat = repeated_events(interactions, within=within)
    if is_repeat.any():
        interactions = with_last_values(interactions, within=within).filter_rows(~is_repeat)
    is_bot = (
        np.zeros(len(interactions), np.bool_)
        if times_are_order
        else _bot_users(interactions, settings)
    )
    bot_rows = is_bot[interactions.row_users()]
    interactions = _filter_rows(interactions, ~bot_rows)
    interactions, rare = _k_core(interactions, settings)
    return interactions, CleaningReport(
        events_before=events_before,
        events_after=interactions.event_count,
        impossible_times=impossible_count,
        duplicates=int(np.count_nonzero(is_repeat)),
        bots=int(np.count_nonzero(is_bot)),
        bot_events=int(np.count_nonzero(bot_rows)),
        **rare,
    )


def _filter_rows(interactions: Interactions, row_mask: Mask) -> Interactions:
    return interactions if row_mask.all() else interactions.filter_rows(row_mask)


def repeated_events(interactions: Interactions, *, within: float) -> Mask:
    """[events] which repeat the person's own event before: same item, event type and words.

    within: seconds from the one before, so that a burst is one event however long it lasts.
    """
    if not interactions.event_count:
        return np.zeros(0, np.bool_)
    order, repeats_previous = _bursts(interactions, within)
    is_repeat = np.zeros(interactions.event_count, np.bool_)
    is_repeat[order[1:]] = repeats_previous
    return is_repeat


def with_last_values(interactions: Interactions, *, within: float) -> Interactions:
    """The first event of each burst of repeats with the last value of the burst: a player that
    tells every minute how far it is has told how much was watched when it stops.
    """
    order, repeats_previous = _bursts(interactions, within)
    starts = np.flatnonzero(np.append(True, ~repeats_previous))
    sorted_values = interactions.value[order]
    places = np.where(np.isnan(sorted_values), -1, np.arange(len(order)))
    last_places = np.maximum.reduceat(places, starts)
    has_value = last_places >= 0
    values = interactions.value.copy()
    values[order[starts[has_value]]] = sorted_values[last_places[has_value]]
    return replace(interactions, value=values)


def _bursts(interactions: Interactions, within: float) -> tuple[Longs, Mask]:
    """([events], their rows with those of one burst side by side; [events - 1], whether each but
    the first repeats the one before).
    """
    row_users = interactions.row_users()
    # Rows of one person, item, event type and text side by side; stable, so the first comes first
    order = np.lexsort(
        (interactions.at, interactions.text, interactions.kind, interactions.item, row_users)
    )
    repeats_previous = np.ones(interactions.event_count - 1, np.bool_)
    for column in (row_users, interactions.item, interactions.kind, interactions.text):
        sorted_column = column[order]
        repeats_previous &= sorted_column[1:] == sorted_column[:-1]
    repeats_previous &= np.diff(interactions.at[order]) <= within
    return order, repeats_previous


def _bot_users(interactions: Interactions, settings: PrepareSettings) -> Mask:
    """[people] with too many events on one day."""
    is_bot = np.zeros(len(interactions), np.bool_)
    # Nobody with few events can have many on a day: look at the days of the others alone
    busy = np.flatnonzero(np.diff(interactions.offsets) > settings.bot_events_per_day)
    for user_index in busy:
        days = np.floor(interactions.at[interactions.user_slice(int(user_index))] / SECONDS_PER_DAY)
        _, counts = np.unique(days, return_counts=True)
        is_bot[user_index] = counts.max() > settings.bot_events_per_day
    return is_bot


def _k_core(
    interactions: Interactions, settings: PrepareSettings
) -> tuple[Interactions, dict[str, int]]:
    """The k-core of people and items by items taken, and the counts of what is outside it."""
    removed_counts = dict.fromkeys(
        ("rare_users", "rare_user_events", "rare_items", "rare_item_events"), 0
    )
    while True:
        events_before = interactions.event_count
        row_users = interactions.row_users()
        positive_mask = interactions.positive_mask()
        user_counts = np.bincount(row_users[positive_mask], minlength=len(interactions))
        interactions = _drop_rare(
            interactions,
            row_users,
            user_counts,
            settings.min_user_events,
            removed_counts,
            "rare_user",
        )
        positive_mask = interactions.positive_mask()
        item_counts = np.bincount(
            interactions.item[positive_mask], minlength=int(interactions.item.max(initial=0)) + 1
        )
        interactions = _drop_rare(
            interactions,
            interactions.item,
            item_counts,
            settings.min_item_events,
            removed_counts,
            "rare_item",
        )
        if interactions.event_count == events_before:
            return interactions, removed_counts


def _drop_rare(
    interactions: Interactions,
    row_keys: npt.NDArray[np.integer],
    counts: npt.NDArray[np.int64],
    min_count: int,
    removed_counts: dict[str, int],
    name: str,
) -> Interactions:
    """Without rows whose `row_keys` [events] occur fewer than `min_count` times; 1 keeps all."""
    if min_count <= 1:
        return interactions
    rare_rows = (row_keys >= 0) & (counts[row_keys] < min_count)
    removed_counts[f"{name}s"] += len(np.unique(row_keys[rare_rows]))
    removed_counts[f"{name}_events"] += int(np.count_nonzero(rare_rows))
    return _filter_rows(interactions, ~rare_rows)
