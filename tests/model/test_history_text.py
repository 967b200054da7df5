"""A history as text."""

from dataclasses import replace

import numpy as np
import pytest

from foretaste.model.history_text import MAX_PART_CHARACTERS, HistoryTextBuilder

from .world import ITEMS, World, did, strange


@pytest.fixture
def narrator(here: World) -> HistoryTextBuilder:
    return HistoryTextBuilder(here.catalogue, here.histories.event_types, 3)


def test_titles_searches_and_reviews_newest_last_each_kind_once(
    narrator: HistoryTextBuilder, here: World
) -> None:
    one = here.behaviour(
        did(1, 0),
        did(None, 1, "search", query="jazz"),
        did(2, 2),
        did(3, 3),
    )
    assert narrator.text(one) == "search: jazz. view: river stone 2; river stone 3"


def test_a_review_follows_its_title_and_a_query_comes_last(
    narrator: HistoryTextBuilder, here: World
) -> None:
    one = here.behaviour(did(1, 0, "review", text="a fine stone"), query="garden rose")
    assert narrator.text(one) == "review: river stone 1, a fine stone. search: garden rose"


def test_an_item_without_a_title_is_told_by_its_text(here: World) -> None:
    catalogue = replace(here.catalogue, titles=("",) * ITEMS, full_texts=("x " * 500,) * ITEMS)
    text = HistoryTextBuilder(catalogue, here.histories.event_types, 3).text(here.took(1))

    assert text.startswith("view: x x")
    assert len(text) <= MAX_PART_CHARACTERS + len("view: ")


def test_nothing_known_is_nothing(narrator: HistoryTextBuilder) -> None:
    assert narrator.text(strange()["nothing"]) == ""
    assert narrator.text(strange()["unknown items"]) == ""


def test_what_says_nothing_takes_no_place(narrator: HistoryTextBuilder, here: World) -> None:
    one = here.took(1, 2, 3, 4, 5)
    gone = replace(one, item=np.array([1, 2, 3, -1, -1], np.int32))
    assert narrator.text(gone) == "view: river stone 1; river stone 2; river stone 3"


def test_events_are_named_by_item_or_words(narrator: HistoryTextBuilder, here: World) -> None:
    one = here.behaviour(did(1, 0), did(None, 1, "search", query="jazz"))
    assert [narrator.event_name(one, row) for row in (0, 1)] == ["i1", "jazz"]
