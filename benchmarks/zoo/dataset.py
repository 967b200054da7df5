"""A data set of the zoo as two frames, and the ways to cut it and to shift it in time.

Events: `user` or `session` or both, `item`, `kind`, `at` in seconds since 1970 (or an order: 0, 1,
2, …), `value` where there is one. Items: `id`, and what else is known of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from foretaste.domain.event_times import are_order_only

DAY = 86_400.0
END = 1_738_281_600.0
"""2025-01-31, when invented data end."""
SPARSE = 5.0
"""A set with fewer events a person, on average, is judged by leave-one-out as well."""


@dataclass(frozen=True)
class Dataset:
    """Events and items, and where it was made up who likes what."""

    events: pd.DataFrame
    items: pd.DataFrame
    clusters: Mapping[str, str] = field(default_factory=dict)
    """Item → cluster."""
    tastes: Mapping[str, str] = field(default_factory=dict)
    """User → the cluster that they like."""


def persons(events: pd.DataFrame) -> "pd.Series[str]":
    """[events] `user 7`, or `session 7` where no user is known: a user's id may be a session's."""
    columns = [f"{column} " + events[column] for column in ("user", "session") if column in events]
    return columns[0] if len(columns) == 1 else columns[0].fillna(columns[1])


def share_of_people(data: Dataset, share: float, seed: int = 0) -> Dataset:
    """The events of some people, drawn at random; the catalogue stays whole, as a shop's does."""
    owners = persons(data.events)
    people = np.sort(owners.unique().astype(str))
    size = max(round(share * len(people)), 1)
    sample = np.random.default_rng(seed).choice(people, size, replace=False)
    return replace(data, events=data.events[owners.isin(sample)].reset_index(drop=True))


def last_events(data: Dataset, most: int) -> Dataset:
    """The last events of each person, at most so many."""
    ordered = data.events.sort_values("at", kind="stable")
    last = ordered.groupby(persons(ordered)).tail(most)
    if order_only(data.events):  # counted anew from the first moment: it stays an order
        places = last.groupby(persons(last)).cumcount()
        last = last.assign(at=data.events["at"].min() + places)
    return replace(data, events=last.reset_index(drop=True))


def shift_to_age(data: Dataset, days: int, now: float) -> Dataset:
    """Shifted by whole days, so that the last event was so many days ago."""
    if order_only(data.events):
        return data
    shift = np.floor((now - days * DAY - data.events["at"].max()) / DAY) * DAY
    return replace(data, events=data.events.assign(at=data.events["at"] + shift))


def order_only(events: pd.DataFrame) -> bool:
    """Whether `at` is an order and not a time, as the product tells them apart."""
    owners = persons(events)
    order = np.lexsort((events["at"].to_numpy(), owners.to_numpy(dtype=str)))
    lengths = owners.value_counts().sort_index().to_numpy()
    return are_order_only(events["at"].to_numpy()[order], np.concatenate(([0], lengths.cumsum())))


def protocols(data: Dataset) -> tuple[str, ...]:
    """By time where times differ, leave-one-out where they do not; both where people did little.

    Leave-one-out asks for somebody with three events; without, and without times, nothing is left.
    """
    events = data.events
    timed = not order_only(events) and events["at"].nunique() > 1
    counts = persons(events).value_counts()
    names = ["time"] if timed else []
    if counts.max() >= 3 and (not timed or counts.mean() < SPARSE):
        names.append("leave-one-out")
    return tuple(names)
