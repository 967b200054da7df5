"""Placements by name: the store's win over the settings', and hold while the store is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Request
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.online.placement_book import PlacementBook
from foretaste.rank.placement import parse_placement

SETTINGS = {"home": parse_placement({"n": 4}), "email": parse_placement({"n": 5})}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(tmp_path / "store.db") as opened:
        yield opened


def test_the_stored_one_wins_and_the_one_of_the_settings_comes_back(store: SqlStore) -> None:
    book = PlacementBook(store, SETTINGS)
    assert book.required("home").n == 4
    named = book.put("home", {"n": 9}, 1.0, "ann")
    assert (named.placement.n, named.overrides_settings) == (9, True)
    assert named.record is not None
    assert named.record.author == "ann"
    assert [(own.name, own.placement.n) for own in book.all()] == [("email", 5), ("home", 9)]
    assert book.delete("home", 2.0)
    assert book.required("home").n == 4
    assert not book.delete("email", 3.0), "nobody put it here"


def test_an_unknown_one_is_told_with_what_there_is(store: SqlStore) -> None:
    with pytest.raises(InputError, match="nothing is called 'hom'; did you mean 'home'"):
        PlacementBook(store, SETTINGS).required("hom")
    with pytest.raises(InputError, match="there are none yet"):
        PlacementBook(store).required("home")


def test_a_wrong_one_is_not_stored(store: SqlStore) -> None:
    book = PlacementBook(store)
    for name, spec in (("home", {"n": 0}), ("Home!", {"n": 1})):
        with pytest.raises(InputError):
            book.put(name, spec, 1.0)
    assert book.all() == []


def test_while_the_store_is_away_it_is_as_it_was_last_seen(store: SqlStore, tmp_path: Path) -> None:
    book = PlacementBook(store, SETTINGS)
    book.put("home", {"n": 9}, 1.0)
    store.close()
    (tmp_path / "store.db").unlink()
    (tmp_path / "store.db").mkdir()  # nothing can be opened here any more
    assert book.required("home").n == 9
    assert book.required("email").n == 5
    with pytest.raises(InputError):
        book.required("cart")


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    with (trained / "foretaste.toml").open("a") as settings:
        settings.write('[placements.home]\nn = 3\nfilter = {genre = "kitchen"}\n')
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def test_a_question_that_names_one_has_what_it_says(shop: Foretaste) -> None:
    listed = shop.recommend("u1", placement="home")
    assert [item.id.split("-")[0] for item in listed] == ["kitchen"] * 3
    whole = shop.recommend(Request(user="u1", placement="home", n=2))
    assert [item.id for item in whole] == [item.id for item in listed][:2]
    both = shop.recommend("u1", placement="home", filter={"genre": "space"})
    assert not both.items
    logged = shop.recommendation_log.get([listed.recommendation_id])[listed.recommendation_id]
    assert (logged.placement, logged.shelf) == ("home", None)


def test_the_next_page_of_one_has_its_rules_once(shop: Foretaste) -> None:
    shop.placements.put("cart", {"n": 2, "rules": [{"quota": "genre", "max_items": 1}]}, 1.0)
    first = shop.recommend("u1", placement="cart")
    assert len({item.id.split("-")[0] for item in first}) == 2
    shop.placements.put("cart", {"n": 9}, 2.0)
    second = shop.recommend(next_page_of=first.recommendation_id)
    assert len({item.id.split("-")[0] for item in second}) == 2, "the question of the first holds"
    assert not {item.id for item in first} & {item.id for item in second}


def test_a_pin_of_an_item_that_is_gone_breaks_no_list(shop: Foretaste) -> None:
    rules = [{"pin": "gone", "at": 1}, {"pin": "space-3", "at": 1}]
    shop.placements.put("pins", {"n": 2, "rules": rules}, 1.0)
    assert shop.recommend("u2", placement="pins").items[0].id == "space-3"
    with pytest.raises(InputError, match="there is no item 'gone'"):
        shop.recommend("u2", rules=[{"pin": "gone", "at": 1}])


def test_one_in_the_settings_with_a_fault_is_told_at_once(tmp_path: Path) -> None:
    from foretaste.errors import SettingsError

    (tmp_path / "foretaste.toml").write_text("[placements.home]\nnn = 3\n")
    with pytest.raises(SettingsError, match=r"\[placements.home\] has no key 'nn'; did you mean"):
        Foretaste.open(tmp_path)
