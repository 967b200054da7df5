"""What is suggested while somebody types: never what they may not be shown, nor a rare search."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.domain.data import Event, Item
from foretaste.domain.suggestion import Suggestions
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.online import suggest_index
from foretaste.online.suggestions import may_be_told


@pytest.fixture(scope="module")
def shop(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretaste]:
    import shutil

    folder = Path(shutil.copytree(_trained, tmp_path_factory.mktemp("suggest") / "shop"))
    loop = Foretaste.open(folder)
    loop.store.put_items(
        [
            Item(
                "amelie",
                title="Fabuleux destin d'Amélie Poulain, Le",
                attributes={"genre": ("kitchen",)},
            ),
            Item(
                "moonrise",
                title="Moonrise Kingdom",
                attributes={"genre": ("space",)},
                image="m.jpg",
            ),
        ]
    )
    yield loop
    loop.close()


def texts(suggestions: Suggestions, kind: str = "item") -> list[str]:
    return [own.text for own in suggestions.suggestions if own.kind == kind]


def ids(suggestions: Suggestions) -> set[str | None]:
    return {own.item for own in suggestions.suggestions if own.kind == "item"}


def test_items_are_found_by_any_word_and_told_as_people_say_them(shop: Foretaste) -> None:
    assert texts(shop.suggest("ame")) == ["Le Fabuleux destin d'Amélie Poulain"]
    moons = shop.suggest("moon")
    assert texts(moons) == ["Moonrise Kingdom", "The moon [space]"] or set(texts(moons)) == {
        "Moonrise Kingdom",
        "The moon [space]",
    }
    rise = next(own for own in moons.suggestions if own.item == "moonrise")
    assert rise.image == "m.jpg"
    assert [rise.text[start:end] for start, end in rise.matches] == ["Moon"]
    assert shop.suggest("moon").corrected is None


def test_a_mistyped_word_is_corrected_and_said(shop: Foretaste) -> None:
    told = shop.suggest("moonrsie kin")
    assert told.corrected == "moonrise kin"
    assert texts(told) == ["Moonrise Kingdom"]
    assert shop.suggest("qqqqqqq").suggestions == ()


def test_a_word_of_the_language_is_no_mistake(shop: Foretaste) -> None:
    """A pocket is no rocket, though a rocket is what the shop has."""
    assert shop.suggest("rocket kingdon ").corrected == "rocket kingdom"
    shop.encoder.encode(["open"])
    assert shop.suggest("pocket kingdom ").corrected is None
    assert shop.suggest("kingdon ").corrected == "kingdom"


def test_numbers_and_words_of_another_language_are_no_mistakes(shop: Foretaste) -> None:
    shop.store.put_items([Item("have", title="Have we met? 1900"), Item("orbits", title="Uber")])
    assert shop.suggest("Filme über Haie vor 1980 ").corrected is None
    assert shop.suggest("rocket 1901 ").corrected is None
    assert shop.suggest("hafe met ").corrected == "have met"


def test_values_come_with_what_chooses_them_and_an_honest_count(shop: Foretaste) -> None:
    value = next(own for own in shop.suggest("spa").suggestions if own.kind == "value")
    assert (value.text, value.column, value.label) == ("space", "genre", "Genre")
    listed = shop.recommend(filter=value.filter, n=100)
    assert len(listed) == value.items == 11


def test_what_may_not_be_shown_is_not_suggested(shop: Foretaste) -> None:
    shop.steer("muter", changes=[{"filter": {"genre": "space"}, "mute": True}])
    told = shop.suggest("s", "muter", n=20)
    assert told.suggestions
    assert not [own for own in told.suggestions if own.value == "space"]
    assert {item for item in ids(told) if str(item).startswith("space")} == set()
    shop.record([Event("hide-1", "hide", 1_700_000_500.0, user="hider", item="moonrise")])
    assert "moonrise" not in ids(shop.suggest("moon", "hider"))
    assert "moonrise" in ids(shop.suggest("moon", "another"))
    shop.store.put_items([Item("gone", title="Moonraker", hidden=True)])
    assert "gone" not in ids(shop.suggest("moonraker"))
    assert ids(shop.suggest("moon", filter={"genre": "kitchen"})) == set()


def test_an_item_that_comes_or_is_renamed_is_found_at_once(shop: Foretaste) -> None:
    shop.store.put_items([Item("late", title="Zanzibar by night")])
    assert ids(shop.suggest("zanz")) == {"late"}
    shop.store.put_items([Item("late", title="Yokohama by night")])
    assert ids(shop.suggest("zanz")) == set()
    assert ids(shop.suggest("yoko")) == {"late"}
    shop.store.delete_items(["late"])
    assert ids(shop.suggest("yoko")) == set()


def test_many_later_items_are_in_the_index_as_the_first(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggest_index, "MAX_LATER_ITEMS", 1)
    shop.store.put_items([Item(f"many-{n}", title=f"Xylophone {n}") for n in range(3)])
    assert ids(shop.suggest("xylo")) == {"many-0", "many-1", "many-2"}
    shop.store.delete_items([f"many-{n}" for n in range(3)])


def searches(shop: Foretaste, words: str, people: int, start: int = 0) -> None:
    at = shop.clock() - 3600
    shop.record(
        [
            Event(f"{words}-{n}", "search", at + n, user=f"searcher-{n}", query=words)
            for n in range(start, start + people)
        ]
    )


def test_searches_are_suggested_only_where_many_made_them(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretaste.online.suggestions.REFRESH_SECONDS", 0.0)
    searches(shop, "Moon landing", 5)
    searches(shop, "moon illness of my own", 4)
    at = shop.clock() - 60
    shop.record(
        [
            Event(f"again-{n}", "search", at + n, user="searcher-0", query="moon illness of my own")
            for n in range(9)
        ]
    )
    searches(shop, "moon 0171 234567", 6)
    searches(shop, "moon ann@example.com", 6)
    told = shop.suggest("moon", n=20)
    assert texts(told, "query") == ["moon landing"], "one person ten times is one person"
    assert next(own.people for own in told.suggestions if own.kind == "query") == 5
    assert texts(shop.suggest("moon landing"), "query") == [], "it is typed already"
    assert "moon landing" in texts(shop.suggest(""), "query")


def test_an_erased_person_is_no_longer_counted(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches(shop, "orbital bread", 5)
    monkeypatch.setattr("foretaste.online.suggestions.REFRESH_SECONDS", 0.0)
    assert texts(shop.suggest("orbital"), "query") == ["orbital bread"]
    monkeypatch.setattr("foretaste.online.suggestions.REFRESH_SECONDS", 3600.0)
    shop.store.erase("searcher-3")
    assert texts(shop.suggest("orbital"), "query") == []


@pytest.mark.parametrize(
    ("words", "is_safe"),
    [("red shoes size 42", True), ("+49 30 123456", False), ("a@b.c", False), ("4111111", False)],
)
def test_what_names_a_person_is_not_told(words: str, is_safe: bool) -> None:
    assert may_be_told(words) is is_safe


def test_the_number_of_suggestions_holds(shop: Foretaste) -> None:
    assert len(shop.suggest("", n=3).suggestions) == 3
    assert len(shop.suggest("the", n=50).suggestions) > 10
    for n in (0, 51):
        with pytest.raises(InputError, match="n: "):
            shop.suggest("a", n=n)
