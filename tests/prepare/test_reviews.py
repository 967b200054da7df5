"""Reviews as they are read of items, and what hostile ones may not do."""

import numpy as np

from foretaste.domain.data import Event
from foretaste.prepare.interactions import build_interactions
from foretaste.prepare.reviews import (
    MAX_REVIEW_LENGTH,
    MAX_REVIEWS_PER_ITEM,
    collect_reviews,
    plain_review,
    reviews_of_events,
    reviews_of_interactions,
)


def test_an_author_counts_once_an_item_with_the_newest_text() -> None:
    reviews = collect_reviews(
        ("lamp", "anna", f"Bad lamp, it broke {n} times", 1.0) for n in range(500)
    )
    assert [review.text for review in reviews["lamp"]] == ["Bad lamp, it broke 499 times"]


def test_the_same_text_of_many_accounts_counts_once() -> None:
    reviews = collect_reviews(
        ("lamp", f"bot-{n}", "Buy this lamp at  CHEAP.example " + " " * n, 5.0) for n in range(500)
    )
    assert len(reviews["lamp"]) == 1


def test_the_newest_of_very_many_are_read() -> None:
    reviews = collect_reviews(
        ("lamp", f"author-{n}", f"A fine lamp, number {n}", 5.0) for n in range(300)
    )
    assert len(reviews["lamp"]) == MAX_REVIEWS_PER_ITEM
    assert reviews["lamp"][0].text == "A fine lamp, number 299"


def test_markup_scripts_and_addresses_are_no_words() -> None:
    text = (
        "Lovely <b>lamp</b><script>steal(document.cookie)</script> see https://evil.example/x?y "
        "&lt;img src=x onerror=alert(1)&gt; warm\n\nlight"
    )
    assert plain_review(text) == "Lovely lamp see warm light"


def test_a_book_of_a_review_is_read_in_part() -> None:
    assert len(plain_review("<" * 10_000_000 + "lamp " * 1_000_000)) <= MAX_REVIEW_LENGTH


def test_what_says_nothing_is_no_review() -> None:
    assert not collect_reviews([("lamp", "anna", "Great!", 5.0), ("lamp", "ben", "<p></p>", 1.0)])


def test_of_events_and_of_interactions_the_same_is_read() -> None:
    events = [
        Event("1", "review", 1.0, user="anna", item="lamp", text="A warm and quiet light", value=5),
        Event("2", "review", 2.0, session="s", item="lamp", text="It flickers all the time"),
        Event("3", "rating", 3.0, user="anna", item="lamp", value=5),
    ]
    rows = [(e.user, e.session, e.item, e.kind, e.value, e.at, e.text, e.query) for e in events]
    interactions, _ = build_interactions(rows, {"lamp": 0}, {"review": 1.0, "rating": 1.0})
    learnt = reviews_of_interactions(interactions, ("lamp",))
    stored = reviews_of_events(events)
    assert [r.text for r in learnt["lamp"]] == [r.text for r in stored["lamp"]]
    assert [r.text for r in stored["lamp"]] == [
        "It flickers all the time",
        "A warm and quiet light",
    ]
    assert stored["lamp"][1].stars == 5
    assert np.isnan(stored["lamp"][0].stars)


def test_without_reviews_nothing_is_read() -> None:
    interactions, _ = build_interactions([], {"lamp": 0}, {"view": 1.0})
    assert not reviews_of_interactions(interactions, ("lamp",))
