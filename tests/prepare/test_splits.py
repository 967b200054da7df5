from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import EvaluationCases, Interactions, Split
from foretaste.errors import InputError
from foretaste.prepare.splits import (
    TEST_SHARE,
    shuffled_ties,
    split_by_time,
    split_independently,
    split_latest,
    split_leave_one_out,
)

from .helpers import behaving, events_of, made, rng, row, sequences

SPLITS: list[Callable[[Interactions], Split]] = [split_leave_one_out, split_by_time]


def words(cases: EvaluationCases) -> list[tuple[str, str, str]]:
    """(person, history, target) of each case, in letters."""
    letters = "abcdefghijklmnop"
    return [
        (
            cases.interactions.users[person],
            "".join(letters[item] for item in told.item),
            letters[target],
        )
        for person, told, target in zip(
            cases.user_indices, cases.user_contexts(0, len(cases)), cases.targets, strict=True
        )
    ]


def test_leave_one_out_holds_back_the_last_two() -> None:
    split = split_leave_one_out(sequences(ann="abcd", bob="ab", cat="efg"))
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
    split = split_leave_one_out(found)
    assert split.train.item.tolist() == [0, -1]
    assert split.valid.targets.tolist() == [1]
    assert split.test.targets.tolist() == [3]
    assert split.test.user_contexts(0, 1)[0].item.tolist() == [0, -1, 1, 2]


def test_by_time_cuts_all_histories_at_the_same_moments() -> None:
    found = made(*(row(f"p{at % 2}", "abcdefghij"[at], at) for at in range(10)))
    split = split_by_time(found, 0.2, 0.2)
    assert split.protocol == "time"
    assert sorted(split.train.at) == [0, 1, 2, 3, 4, 5]
    assert words(split.valid) == [("p0", "ace", "g"), ("p1", "bdf", "h")]
    assert words(split.test) == [("p0", "aceg", "i"), ("p1", "bdfh", "j")]


def test_by_time_keeps_equal_times_on_one_side() -> None:
    found = made(*(row(f"p{n}", "a", 0 if n < 3 else 1) for n in range(10)))
    split = split_by_time(found, 0.2, 0.2)
    assert (split.train.event_count, len(split.valid), len(split.test)) == (3, 0, 7)


def test_by_time_tests_a_new_person_from_nothing() -> None:
    found = made(*(row("old", "a", at) for at in range(9)), row("new", "b", 9))
    assert words(split_by_time(found).test) == [("new", "", "b")]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 0.1), (0.1, 1.0)])
def test_by_time_refuses_shares_that_leave_nothing(shares: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="sum to less than 1"):
        split_by_time(sequences(ann="abc"), *shares)


@pytest.mark.parametrize("cut", SPLITS)
def test_nobody_is_no_case(cut: Callable[[Interactions], Split]) -> None:
    split = cut(made())
    assert (len(split.train), len(split.valid), len(split.test)) == (0, 0, 0)


def check(split: Split, found: Interactions) -> None:
    """What every protocol must hold."""
    valid, test = set(split.valid.target_rows.tolist()), set(split.test.target_rows.tolist())
    assert not valid & test
    takes = found.positive_mask()
    owners = found.row_users()
    for cases in (split.valid, split.test):
        assert cases.interactions is found
        assert takes[cases.target_rows].all()
        assert np.array_equal(owners[cases.target_rows], cases.user_indices)
        for told, row_ in zip(cases.user_contexts(0, len(cases)), cases.target_rows, strict=True):
            start = found.offsets[owners[row_]]
            assert np.array_equal(told.item, found.item[start:row_])
            assert np.all(told.at <= found.at[row_])
            assert told.now == found.at[row_]
    # Training is a beginning of each person's rows, so no held-out row can be in it
    assert split.train.users == found.users
    for person in range(len(found)):
        learned, whole = split.train.user_slice(person), found.user_slice(person)
        length = learned.stop - learned.start
        for column in ("item", "kind", "at", "text"):
            begun = getattr(found, column)[whole.start : whole.start + length]
            assert np.array_equal(getattr(split.train, column)[learned], begun)
        held = [r for r in valid | test if whole.start <= r < whole.stop]
        assert all(r >= whole.start + length for r in held)


