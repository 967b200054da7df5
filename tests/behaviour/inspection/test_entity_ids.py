"""Items and users with several columns of ids: the one by which events name them is taken."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import foretaste
from foretaste.loop import Foretaste

PEOPLE = ["ann@example.com", "ben@example.com", "cleo@example.com"]
USERS = pd.DataFrame({"user_id": [1, 2, 3], "email": PEOPLE, "age": [30, 40, 50]})
TAKEN = "took column '{}' for the id, as events name {} by it"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Foretaste]:
    with_settings = foretaste.open(tmp_path / "shop")
    yield with_settings
    with_settings.close()


def events_of(people: list[Any], items: list[Any]) -> pd.DataFrame:
    """Each with each."""
    rows = [(user, item) for user in people for item in items]
    frame = pd.DataFrame(rows, columns=["customer", "product"])
    return frame.assign(time=range(1_770_000_000, 1_770_000_000 + len(rows)))


def notes(results: list[Any]) -> str:
    return "\n".join(note for result in results for note in result.warnings)


def test_users_get_the_ids_by_which_events_name_them(shop: Foretaste) -> None:
    results = shop.add(events=events_of(PEOPLE, ["a", "b"]), users=USERS)
    assert [user.id for user in shop.store.users()] == PEOPLE
    assert TAKEN.format("email", "people") in notes(results)
    ann = shop.store.user("ann@example.com")
    assert ann is not None
    assert ann.attributes["age"] == ("30",)


def test_users_keep_their_number_where_events_have_it(shop: Foretaste) -> None:
    results = shop.add(events=events_of([1, 2, 3], ["a", "b"]), users=USERS)
    assert [user.id for user in shop.store.users()] == ["1", "2", "3"]
    assert "as events name" not in notes(results)


def test_an_age_is_no_id_whatever_events_name(shop: Foretaste) -> None:
    shop.add(events=events_of([30, 40, 50], ["a", "b"]), users=USERS)
    assert [user.id for user in shop.store.users()] == ["1", "2", "3"]


def test_users_that_come_later_are_held_against_the_log(shop: Foretaste, tmp_path: Path) -> None:
    shop.add(events=events_of(PEOPLE, ["a", "b"]))
    inspection = foretaste.inspect(users=USERS, folder=tmp_path / "shop")
    (email,) = [use for use in inspection.files[0].columns if use.column == "email"]
    assert (email.use, email.reason) == ("id", "as events name people by it")
    shop.add(users=USERS)
    assert [user.id for user in shop.store.users()] == PEOPLE


def test_items_that_come_later_are_held_against_the_log(shop: Foretaste) -> None:
    shop.add(events=events_of(PEOPLE, ["A-1", "A-2"]))
    shop.add(items=pd.DataFrame({"id": [1, 2], "sku": ["A-1", "A-2"], "title": ["Tent", "Mat"]}))
    assert {item.id: item.title for _, item in shop.store.items()} == {"A-1": "Tent", "A-2": "Mat"}


def test_running_numbers_that_meet_by_chance_are_not_taken(shop: Foretaste) -> None:
    """Half of the numbers that events name are ids of other items."""
    count, first = 5_000, 2_501
    items = pd.DataFrame(
        {
            "id": range(1, count + 1),
            "ean": [4_006_381_000_000 + n for n in range(count)],
            "article_no": [first + n for n in range(count)],
            "title": [f"Thing {n}" for n in range(count)],
        }
    )
    named = list(range(first, first + count, 10))
    results = shop.add(events=events_of(["ann", "ben"], named), items=items)
    assert TAKEN.format("article_no", "items") in notes(results)
    item = shop.store.item(str(first))
    assert item is not None
    assert item.title == "Thing 0"


def test_what_the_settings_name_stays(tmp_path: Path) -> None:
    settings = {"behaviour.columns.users": {"id": "user_id"}}
    shop = foretaste.open(tmp_path / "shop", settings=settings)
    shop.add(events=events_of(PEOPLE, ["a", "b"]), users=USERS)
    assert [user.id for user in shop.store.users()] == ["1", "2", "3"]
    shop.close()
