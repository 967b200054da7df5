"""Wishes in plain words: how much of what, and how far a negation reaches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.understand.clauses import parse_wish, without_plain
from foretaste.understand.grammar import GRAMMARS
from foretaste.understand.reader import read_wish

ENGLISH = GRAMMARS["en"]


def clauses(wish: str) -> str:
    grammar, found = read_wish(wish)
    return "|".join(
        f"{one.strength}: {' '.join(without_plain(one.words, grammar))}" for one in found.clauses
    )


@pytest.mark.parametrize(
    ("wish", "means"),
    [
        ("more slow science fiction, nothing violent", "more: slow science fiction|none: violent"),
        ("slow films", "wanted: slow"),
        ("a lot more documentaries about animals", "much more: documentaries about animals"),
        ("more animation, less war, no horror", "more: animation|less: war|none: horror"),
        ("Not too violent. More jazz; fewer sequels", "less: violent|more: jazz|less: sequels"),
        ("no slow comedies", "none: slow comedies"),
        ("without Tom Hanks", "without: tom hanks"),
        ("nothing violent or scary, but comedies", "none: violent|none: scary|wanted: comedies"),
        ("I’m tired of sequels and remakes", "none: sequels|none: remakes"),
        ("only comedies and westerns", "only: comedies|only: westerns"),
        ("comedies only", "only: comedies"),
        ("nothing but jazz", "only: jazz"),
        ("anything but jazz please", "without: jazz"),
        ("not only comedies", "wanted: comedies"),
        ("I like comedies but not romantic ones", "more: comedies|without: romantic"),
        # a negation is not undone by the "more" behind it
        ("I don't want more horror", "none: horror"),
        ("don't show me any more war movies", "none: war"),
        ("show me less violence and no gore", "less: violence|none: gore"),
        ("forget about the westerns", "forget: westerns"),
        # a negation ends where something of its own begins
        ("nothing violent, something for my kids to watch", "none: violent|wanted: forchildren"),
        ("nothing scary for my little boy", "none: scary|wanted: forchildren"),
        ("no horror please, I'm watching with children", "none: horror|wanted: forchildren"),
        ("no horror, war or romance", "none: horror|none: war|none: romance"),
        ("nothing for kids", "none: forchildren"),
        ("not bad, more westerns", "more: westerns"),
        ("I do not dislike horror", ""),
        ("horror is not for me", "none: horror"),
        ("please, anything", ""),
        ("", ""),
    ],
)
def test_what_is_wished(wish: str, means: str) -> None:
    assert clauses(wish) == means


@pytest.mark.parametrize(
    ("wish", "scope"),
    [("no horror tonight", "talk"), ("never horror", "lasting"), ("no horror", None)],
)
def test_for_how_long(wish: str, scope: str | None) -> None:
    assert parse_wish(wish, ENGLISH).scope == scope


PHRASES = sorted(ENGLISH.strengths)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*PHRASES, "jazz", "war", ",", ".", "but", "and"])))
def test_nothing_is_made_up(words: list[str]) -> None:
    text = " ".join(words)
    found = parse_wish(text, ENGLISH).clauses
    assert all(set(one.words) <= set(ENGLISH.tokens(text)) for one in found)


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    for grammar in GRAMMARS.values():
        said = {word for one in parse_wish(text, grammar).clauses for word in one.words}
        assert said <= set(grammar.tokens(text))
