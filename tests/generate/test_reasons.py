"""Reasons in words: only terms that are there, only what speaks for the item, strongest first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.data import Term
from foretaste.domain.text_limits import MAX_QUOTE_LENGTH
from foretaste.generate.reasons import MIN_REASON_NATS, REASON_TEMPLATES, reason_sentences

TITLES = {"i1": "Dune", "i2": ""}

terms = st.lists(
    st.builds(
        Term,
        st.sampled_from([*REASON_TEMPLATES, "attribute:genre"]),
        st.floats(-5, 5),
        event=st.one_of(st.none(), st.sampled_from(["i1", "i2", "i3"])),
        feature=st.one_of(
            st.none(),
            st.sampled_from(["average item", "new", "popularity", "genre: Drama", "whole history"]),
        ),
    ),
    max_size=12,
)


def test_strongest_first_and_at_most_three() -> None:
    told = reason_sentences(
        [
            Term("transition", 0.5, event="i1"),
            Term("popularity", 0.2, feature="popularity"),
            Term("attribute:genre", 0.9, feature="genre: Drama"),
            Term("content", 0.3, event="i1"),
        ],
        TITLES,
    )

    assert told == (
        "genre: Drama (+0.90)",
        "people go on to it from “Dune” (+0.50)",
        "it reads like “Dune” (+0.30)",
    )


def test_only_what_speaks_for_the_item_is_told() -> None:
    assert reason_sentences([Term("content", -2.0, event="i1")], TITLES) == ()
    assert reason_sentences([Term("content", MIN_REASON_NATS / 2, event="i1")], TITLES) == ()
    assert reason_sentences([], TITLES) == ()


@pytest.mark.parametrize("feature", ["average item", "new"])
def test_what_sets_an_item_apart_from_nothing_is_not_told(feature: str) -> None:
    assert reason_sentences([Term("repeat", 9.0, feature=feature)], TITLES) == ()


def test_parts_of_one_reason_are_added_up() -> None:
    one = [Term("content", 0.3, event="i1"), Term("content", 0.4, event="i1")]
    against = [*one, Term("content", -0.69, event="i1")]

    assert reason_sentences(one, TITLES) == ("it reads like “Dune” (+0.70)",)
    assert reason_sentences(against, TITLES) == ()


def test_popularity_is_one_reason_whoever_says_it() -> None:
    said = [Term(expert, 0.5, feature="popularity") for expert in ("popularity", "transition")]

    assert reason_sentences(said, TITLES) == ("it is popular (+1.00)",)


def test_a_search_is_told_in_its_own_words_and_an_item_without_title_by_its_id() -> None:
    told = reason_sentences(
        [Term("sequence", 1.0, event="a {slow} film"), Term("content", 0.5, event="i2")], TITLES
    )

    assert told == ("it follows from “a {slow} film” (+1.00)", "it reads like “i2” (+0.50)")


def test_what_one_cannot_name_is_the_history_as_a_whole() -> None:
    told = reason_sentences([Term("sequence", 1.0, feature="whole history")], TITLES)

    assert told == ("it fits your history as a whole (+1.00)",)


@given(terms)
def test_nothing_is_told_that_is_not_a_term(given_terms: list[Term]) -> None:
    told = reason_sentences(given_terms, TITLES)
    speaking = [t for t in given_terms if t.feature not in ("average item", "new")]

    assert len(told) <= 3
    amounts = [float(words.rsplit("(+", 1)[1].rstrip(")")) for words in told]
    assert amounts == sorted(amounts, reverse=True)
    assert all(amount >= MIN_REASON_NATS for amount in amounts)
    assert sum(amounts) <= sum(max(t.nats, 0) for t in speaking) + 0.01 * len(amounts)


def test_a_reason_quotes_a_bounded_part() -> None:
    long = "a long search " * 1000
    terms = [
        Term("content", 0.9, event=long),
        Term("sequence", 0.8, event="i1"),
        Term("attribute:genre", 0.7, feature=f"genre: {long}"),
    ]
    told = reason_sentences(terms, {"i1": long})
    assert len(told) == 3
    assert all(len(reason) < MAX_QUOTE_LENGTH + 60 for reason in told)
    assert told[0] == f"it reads like “{long[:99].rstrip()}…” (+0.90)"
