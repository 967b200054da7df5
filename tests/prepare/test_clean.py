import numpy as np
import pytest
from hypothesis import given, settings

from foretaste.domain.data import Interactions
from foretaste.prepare.clean import SECONDS_PER_DAY, clean, has_order_only, repeated_events
from foretaste.prepare.settings import PrepareSettings

from .helpers import behaving, events_of, made, row, sequences

NOW = 1.6e9


def items(found: Interactions) -> str:
    return "".join("abcdefghijklmnop"[item] for item in found.item)


def test_clean_data_stay_as_they_are() -> None:
    found = sequences(ann="abc", bob="a")
    cleaned, account = clean(found, PrepareSettings())
    assert cleaned is found
    assert account.summary_lines() == []
    assert account.events_before == account.events_after == 4


def test_the_same_at_the_same_time_is_one_event() -> None:
    found = made(row("ann", "a", NOW), row("ann", "a", NOW), row("ann", "a", NOW, "like"))
    cleaned, account = clean(found, PrepareSettings())
    assert [found.event_types[code] for code in cleaned.kind] == ["view", "like"]
    assert account.duplicates == 1


def test_a_burst_is_one_event_and_a_return_is_another() -> None:
    found = made(*(row("ann", "a", NOW + at) for at in (0, 1, 2, 3, 10)))
    cleaned, account = clean(found, PrepareSettings(drop_repeats_within_seconds=1))
    assert cleaned.at.tolist() == [NOW, NOW + 10]
    assert account.duplicates == 3


def test_a_burst_is_worth_its_last_value() -> None:
    """A player that tells every minute how far it is: the film had been one left at once."""
    shares = (0.02, 0.3, 0.95, None)
    found = made(
        *(row("ann", "a", NOW + 60 * n, value=share) for n, share in enumerate(shares)),
        row("ann", "a", NOW + 9_000, value=0.1),
        row("bob", "a", NOW, value=0.5),
    )
    cleaned, _ = clean(found, PrepareSettings(drop_repeats_within_seconds=60))
    assert cleaned.value.tolist() == pytest.approx([0.95, 0.1, 0.5])
    assert found.value[0] == pytest.approx(0.02), "the events themselves stay"


def test_other_people_items_and_words_are_no_repeats() -> None:
    found = made(
        row("ann", "a", NOW),
        row("bob", "a", NOW),
        row("bob", "b", NOW),
        row("bob", None, NOW, "search", query="x"),
        row("bob", None, NOW, "search", query="y"),
    )
    assert not repeated_events(found, within=60).any()


def test_an_order_is_not_seconds() -> None:
    found = sequences(ann="aab")
    assert has_order_only(found)
    cleaned, account = clean(
        found, PrepareSettings(drop_repeats_within_seconds=60, bot_events_per_day=1)
    )
    assert items(cleaned) == "aab"
    assert (account.duplicates, account.bots) == (0, 0)
    assert not has_order_only(made(row("ann", "a", 0), row("ann", "b", NOW)))
    assert not has_order_only(made())


def numbered(first: float, step: float = 1) -> Interactions:
    """Twelve histories of two to five events each, numbered from the same moment on."""
    return made(
        *(
            row(f"u{user}", "abcde"[place], first + place * step)
            for user in range(12)
            for place in range(2 + user % 4)
        )
    )


def test_an_order_that_is_written_as_times_of_a_later_year_is_still_an_order() -> None:
    """As files have it whose author turned places in a line into seconds."""
    assert has_order_only(numbered(NOW))
    assert has_order_only(numbered(0))
    assert not has_order_only(numbered(NOW, step=SECONDS_PER_DAY)), "a day each is a time"
    assert not has_order_only(numbered(NOW + 0.5)), "clocks have fractions, places do not"


