import numpy as np

from foretaste.domain.data import Item
from foretaste.prepare.language_text import encoder_advice
from foretaste.prepare.languages import adjust_to_shares, count_languages

from .helpers import ml_small_items

GERMAN = ["Das Leben der Anderen", "Der Untergang", "Der Himmel über Berlin", "Die fetten Jahre"]
FRENCH = ["Le fabuleux destin d'Amélie Poulain", "Bienvenue chez les Ch'tis", "Les intouchables"]


def test_it_tells_languages_apart() -> None:
    told = count_languages([Item(title, title) for title in GERMAN + FRENCH], sample=500)
    assert told["de"] >= 3
    assert told["fr"] >= 2
    assert sum(told.values()) == 7


def test_short_titles_are_read_in_the_light_of_the_others() -> None:
    told = count_languages(ml_small_items(), sample=200)
    assert sum(told.values()) == 200
    assert told["en"] > 180


def test_a_sample_is_the_same_every_time_and_skips_items_without_text() -> None:
    items = [Item(str(n), title) for n, title in enumerate(["", *GERMAN, "  ", *FRENCH] * 20)]
    assert count_languages(items, 30) == count_languages(items, 30)
    assert sum(count_languages(items, 30).values()) == 30


def test_attributes_are_not_read_and_no_text_is_no_language() -> None:
    assert count_languages([Item("a", attributes={"genre": ("Drama",)})], 500) == {}
    assert count_languages([], 500) == {}
    assert count_languages([Item("a", "The red shoes")], 0) == {}


def test_nothing_is_advised_where_the_language_of_most_texts_cannot_be_told() -> None:
    assert encoder_advice({"no": 48, "": 260}) == ""
    assert "100 % of the item texts are not in English" in encoder_advice({"no": 160, "": 100})


def test_adjusting_follows_the_sure_texts() -> None:
    found = np.array([[0.9, 0.1]] * 8 + [[0.45, 0.55]] * 2)
    told = adjust_to_shares(found)
    assert (told[-1] > 0.9).tolist() == [True, False]
    assert np.allclose(told.sum(1), 1)
