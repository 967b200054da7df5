from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import Cases, Histories, Split
from foretaste.errors import InputError
from foretaste.prepare.splits import (
    TEST_SHARE,
    by_time,
    latest,
    leave_one_out,
    shuffled_ties,
)

from .helpers import behaving, events_of, made, rng, row, sequences

SPLITS: list[Callable[[Histories], Split]] = [leave_one_out, by_time]


def words(cases: Cases) -> list[tuple[str, str, str]]:
    """(person, history, target) of each case, in letters."""
    letters = "abcdefghijklmnop"
    return [
        (
            cases.histories.users[person],
            "".join(letters[item] for item in told.item),
            letters[target],
        )
        for person, told, target in zip(
            cases.people, cases.behaviours(0, len(cases)), cases.targets, strict=True
        )
    ]


def test_leave_one_out_holds_back_the_last_two() -> None:
    split = leave_one_out(sequences(ann="abcd", bob="ab", cat="efg"))
    assert split.protocol == "leave-one-out"
    assert events_of(split.train) == events_of(sequences(ann="ab", bob="ab", cat="e"))
    assert words(split.valid) == [("ann", "ab", "c"), ("cat", "e", "f")]
    assert words(split.test) == [("ann", "abc", "d"), ("cat", "ef", "g")]


def test_leave_one_out_trains_on_searches_before_the_held_out_and_tests_takings_alone() -> None:
    found = made(
        row("ann", "a", 0),
        row("ann", None, 1, "search", query="x"),
        row("ann", "b", 2),
        row("ann", "c", 3, "hide"),
        row("ann", "d", 4),
        row("ann", None, 5, "search", query="y"),
    )
    split = leave_one_out(found)
    assert split.train.item.tolist() == [0, -1]
    assert split.valid.targets.tolist() == [1]
    assert split.test.targets.tolist() == [3]
    assert split.test.behaviours(0, 1)[0].item.tolist() == [0, -1, 1, 2]


def test_by_time_cuts_all_histories_at_the_same_moments() -> None:
    found = made(*(row(f"p{at % 2}", "abcdefghij"[at], at) for at in range(10)))
    split = by_time(found, 0.2, 0.2)
    assert split.protocol == "time"
    assert sorted(split.train.at) == [0, 1, 2, 3, 4, 5]
    assert words(split.valid) == [("p0", "ace", "g"), ("p1", "bdf", "h")]
    assert words(split.test) == [("p0", "aceg", "i"), ("p1", "bdfh", "j")]


def test_by_time_keeps_equal_times_on_one_side() -> None:
    found = made(*(row(f"p{n}", "a", 0 if n < 3 else 1) for n in range(10)))
    split = by_time(found, 0.2, 0.2)
    assert (split.train.events, len(split.valid), len(split.test)) == (3, 0, 7)


def test_by_time_tests_a_new_person_from_nothing() -> None:
    found = made(*(row("old", "a", at) for at in range(9)), row("new", "b", 9))
    assert words(by_time(found).test) == [("new", "", "b")]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 0.1), (0.1, 1.0)])
def test_by_time_refuses_shares_that_leave_nothing(shares: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="sum to less than 1"):
        by_time(sequences(ann="abc"), *shares)


@pytest.mark.parametrize("cut", SPLITS)
def test_nobody_is_no_case(cut: Callable[[Histories], Split]) -> None:
    split = cut(made())
    assert (len(split.train), len(split.valid), len(split.test)) == (0, 0, 0)


def check(split: Split, found: Histories) -> None:
    """What every protocol must hold."""
    valid, test = set(split.valid.rows.tolist()), set(split.test.rows.tolist())
    assert not valid & test
    takes = found.takes()
    owners = found.owners()
    for cases in (split.valid, split.test):
        assert cases.histories is found
        assert takes[cases.rows].all()
        assert np.array_equal(owners[cases.rows], cases.people)
        for told, row_ in zip(cases.behaviours(0, len(cases)), cases.rows, strict=True):
            start = found.offsets[owners[row_]]
            assert np.array_equal(told.item, found.item[start:row_])
            assert np.all(told.at <= found.at[row_])
            assert told.now == found.at[row_]
    # Training is a beginning of each person's rows, so no held-out row can be in it
    assert split.train.users == found.users
    for person in range(len(found)):
        learned, whole = split.train.rows(person), found.rows(person)
        length = learned.stop - learned.start
        for column in ("item", "kind", "at", "text"):
            begun = getattr(found, column)[whole.start : whole.start + length]
            assert np.array_equal(getattr(split.train, column)[learned], begun)
        held = [r for r in valid | test if whole.start <= r < whole.stop]
        assert all(r >= whole.start + length for r in held)


