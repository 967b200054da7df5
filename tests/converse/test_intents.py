"""What a person means: items by place and title, bounds, and what is a wish."""

import pytest

from foretaste.converse.intents import (
    Bound,
    FeedbackIntent,
    FreeTextIntent,
    Intent,
    LikeIntent,
    NextPageIntent,
    ResetIntent,
    WhyIntent,
    WhyNotIntent,
    extract_bounds,
    item_by_reference,
    parse_intent,
)

SHOWN = {"a": "Solaris", "b": "The Red Night", "c": "Heat"}
KNOWN = {"alien": "x"}


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("start over", ResetIntent(whole_profile=False)),
        ("Forget everything!", ResetIntent(whole_profile=True)),
        ("show me more", NextPageIntent()),
        ("more", NextPageIntent()),
        ("what else is there?", NextPageIntent()),
        ("why?", WhyIntent("a")),
        ("why the second one?", WhyIntent("b")),
        ("explain 3", WhyIntent("c")),
        ("why did you show me Heat?", WhyIntent("c")),
        ("why not Alien?", WhyNotIntent("x")),
        ("Why isn't Nonsense there?", WhyNotIntent("")),
        ("more like the second", LikeIntent("b", less=False)),
        ("something like Alien", LikeIntent("x", less=False)),
        ("less like this", LikeIntent("a", less=True)),
        ("nothing like heat please", LikeIntent("c", less=True)),
        ("I'll take the last", FeedbackIntent("c", "like")),
        ("I like number 2", FeedbackIntent("b", "like")),
        ("hide the first", FeedbackIntent("a", "hide")),
        ("I've seen Solaris", FeedbackIntent("a", "hide")),
        ("not the 2nd", FeedbackIntent("b", "hide")),
        # what names no item is a wish
        ("I like slow films", FreeTextIntent("i like slow films")),
        ("not too violent", FreeTextIntent("not too violent")),
        ("more science fiction", FreeTextIntent("more science fiction")),
        ("under 20 euros", FreeTextIntent("", (Bound("price", high=20.0),))),
        (
            "comedies from the 90s, before 1997",
            FreeTextIntent(
                "comedies  ,",
                (Bound("year", 1990, 1999), Bound("year", high=1997, is_exclusive=True)),
            ),
        ),
    ],
)
def test_what_is_meant(text: str, means: Intent) -> None:
    found = parse_intent(text, SHOWN, lambda words: KNOWN.get(words.strip("?")))
    if isinstance(means, FreeTextIntent) and isinstance(found, FreeTextIntent):
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
    assert extract_bounds(text) == (" , ", (found,))


def test_words_that_only_look_like_bounds() -> None:
    assert extract_bounds("under pressure, over the moon") == ("under pressure, over the moon", ())


def test_without_a_list_no_place_names_anything() -> None:
    assert item_by_reference("the first", {}) is None
    assert item_by_reference("the ninth", SHOWN) is None
