"""Accounts that several people watch by, each with a profile of their own."""

from pathlib import Path

import foretaste

from .conftest import Shop

EVENTS = "ts,account_id,profile_id,content_id,event_name\n" + "".join(
    f"2026-02-0{day}T10:00:00Z,A1,A1-{profile},mv-{day},watch\n"
    for day in range(1, 7)
    for profile in (1, 2)
)
PROFILES = "profile_id,account_id,is_kids,birth_year\nA1-1,A1,false,\nA1-2,A1,true,2018\n"


def test_each_profile_is_somebody(shop: Shop) -> None:
    """What a child watches is none of its parents' taste."""
    result = shop.add("events", EVENTS)
    assert {event.user for event in shop.events} == {"A1-1", "A1-2"}
    assert any(
        "'profile_id' was taken for the user, and 'account_id'" in x for x in result.warnings
    )


def test_a_table_of_profiles_has_a_row_for_each(shop: Shop) -> None:
    result = shop.add("users", PROFILES)
    assert (result.rejected, result.added) == (0, 2)


def test_a_table_of_profiles_is_one_of_users(tmp_path: Path) -> None:
    """The account, which several rows share, is no item that somebody took."""
    file = tmp_path / "profiles.csv"
    file.write_text(PROFILES + "A2-1,A2,false,\nA2-2,A2,true,2016\n")
    assert foretaste.inspect(file).files[0].record_type == "users"


def test_an_account_without_profiles_is_the_user(shop: Shop) -> None:
    shop.add("events", "ts,account_id,content_id\n2026-02-01,A1,mv-1\n2026-02-02,A2,mv-1\n")
    assert {event.user for event in shop.events} == {"A1", "A2"}
