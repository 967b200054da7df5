"""A sentence of a talk names what tools gave in it, each feature of the item that has it."""

import pytest

from foretaste.converse.evidence import MAX_ANSWER_CHARACTERS, Evidence, neutral_data
from foretaste.converse.state import ChatState
from generate.test_safe import HOSTILE

LISTED = {
    "recommendation_id": "r-1",
    "items": [
        {
            "id": "heat",
            "position": 1,
            "title": "Heat",
            "reasons": ["taken together with “Ronin” (+1.20)", "genres: Crime (+0.50)"],
            "attributes": {"genres": ["Crime", "Drama"], "year": ["1995"]},
        },
        {
            "id": "mr",
            "position": 2,
            "title": "Mr. & Mrs. Smith",
            "reasons": ["it answers what you asked for (+2.00)"],
            "attributes": {"genres": ["Romance", "Drama"], "year": ["2005"]},
        },
    ],
}
STATE = ChatState(query="a bank robbery", shown={"up": "Up"})


def fault(text: str) -> str | None:
    evidence = Evidence()
    evidence.add(LISTED)
    evidence.add({"changes": [{"what": "genres: Horror", "act": "mute"}]})
    return evidence.fault(text, STATE)


@pytest.mark.parametrize(
    "text",
    [
        "Try Heat: it is taken together with “Ronin”, and its genres are Crime and Drama.",
        "For “a bank robbery” I found you this.",
        "1. **Heat** (1995)\n2. Mr. & Mrs. Smith (2005)",
        "Mr. & Mrs. Smith is a Romance. It answers what you asked for.",
        "They are all Drama.",
        "Sorry, would you like something else?",
        "Your lists have Horror on mute.",
    ],
)
def test_what_tools_gave_is_told(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Try Solaris.", "'solaris'"),
        ("Heat is a Romance.", "'romance'"),
        ("Mr. & Mrs. Smith is a Crime story. Heat is, too.", "'crime'"),
        ("They are all Crime.", "'crime'"),
        ("Heat is from 2005.", "'2005'"),
        ("Heat was directed by Michael Mann.", "'directed'"),
        ("Heat 2 is better.", "'2'"),
        ("Heat goes with “Alien”.", "quotes what is not"),
        ("Up is a Drama.", "'drama'"),
        ("Heat is not violent.", "'not'"),
        ("   ", "empty"),
        ("Heat. " * MAX_ANSWER_CHARACTERS, "too long"),
        ("See [Heat](x).", "link, markup"),
    ],
)
def test_anything_else_is_not(text: str, why: str) -> None:
    assert why in str(fault(text))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_are_neither_shown_to_a_model_nor_told(hostile: str) -> None:
    item = {"id": "x", "title": hostile, "attributes": {"genres": [hostile, "Drama"]}}
    given = neutral_data({"items": [item]})
    evidence = Evidence()
    evidence.add({"items": [item]})

    assert hostile not in str(given)
    assert "Drama" in str(given)
    assert evidence.fault(f"Here you go. {hostile}", ChatState(shown={"x": hostile})) is not None