@settings(deadline=None)
@given(behaving())
def test_leave_one_out_leaks_nothing(found: Histories) -> None:
    split = leave_one_out(found)
    check(split, found)
    taken = np.bincount(found.owners()[found.takes()], minlength=len(found))
    assert split.test.people.tolist() == np.flatnonzero(taken >= 3).tolist()
    for person, row_ in zip(split.valid.people, split.valid.rows, strict=True):
        learned = split.train.rows(int(person))
        assert learned.stop - learned.start == row_ - found.offsets[person]
    for person in np.flatnonzero(taken < 3):
        whole, learned = found.rows(int(person)), split.train.rows(int(person))
        assert whole.stop - whole.start == learned.stop - learned.start


@settings(deadline=None)
@given(behaving(), st.integers(0, 4))
def test_latest_leaks_nothing_and_leaves_the_others_whole(found: Histories, people: int) -> None:
    split = latest(found, people, rng())
    check(split, found)
    assert len(split.valid) <= people
    assert len(split.test) <= round(TEST_SHARE * people)
    held = np.concatenate([split.valid.rows, split.test.rows])
    owners, takes = found.owners(), np.flatnonzero(found.takes())
    last = {int(owners[row_]): int(row_) for row_ in takes}
    counts = np.bincount(owners[takes], minlength=len(found))
    assert {int(row_) for row_ in held} <= {last[p] for p in np.flatnonzero(counts >= 2).tolist()}
    gone = sum(int(found.offsets[owners[row_] + 1] - row_) for row_ in held)
    assert split.train.events == found.events - gone


def test_latest_draws_from_those_whose_last_taking_is_newest() -> None:
    """What people took years ago says little of what they take now."""
    rows = [
        (f"p{person}", None, item, "view", None, 1000.0 * person + step, None, None)
        for person in range(3000)
        for step, item in enumerate("ab")
    ]
    split = latest(made(*rows), 500, rng())

    assert len(split.valid) == 480
    assert len(split.test) == 120
    assert min(split.valid.people.min(), split.test.people.min()) >= 1500
    assert not set(split.valid.people) & set(split.test.people)


@settings(deadline=None)
@given(behaving(), st.floats(0, 0.5), st.floats(0, 0.45))
def test_by_time_leaks_nothing(found: Histories, valid: float, test: float) -> None:
    split = by_time(found, valid, test)
    check(split, found)
    held = np.concatenate([split.valid.rows, split.test.rows])
    assert split.train.takes().sum() + len(held) == found.takes().sum()
    if len(held):
        assert split.train.at.max(initial=-1) < found.at[held].min()
    if len(split.valid) and len(split.test):
        assert found.at[split.valid.rows].max() < found.at[split.test.rows].min()


@settings(deadline=None)
@given(behaving(), st.sampled_from([0.0, 5.0]), st.integers(0, 9))
def test_shuffled_ties_keep_each_persons_events(
    found: Histories, resolution: float, seed: int
) -> None:
    mixed = shuffled_ties(found, np.random.default_rng(seed), resolution=resolution)
    assert np.array_equal(mixed.at, found.at)
    step = resolution or 1.0

    def bags(of: Histories) -> list[tuple[int, float, int, int]]:
        tie = np.floor(of.at / step)
        return sorted(zip(of.owners(), tie, of.item, of.kind, strict=True))

    assert bags(mixed) == bags(found)


def test_shuffled_ties_do_mix_and_only_ties() -> None:
    found = made(*(row("ann", letter, 1) for letter in "abcdefgh"), row("ann", "p", 2))
    mixed = shuffled_ties(found, rng())
    assert mixed.item.tolist() != found.item.tolist()
    assert sorted(mixed.item[:8]) == list(range(8))
    assert mixed.item[8] == 15
    days = shuffled_ties(found, rng(), resolution=86_400)
    assert days.item[8] != 15
