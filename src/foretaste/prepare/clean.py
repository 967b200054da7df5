"""Histories in; histories without what cannot be true or is not a person out, and what went."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Histories
from foretaste.prepare.settings import PrepareSettings

Mask = npt.NDArray[np.bool_]

DAY = 86_400.0
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What was left out of the histories and why. Counts are events unless named otherwise."""

    before: int = 0
    after: int = 0
    impossible_times: int = 0
    """Before 1970, after `settings.latest`, or not a number."""
    duplicates: int = 0
    """The same again at the same time, or within `drop_repeats_within` of the one before."""
    robots: int = 0
    """People with more than `robot_events_per_day` events on one day."""
    robot_events: int = 0
    rare_users: int = 0
    """People with fewer than `min_user_events`."""
    rare_user_events: int = 0
    rare_items: int = 0
    """Items with fewer than `min_item_events`."""
    rare_item_events: int = 0

    def lines(self) -> list[str]:
        """One line of words for each reason that took something, for the report."""
        said = {
            "impossible_times": f"{self.impossible_times:,} events at an impossible time",
            "duplicates": f"{self.duplicates:,} repeats of the event before",
            "robots": f"{self.robot_events:,} events of {self.robots:,} robots",
            "rare_users": f"{self.rare_user_events:,} events of {self.rare_users:,} people "
            "under the minimum",
            "rare_items": f"{self.rare_item_events:,} events with {self.rare_items:,} items "
            "under the minimum",
        }
        names = [name.name for name in fields(self)]
        return [said[name] for name in names if name in said and getattr(self, name)]


def order_only(histories: Histories) -> bool:
    """Whether `at` is only an order (0, 1, 2, …) and not a time.

    No service recorded behaviour in 1970, so times that all lie in that year are counters.
    """
    return histories.events > 0 and bool(np.all((histories.at >= 0) & (histories.at < YEAR)))


def clean(histories: Histories, settings: PrepareSettings) -> tuple[Histories, Cleaning]:
    """The events to learn from, and an account of the others; people stay, even with none left.

    In this order: impossible times, repeats, robots, then the minimums, which are applied in turn
    until nothing changes, as an item may fall under its minimum when a person has gone.
    """
    before = histories.events
    counted = order_only(histories)
    good = (histories.at >= 0) & (histories.at <= settings.latest)  # nan fails both
    impossible = int(np.count_nonzero(~good))
    histories = _kept(histories, good)
    repeated = repeats(histories, within=0.0 if counted else settings.drop_repeats_within)
    histories = _kept(histories, ~repeated)
    robot = np.zeros(len(histories), np.bool_) if counted else _robots(histories, settings)
    robot_rows = robot[histories.owners()]
    histories = _kept(histories, ~robot_rows)
    histories, rare = _core(histories, settings)
    return histories, Cleaning(
        before=before,
        after=histories.events,
        impossible_times=impossible,
        duplicates=int(np.count_nonzero(repeated)),
        robots=int(np.count_nonzero(robot)),
        robot_events=int(np.count_nonzero(robot_rows)),
        **rare,
    )


def _kept(histories: Histories, keep: Mask) -> Histories:
    return histories if keep.all() else histories.where(keep)


def repeats(histories: Histories, *, within: float) -> Mask:
    """[events] which repeat the person's own event before: same item, kind and words.

    within: seconds from the one before, so that a burst is one event however long it lasts.
    """
    if not histories.events:
        return np.zeros(0, np.bool_)
    person = histories.owners()
    # Rows of one person, item, kind and text side by side; stable, so the first of them comes first
    order = np.lexsort((histories.at, histories.text, histories.kind, histories.item, person))
    same = np.ones(histories.events - 1, np.bool_)
    for column in (person, histories.item, histories.kind, histories.text):
        sorted_column = column[order]
        same &= sorted_column[1:] == sorted_column[:-1]
    same &= np.diff(histories.at[order]) <= within
    found = np.zeros(histories.events, np.bool_)
    found[order[1:]] = same
    return found


def _robots(histories: Histories, settings: PrepareSettings) -> Mask:
    """[people] with too many events on one day."""
    found = np.zeros(len(histories), np.bool_)
    # Nobody with few events can have many on a day: look at the days of the others alone
    busy = np.flatnonzero(np.diff(histories.offsets) > settings.robot_events_per_day)
    for person in busy:
        days = np.floor(histories.at[histories.rows(int(person))] / DAY)
        _, counts = np.unique(days, return_counts=True)
        found[person] = counts.max() > settings.robot_events_per_day
    return found


def _core(histories: Histories, settings: PrepareSettings) -> tuple[Histories, dict[str, int]]:
    """The k-core of people and items by items taken, and the counts of what is outside it."""
    went = dict.fromkeys(("rare_users", "rare_user_events", "rare_items", "rare_item_events"), 0)
    while True:
        before = histories.events
        person = histories.owners()
        takes = histories.takes()
        users = np.bincount(person[takes], minlength=len(histories))
        histories = _under(histories, person, users, settings.min_user_events, went, "rare_user")
        takes = histories.takes()
        items = np.bincount(histories.item[takes], minlength=int(histories.item.max(initial=0)) + 1)
        histories = _under(
            histories, histories.item, items, settings.min_item_events, went, "rare_item"
        )
        if histories.events == before:
            return histories, went


def _under(
    histories: Histories,
    of: npt.NDArray[np.integer],
    counts: npt.NDArray[np.int64],
    least: int,
    went: dict[str, int],
    name: str,
) -> Histories:
    """Without the rows whose `of` [events] was taken fewer than `least` times; 1 asks nothing."""
    if least <= 1:
        return histories
    gone = (of >= 0) & (counts[of] < least)
    went[f"{name}s"] += len(np.unique(of[gone]))
    went[f"{name}_events"] += int(np.count_nonzero(gone))
    return _kept(histories, ~gone)
