"""Every sentence: items, features and numbers that it names are evidence, or it is not said."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.reason import Reason
from foretaste.domain.words import words_of
from foretaste.generate import templates
from foretaste.generate.checker import (
    PLAIN_WORDS,
    allowed_vocabulary,
    find_fault,
    remove_names,
    strip_plural,
    whole_sentences,
)
from foretaste.generate.facts import ItemFacts, SlateFacts
from foretaste.generate.messages import messages_in

from .test_safe import HOSTILE

NAMES = ("Toy Story 2", "Shrek", "Animation", "space", "alien")
TEMPLATE = "People go on to it from “Shrek” and genre: Animation."


@pytest.mark.parametrize(
    "text",
    [
        "People take “Toy Story 2” together with “Shrek”, and it is “Animation”.",
        "Toy Story 2 is taken together with Shrek.",
        'Look for more animation, like "toy story 2".',
        "If you liked Shrek, you might enjoy this.",
        "It follows from “Shrek”.",
        "More about aliens in space.",
        "Its genre is Animation.",
        "For fans of “Shrek,” and “Toy Story 2.”",
    ],
)
def test_what_names_evidence_is_said(text: str) -> None:
    assert find_fault(text, NAMES, TEMPLATE) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("It goes with “Alien Resurrection” and “Shrek”.", "quotes what is not"),
        ('It goes with "Shrek, you know.', "quotes what is not"),
        ("It goes with Solaris and Shrek.", "'solaris'"),
        ("Shrek and the big lebowski go together.", "'big'"),
        ("Shrek is a horror thing.", "'horror'"),
        ("Shrek by Dreamworks.", "'dreamworks'"),
        ("Shrek 3 follows.", "'3'"),
        ("Shrek was taken by 1,200 people.", "'1'"),
        ("Shrek was taken by twelve people.", "'twelve'"),
        ("Toy Story 4 is like Shrek.", "'toy'"),
        ("It is not like Shrek.", "'not'"),
        ("It doesn't follow Shrek.", "'doesn'"),
        ("Unlike Shrek, it is new.", "'unlike'"),
        ("Shrek has won an award.", "'won'"),
        ("Shrek is critically acclaimed.", "'critically'"),
        ("Buy Shrek.", "'buy'"),
        ("It suits you well.", "names no evidence"),
        ("Inception is like Shrek.", "'inception'"),
        ("Shrek is a popular book.", "'book'"),
        ("Shrek is violent.", "'violent'"),
        ("", "no whole sentence"),
        ("Shrek. " * 60, "too long"),
    ],
)
def test_what_names_anything_else_is_not(text: str, why: str) -> None:
    assert why in str(find_fault(text.strip(), NAMES, TEMPLATE))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_are_not_said_even_beside_evidence(hostile: str) -> None:
    assert find_fault(f"It goes with “Shrek”. {hostile}", NAMES, TEMPLATE) is not None
    assert find_fault(f"{hostile} “Shrek”", NAMES, TEMPLATE) is not None


def test_plain_words_hold_no_number_denial_praise_or_order() -> None:
    bad = "no not never one two first best award free buy click call password ignore http www"
    assert PLAIN_WORDS & set(bad.split()) == {"one"}  # as in “one of them”


@given(st.permutations(["Shrek", "sci-fi", "dramas", "is", "taken", "Up"]))
def test_a_writer_that_holds_to_what_may_be_said_says_nothing_else(some: list[str]) -> None:
    names = ("Up", "Shrek", "sci-fi", "drama")
    held = {*allowed_vocabulary(names, TEMPLATE), "Up", "Shrek", "sci-fi"}

    assert set(some) <= held
    assert find_fault(f"{' '.join(some)}.", names, TEMPLATE) is None


def test_a_cut_off_sentence_is_left_out() -> None:
    assert whole_sentences("It is good. It goes wi") == "It is good."
    assert whole_sentences("It has no stop") == "It has no stop."
    assert whole_sentences("It goes on and on " * 20) == ""
    assert whole_sentences("  ") == ""


def test_words_and_their_plurals() -> None:
    found = [strip_plural(one) for one in ("dramas", "comedies", "glass", "is")]
    assert found == ["drama", "comedy", "glass", "is"]


NAMED = st.sampled_from(["Toy Story 2", "Shrek", "The Third Man"])
REASONS = st.one_of(
    st.builds(
        lambda title: Reason(f"Because you watched {title}", names=(title,)),
        NAMED,
    ),
    st.builds(
        lambda title: Reason(f"Animation, like {title}", names=("Animation", title)),
        NAMED,
    ),
)


@given(st.lists(REASONS, max_size=3), st.booleans(), st.booleans())
def test_templates_name_nothing_but_evidence(
    reasons: list[Reason], has_query: bool, has_taste: bool
) -> None:
    """A template's words are fixed but for what the facts name."""
    item = ItemFacts("1", "Up", tuple(reasons), ("Sci-Fi",))
    facts = SlateFacts(
        ("Comedy", "1968") if has_taste else (),
        ("Star Trek",),
        "a warm coat" if has_query else None,
        (item, ItemFacts("2", "Heat")),
        kinds=("Comedy", "Horror") if has_taste else (),
        phrases=("from the late 1960s",) if has_taste else (),
    )
    fixed = messages_in("en").vocabulary

    for text, named in [
        (templates.line_text(item), item.names),
        (templates.title_text(facts), facts.names),
        (templates.description_text(facts), facts.names),
    ]:
        assert set(words_of(remove_names(text, named))) <= fixed, text


def test_what_is_generated_reads_well() -> None:
    items = tuple(ItemFacts(title, title) for title in ("Bullitt", "Serpico", "Heat", "Ronin"))
    facts = SlateFacts(
        ("Crime", "1968"), ("Star Trek",), None, items,
        kinds=("Crime", "Drama"), phrases=("from the late 1960s",),
    )  # fmt: skip
    assert templates.title_text(facts) == "Crime and Drama from the late 1960s"
    assert templates.description_text(facts) == (
        "Your taste leans towards Crime and Drama from the late 1960s. Begin with Bullitt, then "
        "try Serpico and Heat."
    )
    german = replace(facts, messages=messages_in("de"), query="Krimis", phrases=(), topics=())
    assert templates.description_text(german) == (
        "Sie haben nach „Krimis“ gefragt. Dem am nächsten: Crime und Drama. Beginnen Sie "
        "mit Bullitt, dann mit Serpico und Heat."
    )
