"""Interactions in; what may be learned from and the moments to predict out, without leakage.

The parts share the `users`, `event_types` and `texts` of the interactions, so that a code means the
same in all of them; the rows of `train` are those alone that may be learned from. A case keeps the
full histories, and predicts its row from the rows of that person before it.
"""

from dataclasses import replace
from hashlib import blake2b

import numpy as np

from foretaste.domain.data import Doubles, EvaluationCases, Interactions, Longs, Split, columns_at
from foretaste.errors import InputError

TEST_SHARE, MAX_TEST_USERS = 0.2, 1000
"""Of the people that `split_latest` draws, those that measure, and how many at most."""
MIN_LATEST_USERS = 1000
"""People that `split_latest` draws from where the newest half are fewer."""


def split_leave_one_out(interactions: Interactions) -> Split:
    """Of each person the last item taken is the test, the one before it the validation.

    Training is every row before the person's validation row, searches and negative feedback too; a
    person who took fewer than three items is training alone. The history of a test case holds the
    validation item (the protocol of SASRec, Kang and McAuley 2018, section IV).
    """
    row_users = interactions.row_users()
    positive_rows = np.flatnonzero(interactions.positive_mask())  # [taken], rows, person by person
    counts = np.bincount(row_users[positive_rows], minlength=len(interactions))  # [people]
    ends = np.cumsum(counts)
    user_indices = np.flatnonzero(counts >= 3)
    test = positive_rows[ends[user_indices] - 1]
    valid = positive_rows[ends[user_indices] - 2]
    cutoff = interactions.offsets[1:].copy()  # [people], the first row not to learn from
    cutoff[user_indices] = valid
    train = interactions.filter_rows(np.arange(interactions.event_count) < cutoff[row_users])
    cutoff[user_indices] = test
    return Split(
        "leave-one-out",
        train,
        EvaluationCases(interactions, user_indices.astype(np.int64), valid.astype(np.int64)),
        EvaluationCases(interactions, user_indices.astype(np.int64), test.astype(np.int64)),
        interactions.filter_rows(np.arange(interactions.event_count) < cutoff[row_users]),
    )


def split_by_time(
    interactions: Interactions, valid_share: float = 0.1, test_share: float = 0.1
) -> Split:
    """Two moments cut all histories: learn before the first, validate between, test after.

    The moments are quantiles of the times of the items taken; equal times fall on the same, later
    side. Each case is predicted from all that the person did before it, even past the cutoff
    (rolling). A person seen for the first time is a case like any other, with no history.

    Raises InputError where the shares leave nothing to learn from.
    """
    if valid_share < 0 or test_share < 0 or valid_share + test_share >= 1:
        raise InputError(
            f"shares of {valid_share} for validation and {test_share} for the test; "
            "give two of at least 0 that sum to less than 1"
        )
    positive_mask = interactions.positive_mask()
    times = np.sort(interactions.at[positive_mask])
    valid_from = _cut_time(times, 1 - valid_share - test_share)
    test_from = _cut_time(times, 1 - test_share)
    valid = np.flatnonzero(
        positive_mask & (interactions.at >= valid_from) & (interactions.at < test_from)
    )
    test = np.flatnonzero(positive_mask & (interactions.at >= test_from))
    train = interactions.filter_rows(interactions.at < valid_from)
    service_interactions = interactions.filter_rows(interactions.at < test_from)
    return Split(
        "time",
        train,
        _cases_at(interactions, valid),
        _cases_at(interactions, test),
        service_interactions,
    )


def _cut_time(times: Doubles, share: float) -> float:
    """The time that leaves this share of the sorted `times` before it, or less with ties."""
    cut_index = round(len(times) * share)
    return float(times[cut_index]) if cut_index < len(times) else np.inf


def _cases_at(interactions: Interactions, rows: Longs) -> EvaluationCases:
    user_indices = np.searchsorted(interactions.offsets, rows, side="right") - 1
    return EvaluationCases(interactions, user_indices.astype(np.int64), rows.astype(np.int64))


def shuffled_ties(
    interactions: Interactions, rng: np.random.Generator, *, resolution: float = 0.0
) -> Interactions:
    """The same with each person's events of equal time in random order.

    For a run that shows how much a figure owes to the order of ties. resolution: seconds that
    count as the same time, 0 for equal times only, 86 400 for the same day (UTC). The times stay
    where they are, so that the histories remain in time order.
    """
    at = interactions.at if resolution <= 0 else np.floor(interactions.at / resolution)
    chance = rng.random(interactions.event_count)
    order = np.lexsort((chance, at, interactions.row_users()))
    columns = columns_at(interactions, order) | {"at": interactions.at}
    return replace(interactions, **columns, text=interactions.text[order])


def split_independently(interactions: Interactions, share: float, seed: int) -> Split:
    """For a model that is to serve and to tell nothing of anybody: the same, but whose last
    positive interaction measures is decided for each person by their own id alone, so that one
    person more changes nobody else's part. Nothing is left to choose by.
    """
    row_users = interactions.row_users()
    positive_rows = np.flatnonzero(interactions.positive_mask())
    counts = np.bincount(row_users[positive_rows], minlength=len(interactions))
    is_drawn = np.array([_share_of(name, seed) < share for name in interactions.users], bool)
    users = np.flatnonzero((counts >= 2) & is_drawn)
    last = positive_rows[np.cumsum(counts)[users] - 1]
    cutoff = interactions.offsets[1:].copy()
    cutoff[users] = last
    train = interactions.filter_rows(np.arange(interactions.event_count) < cutoff[row_users])
    test = EvaluationCases(interactions, users.astype(np.int64), last.astype(np.int64))
    return Split("latest", train, test.select(np.empty(0, np.int64)), test, train)


def _share_of(name: str, seed: int) -> float:
    """A number from 0 to 1 by a name."""
    digest = blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def split_latest(interactions: Interactions, user_count: int, rng: np.random.Generator) -> Split:
    """For a model that is to serve: learn from all but the last positive interaction of some
    people.

    The people are drawn among those with at least two positive interactions whose last one is
    newest: what they did next is what people do now. Most of them give that last one to choose by,
    `TEST_SHARE` of them to measure what was chosen, and what they did after it is left out as well;
    everybody else's behaviour is learned from whole.
    """
    row_users = interactions.row_users()
    positive_rows = np.flatnonzero(interactions.positive_mask())
    counts = np.bincount(row_users[positive_rows], minlength=len(interactions))
    eligible_users = np.flatnonzero(counts >= 2)
    last = positive_rows[np.cumsum(counts)[eligible_users] - 1]  # [able], last positive row
    newest = np.argsort(-interactions.at[last], kind="stable")
    newest = newest[: max(len(newest) // 2, min(user_count, MIN_LATEST_USERS))]
    drawn_users = rng.permutation(newest)[
        : user_count + min(round(TEST_SHARE * user_count), MAX_TEST_USERS)
    ]
    test_count = min(round(TEST_SHARE * len(drawn_users)), MAX_TEST_USERS)
    valid, test = (
        EvaluationCases(
            interactions,
            eligible_users[part_users].astype(np.int64),
            last[part_users].astype(np.int64),
        )
        for part_users in (np.sort(drawn_users[test_count:]), np.sort(drawn_users[:test_count]))
    )
    cutoff = interactions.offsets[1:].copy()  # [people], the first row not to learn from
    for cases in (valid, test):
        cutoff[cases.user_indices] = cases.target_rows
    train = interactions.filter_rows(np.arange(interactions.event_count) < cutoff[row_users])
    return Split("latest", train, valid, test, interactions)
