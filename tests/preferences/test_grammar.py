"""Wishes in plain words: how much of what."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.preferences.grammar import (
    PLAIN_WORDS,
    STRENGTH_BY_PHRASE,
    drop_plain_start,
    parse_clauses,
    tokenize,
)


@pytest.mark.parametrize(
    ("wish", "means"),
    [
        ("more slow science fiction, nothing violent", "more: slow science fiction|none: violent"),
        ("slow films", "more: slow films"),
        ("a lot more documentaries about animals", "much more: documentaries about animals"),
        ("more animation, less war, no horror", "more: animation|less: war|none: horror"),
        ("Not too violent. More jazz; fewer sequels", "less: violent|more: jazz|less: sequels"),
        ("no slow comedies", "none: slow comedies"),
        ("without Tom Hanks", "none: tom hanks"),
        ("nothing violent or scary, but comedies", "none: violent|none: scary|more: comedies"),
        ("I’m tired of sequels and remakes", "none: sequels|none: remakes"),
        ("only comedies and westerns", "only: comedies|only: westerns"),
        ("comedies only", "only: comedies"),
        ("nothing but jazz", "only: jazz"),
        ("anything but jazz please", "none: jazz"),
        ("not only comedies", "more: comedies"),
        ("I like comedies but not romantic ones", "more: comedies|none: romantic ones"),
        # a negation is not undone by the "more" behind it
        ("I don't want more horror", "none: horror"),
        ("don't show me any more war movies", "none: war movies"),
        ("show me less violence and no gore", "less: violence|none: gore"),
        ("forget about the westerns", "forget: the westerns"),
        ("please, anything", ""),
        ("", ""),
    ],
)
def test_what_is_wished(wish: str, means: str) -> None:
    assert "|".join(f"{one.strength}: {one.text}" for one in parse_clauses(wish)) == means


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*STRENGTH_BY_PHRASE, *PLAIN_WORDS, "jazz", "war", ",", ".", "but", "and"])
    )
)
def test_nothing_is_made_up_and_nothing_named_is_lost(words: list[str]) -> None:
    text = " ".join(words)
    found = parse_clauses(text)
    assert all(set(one.words) <= set(tokenize(text)) for one in found)
    assert [w for one in found for w in one.words if w in ("jazz", "war")] == [
        w for w in words if w in ("jazz", "war")
    ]


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    said = {word for one in parse_clauses(text) for word in one.words}
    assert said <= set(tokenize(text))


@pytest.mark.parametrize(
    ("said", "names"),
    [("something funny", "funny"), ("a film about the sea", "sea"), ("it", "it"), ("", "")],
)
def test_what_is_named_begins_where_words_say_something(said: str, names: str) -> None:
    assert drop_plain_start(said) == names