def test_events_of_a_few_seconds_are_times() -> None:
    """A first test of somebody who has just installed it, and people who begin one by one."""
    assert not has_order_only(made(*(row("ann", item, NOW + n) for n, item in enumerate("abc"))))
    assert not has_order_only(
        made(*(row(f"u{n}", item, NOW + n + k) for n in range(12) for k, item in enumerate("abc")))
    )


def test_a_robot_is_left_out_and_a_person_with_a_long_sitting_is_not() -> None:
    robot = [row("robot", "abcd"[n % 4], NOW + n) for n in range(60)]
    fan = [row("fan", "abcd"[n % 4], NOW + n * SECONDS_PER_DAY / 10) for n in range(60)]
    cleaned, account = clean(made(*robot, *fan), PrepareSettings(bot_events_per_day=50))
    assert {user for user, *_ in events_of(cleaned)} == {"fan"}
    assert (account.bots, account.bot_events) == (1, 60)
    assert cleaned.users == ("robot", "fan"), "people stay, so that codes stay"
    default, account = clean(made(*robot, *fan), PrepareSettings())
    assert (account.bots, default.event_count) == (0, 120)


@pytest.mark.parametrize("at", [-1.0, float("nan"), float("inf"), NOW * 1000])
def test_an_impossible_time_is_left_out(at: float) -> None:
    cleaned, account = clean(made(row("ann", "a", NOW), row("ann", "b", at)), PrepareSettings())
    assert items(cleaned) == "a"
    assert account.impossible_times == 1


def test_minimums_are_applied_until_nothing_changes() -> None:
    # c falls to one event when cat goes, then bob falls to one event when c goes
    found = sequences(ann="ab", dan="ab", bob="ac", cat="c")
    cleaned, account = clean(found, PrepareSettings(min_user_events=2, min_item_events=2))
    assert events_of(cleaned) == events_of(sequences(ann="ab", dan="ab"))
    assert (account.rare_users, account.rare_user_events) == (2, 2)
    assert (account.rare_items, account.rare_item_events) == (1, 1)


def test_without_minimums_somebody_who_only_searched_stays() -> None:
    found = made(row("ann", None, NOW, "search", query="x"))
    assert clean(found, PrepareSettings())[0].event_count == 1
    assert clean(found, PrepareSettings(min_user_events=2))[0].event_count == 0


def test_the_account_says_in_words_what_went() -> None:
    found = made(row("ann", "a", NOW), row("ann", "a", NOW), row("bob", "a", -5))
    _, account = clean(found, PrepareSettings())
    assert account.summary_lines() == [
        "1 events at an impossible time",
        "1 repeats of the event before",
    ]


@settings(deadline=None)
@given(behaving())
def test_every_event_is_kept_or_counted(found: Interactions) -> None:
    cleaned, account = clean(found, PrepareSettings(min_user_events=2, min_item_events=2))
    gone = (
        account.impossible_times
        + account.duplicates
        + account.bot_events
        + account.rare_user_events
        + account.rare_item_events
    )
    assert account.events_before - gone == account.events_after == cleaned.event_count
    assert cleaned.users == found.users
    taken = cleaned.positive_mask()
    users = np.bincount(cleaned.row_users()[taken], minlength=len(cleaned))
    assert np.all((users >= 2) | (np.diff(cleaned.offsets) == 0))
    counts = np.bincount(cleaned.item[taken], minlength=17)
    assert np.all(counts[cleaned.item[cleaned.item >= 0]] >= 2)


@settings(deadline=None)
@given(behaving())
def test_repeats_agree_with_a_plain_loop(found: Interactions) -> None:
    last: dict[tuple[object, ...], float] = {}
    expected = []
    for person, item, kind, text, at in zip(
        found.row_users(), found.item, found.kind, found.text, found.at, strict=True
    ):
        key = (person, item, kind, text)
        expected.append(at - last.get(key, -np.inf) <= 2)
        last[key] = at
    assert repeated_events(found, within=2).tolist() == expected
