"""What people speak of, praise and blame in reviews."""

import numpy as np
import pytest

from foretaste.domain.data import Floats, Item
from foretaste.prepare.aspects import (
    BLAME_ANCHORS,
    PRAISE_ANCHORS,
    aspect_attributes,
    aspect_names,
    find_aspects,
    sentences_of,
)
from foretaste.prepare.reviews import ItemReviews, collect_reviews

ITEMS = [Item(f"radio-{n}", title=f"Portable radio {n}") for n in range(4)]


def reviews(stars: tuple[float, float] = (5.0, 1.0)) -> ItemReviews:
    """Of four radios: the battery of the first is praised, that of the others blamed."""
    good, bad = stars
    rows = []
    for n, item in enumerate(ITEMS):
        for author in range(5):
            text = "The battery is great and it lasts. I like the sound of this radio."
            if n:
                text = "The battery is weak and it dies. It was a gift and it is in the bin."
            rows.append((item.id, f"a{author}", f"{text} Number {author}", bad if n else good))
    return collect_reviews(rows)


def no_reading(texts: object) -> Floats:
    raise AssertionError("stars say it")


def test_a_thing_that_many_reviews_speak_of_is_an_aspect_and_the_item_itself_is_none() -> None:
    names = aspect_names(reviews(), ITEMS)
    assert "battery" in names
    assert not {"radio", "portable", "the", "great", "number"} & set(names)


def test_stars_tell_praise_from_blame() -> None:
    aspects = find_aspects(reviews(), ["battery"], no_reading)
    (first,) = aspects["radio-0"]
    assert (first.praise, first.blame, first.praise_share) == (5, 0, 1.0)
    assert first.sentences == ("The battery is great and it lasts.",)  # what five said is said once
    assert aspect_attributes(aspects["radio-0"]) == {"praised_for": ("battery",)}
    assert aspect_attributes(aspects["radio-1"]) == {"criticised_for": ("battery",)}


def test_without_stars_the_sentence_tells_it() -> None:
    def read(texts: object) -> Floats:
        """As a language model that knows praise from blame would."""
        assert isinstance(texts, list)
        praise = [any(word in text for word in ("great", "love", "very good")) for text in texts]
        assert texts[: len(PRAISE_ANCHORS)] == list(PRAISE_ANCHORS)
        assert len(BLAME_ANCHORS) == 2
        return np.array([(1, 0) if own else (0, 1) for own in praise], np.float32)

    aspects = find_aspects(reviews((np.nan, np.nan)), ["battery"], read)
    assert aspects["radio-0"][0].praise == 5
    assert aspects["radio-1"][0].blame == 5


@pytest.mark.parametrize("authors", [1, 5])
def test_one_author_is_not_people(authors: int) -> None:
    rows = [
        ("radio-0", f"a{n % authors}", f"The battery is great, I bought {n}.", 5.0)
        for n in range(50)
    ]
    aspects = find_aspects(collect_reviews(rows), ["battery"], no_reading)
    assert bool(aspect_attributes(aspects["radio-0"])) is (authors > 1)


def test_sentences() -> None:
    text = "Good. Really!\nBad?  好。坏！"
    assert sentences_of(text) == ["Good.", "Really!", "Bad?", "好。", "坏！"]
