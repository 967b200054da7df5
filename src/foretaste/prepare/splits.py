"""Histories in; what may be learned from and the moments to predict out, without leakage.

The parts share the histories' `users`, `items`, `kinds` and `texts`, so that a code means the same
in all of them; the rows of `train` are those alone that may be learned from. A case keeps the full
histories, and predicts its row from the rows of that person before it.
"""

from dataclasses import replace

import numpy as np

from foretaste.domain.data import Cases, Doubles, Histories, Longs, Split, columns_at
from foretaste.errors import InputError

TEST_SHARE, MAX_TEST = 0.2, 1000
"""Of the people that `latest` draws, those that measure, and how many at most."""
MIN_LATEST = 1000
"""People that `latest` draws from where the newest half are fewer."""


def leave_one_out(histories: Histories) -> Split:
    """Of each person the last item taken is the test, the one before it the validation.

    Training is every row before the person's validation row, searches and refusals too; a person
    who took fewer than three items is training alone. The history of a test case holds the
    validation item (the protocol of SASRec, Kang and McAuley 2018, section IV).
    """
    person = histories.owners()
    taken = np.flatnonzero(histories.takes())  # [taken], rows, person by person
    counts = np.bincount(person[taken], minlength=len(histories))  # [people]
    ends = np.cumsum(counts)
    people = np.flatnonzero(counts >= 3)
    test = taken[ends[people] - 1]
    valid = taken[ends[people] - 2]
    cutoff = histories.offsets[1:].copy()  # [people], the first row not to learn from
    cutoff[people] = valid
    train = histories.where(np.arange(histories.events) < cutoff[person])
    cutoff[people] = test
    return Split(
        "leave-one-out",
        train,
        Cases(histories, people.astype(np.int64), valid.astype(np.int64)),
        Cases(histories, people.astype(np.int64), test.astype(np.int64)),
        histories.where(np.arange(histories.events) < cutoff[person]),
    )


def by_time(histories: Histories, valid_share: float = 0.1, test_share: float = 0.1) -> Split:
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
    takes = histories.takes()
    times = np.sort(histories.at[takes])
    t_valid = _moment(times, 1 - valid_share - test_share)
    t_test = _moment(times, 1 - test_share)
    valid = np.flatnonzero(takes & (histories.at >= t_valid) & (histories.at < t_test))
    test = np.flatnonzero(takes & (histories.at >= t_test))
    train = histories.where(histories.at < t_valid)
    served = histories.where(histories.at < t_test)
    return Split("time", train, _cases(histories, valid), _cases(histories, test), served)


def _moment(times: Doubles, share: float) -> float:
    """The time that leaves this share of the sorted `times` before it, or less with ties."""
    place = round(len(times) * share)
    return float(times[place]) if place < len(times) else np.inf


def _cases(histories: Histories, rows: Longs) -> Cases:
    people = np.searchsorted(histories.offsets, rows, side="right") - 1
    return Cases(histories, people.astype(np.int64), rows.astype(np.int64))


def shuffled_ties(
    histories: Histories, rng: np.random.Generator, *, resolution: float = 0.0
) -> Histories:
    """The same with each person's events of equal time in random order.

    For a run that shows how much a figure owes to the order of ties. resolution: seconds that
    count as the same time, 0 for equal times only, 86 400 for the same day (UTC). The times stay
    where they are, so that the histories remain in time order.
    """
    at = histories.at if resolution <= 0 else np.floor(histories.at / resolution)
    chance = rng.random(histories.events)
    order = np.lexsort((chance, at, histories.owners()))
    columns = columns_at(histories, order) | {"at": histories.at}
    return replace(histories, **columns, text=histories.text[order])


def latest(histories: Histories, people: int, rng: np.random.Generator) -> Split:
    """For a model that is to serve: learn from all but the last taking of some people.

    The people are drawn among those with at least two takings whose last one is newest: what they
    did next is what people do now. Most of them give their last taking to choose by, `TEST_SHARE`
    of them to measure what was chosen, and what they did after it is left out as well; everybody
    else's behaviour is learned from whole.
    """
    owners = histories.owners()
    takes = np.flatnonzero(histories.takes())
    counts = np.bincount(owners[takes], minlength=len(histories))
    able = np.flatnonzero(counts >= 2)
    last = takes[np.cumsum(counts)[able] - 1]  # [able], row of the last taking
    newest = np.argsort(-histories.at[last], kind="stable")
    newest = newest[: max(len(newest) // 2, min(people, MIN_LATEST))]
    drawn = rng.permutation(newest)[: people + min(round(TEST_SHARE * people), MAX_TEST)]
    tested = min(round(TEST_SHARE * len(drawn)), MAX_TEST)
    valid, test = (
        Cases(histories, able[places].astype(np.int64), last[places].astype(np.int64))
        for places in (np.sort(drawn[tested:]), np.sort(drawn[:tested]))
    )
    cutoff = histories.offsets[1:].copy()  # [people], the first row not to learn from
    for cases in (valid, test):
        cutoff[cases.people] = cases.rows
    train = histories.where(np.arange(histories.events) < cutoff[owners])
    return Split("latest", train, valid, test, histories)