@settings(deadline=None)
@given(behaving())
def test_leave_one_out_leaks_nothing(found: Interactions) -> None:
    split = split_leave_one_out(found)
    check(split, found)
    taken = np.bincount(found.row_users()[found.positive_mask()], minlength=len(found))
    assert split.test.user_indices.tolist() == np.flatnonzero(taken >= 3).tolist()
    for person, row_ in zip(split.valid.user_indices, split.valid.target_rows, strict=True):
        learned = split.train.user_slice(int(person))
        assert learned.stop - learned.start == row_ - found.offsets[person]
    for person in np.flatnonzero(taken < 3):
        whole, learned = found.user_slice(int(person)), split.train.user_slice(int(person))
        assert whole.stop - whole.start == learned.stop - learned.start


@settings(deadline=None)
@given(behaving(), st.integers(0, 4))
def test_latest_leaks_nothing_and_leaves_the_others_whole(found: Interactions, people: int) -> None:
    split = split_latest(found, people, rng())
    check(split, found)
    assert len(split.valid) <= people
    assert len(split.test) <= round(TEST_SHARE * people)
    held = np.concatenate([split.valid.target_rows, split.test.target_rows])
    owners, takes = found.row_users(), np.flatnonzero(found.positive_mask())
    last = {int(owners[row_]): int(row_) for row_ in takes}
    counts = np.bincount(owners[takes], minlength=len(found))
    assert {int(row_) for row_ in held} <= {last[p] for p in np.flatnonzero(counts >= 2).tolist()}
    gone = sum(int(found.offsets[owners[row_] + 1] - row_) for row_ in held)
    assert split.train.event_count == found.event_count - gone


def test_latest_draws_from_those_whose_last_taking_is_newest() -> None:
    """What people took years ago says little of what they take now."""
    rows = [
        (f"p{person}", None, item, "view", None, 1000.0 * person + step, None, None)
        for person in range(3000)
        for step, item in enumerate("ab")
    ]
    split = split_latest(made(*rows), 500, rng())

    assert len(split.valid) == 480
    assert len(split.test) == 120
    assert min(split.valid.user_indices.min(), split.test.user_indices.min()) >= 1500
    assert not set(split.valid.user_indices) & set(split.test.user_indices)


@settings(deadline=None)
@given(behaving(), st.floats(0, 0.5), st.floats(0, 0.45))
def test_by_time_leaks_nothing(found: Interactions, valid: float, test: float) -> None:
    split = split_by_time(found, valid, test)
    check(split, found)
    held = np.concatenate([split.valid.target_rows, split.test.target_rows])
    assert split.train.positive_mask().sum() + len(held) == found.positive_mask().sum()
    if len(held):
        assert split.train.at.max(initial=-1) < found.at[held].min()
    if len(split.valid) and len(split.test):
        assert found.at[split.valid.target_rows].max() < found.at[split.test.target_rows].min()


@settings(deadline=None)
@given(behaving(), st.sampled_from([0.0, 5.0]), st.integers(0, 9))
def test_shuffled_ties_keep_each_persons_events(
    found: Interactions, resolution: float, seed: int
) -> None:
    mixed = shuffled_ties(found, np.random.default_rng(seed), resolution=resolution)
    assert np.array_equal(mixed.at, found.at)
    step = resolution or 1.0

    def bags(of: Interactions) -> list[tuple[int, float, int, int]]:
        tie = np.floor(of.at / step)
        return sorted(zip(of.row_users(), tie, of.item, of.kind, strict=True))

    assert bags(mixed) == bags(found)


def test_shuffled_ties_do_mix_and_only_ties() -> None:
    found = made(*(row("ann", letter, 1) for letter in "abcdefgh"), row("ann", "p", 2))
    mixed = shuffled_ties(found, rng())
    assert mixed.item.tolist() != found.item.tolist()
    assert sorted(mixed.item[:8]) == list(range(8))
    assert mixed.item[8] == 15
    days = shuffled_ties(found, rng(), resolution=86_400)
    assert days.item[8] != 15


def test_who_measures_is_decided_for_each_person_by_themselves() -> None:
    histories = {f"u{number}": "abcd" for number in range(200)} | {"short": "a"}
    split, fewer = (
        split_independently(sequences(**people), 0.1, seed=5)
        for people in (histories, dict(list(histories.items())[1:]))
    )
    drawn, drawn_of_fewer = (
        {part.test.interactions.users[user] for user in part.test.user_indices}
        for part in (split, fewer)
    )
    assert 8 <= len(drawn) <= 35
    assert drawn - {"u0"} == drawn_of_fewer
    assert "short" not in drawn
    lengths = dict(zip(split.train.users, np.diff(split.train.offsets).tolist(), strict=True))
    assert {name for name, length in lengths.items() if length == 3} == drawn
    assert len(split.valid) == 0
    assert split.service_interactions is split.train
