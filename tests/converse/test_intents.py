"""What a person means: items by place and title, bounds, and what is a wish."""

import pytest

from foretaste.converse.intents import (
    Bound,
    Forget,
    Intent,
    Like,
    More,
    Say,
    Took,
    Why,
    WhyNot,
    bounds,
    intent,
    place,
)

SHOWN = {"a": "Solaris", "b": "The Red Night", "c": "Heat"}
KNOWN = {"alien": "x"}


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("start over", Forget(all=False)),
        ("Forget everything!", Forget(all=True)),
        ("show me more", More()),
        ("more", More()),
        ("what else is there?", More()),
        ("why?", Why("a")),
        ("why the second one?", Why("b")),
        ("explain 3", Why("c")),
        ("why did you show me Heat?", Why("c")),
        ("why not Alien?", WhyNot("x")),
        ("Why isn't Nonsense there?", WhyNot("")),
        ("more like the second", Like("b", less=False)),
        ("something like Alien", Like("x", less=False)),
        ("less like this", Like("a", less=True)),
        ("nothing like heat please", Like("c", less=True)),
        ("I'll take the last", Took("c", "like")),
        ("I like number 2", Took("b", "like")),
        ("hide the first", Took("a", "hide")),
        ("I've seen Solaris", Took("a", "hide")),
        ("not the 2nd", Took("b", "hide")),
        # what names no item is a wish
        ("I like slow films", Say("i like slow films")),
        ("not too violent", Say("not too violent")),
        ("more science fiction", Say("more science fiction")),
        ("under 20 euros", Say("", (Bound("price", high=20.0),))),
        (
            "comedies from the 90s, before 1997",
            Say("comedies  ,", (Bound("year", 1990, 1999), Bound("year", high=1997, open=True))),
        ),
    ],
)
def test_what_is_meant(text: str, means: Intent) -> None:
    found = intent(text, SHOWN, lambda words: KNOWN.get(words.strip("?")))
    if isinstance(means, Say) and isinstance(found, Say):
        assert found.bounds == means.bounds
        assert found.text.strip(" ,") == means.text.strip(" ,")
    else:
        assert found == means


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("between 10 and 20", Bound("price", 10, 20)),
        ("between 1990 and 1999", Bound("year", 1990, 1999)),
        ("from the 60s", Bound("year", 1960, 1969)),
        ("of the 2010s", Bound("year", 2010, 2019)),
        ("since 2001", Bound("year", low=2001)),
        ("cheaper than $9.50", Bound("price", high=9.5)),
        ("at least 3,5", Bound("price", low=3.5)),
    ],
)
def test_bounds(text: str, found: Bound) -> None:
    assert bounds(text) == (" , ", (found,))


def test_words_that_only_look_like_bounds() -> None:
    assert bounds("under pressure, over the moon") == ("under pressure, over the moon", ())


def test_without_a_list_no_place_names_anything() -> None:
    assert place("the first", {}) is None
    assert place("the ninth", SHOWN) is None
