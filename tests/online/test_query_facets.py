"""What a query names as a filter of its list: shown, given up where nothing is left, turned off."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.domain.data import Item, Recommendation, Request
from foretaste.loop import Foretaste

SPACE = [
    Item(f"space-{n}", f"Film {n}", {}, {"genre": ("space",), "year": (str(1970 + n),)})
    for n in range(10)
]


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    """Items with years, as they were trained or changed since."""
    opened = Foretaste.open(trained)
    for item in SPACE:
        opened.store.put_items([item])
    yield opened
    opened.close()


def ids(recommendation: Recommendation) -> set[str]:
    return {item.id for item in recommendation}


def test_what_is_named_filters_and_is_shown(shop: Foretaste) -> None:
    found = shop.search("space before 1973", n=20)
    assert ids(found) == {"space-0", "space-1", "space-2"}
    assert found.searched is not None
    assert [facet.text for facet in found.searched.facets] == ["space", "before 1973"]
    assert found.searched.words is None
    assert found.searched.text == "Searched as: space, before 1973"


def test_in_the_language_of_the_request(shop: Foretaste) -> None:
    searched = shop.search("space vor 1973", language="de").searched
    assert searched is not None
    assert searched.text == "Gesucht als: space, vor 1973"


def test_a_request_and_the_settings_turn_it_off(shop: Foretaste) -> None:
    assert shop.search("space before 1973", query_facets=False, n=20).searched is None
    assert len(shop.search("space before 1973", query_facets=False, n=20)) == 20
    shop.query_facets._is_on = False
    assert shop.search("space before 1973").searched is None
    assert shop.search("space before 1973", query_facets=True).searched is not None


def test_a_facet_is_taken_away_by_asking_without_it(shop: Foretaste) -> None:
    first = shop.search("space before 1973").searched
    assert first is not None
    found = shop.search(
        first.words or "space", query_facets=False, filter=first.facets[1].filter, n=20
    )
    assert ids(found) == {"space-0", "space-1", "space-2"}


def test_what_would_leave_nothing_is_given_up_and_said(shop: Foretaste) -> None:
    found = shop.search("space before 1950", n=20)
    assert ids(found) == {item.id for item in SPACE}
    assert found.searched is not None
    assert [facet.is_applied for facet in found.searched.facets] == [True, False]
    assert "before 1950" in found.searched.text
    assert found.searched.text.startswith("Searched as: space. Left out")


def test_what_is_hidden_is_nothing(shop: Foretaste) -> None:
    for item in SPACE[:3]:
        shop.store.put_items([Item(item.id, item.title, {}, item.attributes, hidden=True)])
    found = shop.search("space before 1973", n=20)
    assert ids(found) == {item.id for item in SPACE[3:]}


def test_the_filter_of_the_request_holds_and_wins(shop: Foretaste) -> None:
    found = shop.search("space before 1973", filter={"year": {"gte": 1975}}, n=20)
    assert ids(found) == {f"space-{n}" for n in range(5, 10)}
    found = shop.search("space", filter={"year": {"gte": 1975}}, n=20)
    assert ids(found) == {f"space-{n}" for n in range(5, 10)}


def test_a_next_page_goes_on(shop: Foretaste) -> None:
    first = shop.search("space before 1973", n=2)
    second = shop.recommend(Request(next_page_of=first.recommendation_id, n=20))
    assert ids(first) | ids(second) == {"space-0", "space-1", "space-2"}
    third = shop.recommend(Request(next_page_of=second.recommendation_id, n=5))
    assert len(third) == 0


def test_a_list_to_be_put_in_order_is_the_callers(shop: Foretaste) -> None:
    ranked = shop.recommend(query="space before 1973", candidates=("space-7", "kitchen-1"), n=5)
    assert ids(ranked) == {"space-7", "kitchen-1"}


def test_what_was_taken_is_found_again(shop: Foretaste) -> None:
    """A search that is nothing but facets is a search still."""
    taken = shop.store.history("u1", None)[0].item
    assert taken is not None
    assert taken in ids(shop.search("space", "u1", n=20))


def test_why_not_says_so(shop: Foretaste) -> None:
    absence = shop.why_not("space-9", query="space before 1973")
    assert absence.position is None
    assert absence.filters


def test_a_query_in_another_language_is_searched_by_the_words_of_the_catalogue(
    shop: Foretaste,
) -> None:
    assert shop.search("etwas über Drachen").searched is None  # nothing here is of dragons
    shop.store.put_items([Item("dragon", "The last dragon")])
    answer = shop.search("etwas über Drachen", language="de")
    assert answer.searched is not None
    assert (answer.searched.words, answer.searched.facets) == ("dragon", ())
    assert answer.searched.text == "Gesucht als: „dragon“"
    assert next(iter(answer)).id == "dragon"
    assert shop.search("etwas über Drachen", query_facets=False).searched is None
    shop.store.put_items([Item("german", "Ferne Drachen")])
    assert shop.search("etwas über Drachen").searched is None  # the catalogue has the word itself


def test_the_words_beside_the_facets_tell_what_has_nothing_of_the_search(shop: Foretaste) -> None:
    """What meets the filter and has nothing of the words was shown as if it had been found."""
    for n in range(10):
        item = shop.store.item(f"kitchen-{n}")
        assert item is not None
        years = {**item.attributes, "year": (str(1970 + n),)}
        shop.store.put_items([replace(item, attributes=years)])
    answer = shop.search("noodle before 1978", n=16)
    assert answer.searched is not None
    assert answer.searched.words == "noodle"
    matched = [item.id for item in answer if item.source == "model"]
    assert "kitchen-6" in matched
    assert len(matched) < 16
    rest = list(answer)[len(matched) :]
    assert {(item.source, item.reason[0]) for item in rest} == {
        ("unmatched", "Has nothing of what you searched for")
    }
    first = shop.search("noodle before 1978", n=8)
    second = shop.recommend(next_page_of=first.recommendation_id, n=8)
    assert [item.id for item in (*first, *second)] == [item.id for item in answer]
    assert list(second)[-1].source == "unmatched"
    every_kind = shop.search("space before 1978", n=20)
    assert {item.source for item in every_kind} == {"model"}  # no words are left
