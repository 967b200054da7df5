"""How well an encoder reads a catalogue: told by how its tokenizer takes the words to pieces."""

from pathlib import Path

from foretaste.language.cache import CachedEncoder
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.reading_check import is_whole_word, query_reading

ENGLISH = ("A green watering can for the garden", "Leather boots with a warm lining for winter")
GERMAN = ("Grüne Gießkanne für den Garten", "Lederstiefel mit warmem Futter für kalte Wintertage")
FRENCH = ("Cafetière à piston en verre, contenance huit tasses", "Chaussures de randonnée étanches")


def test_the_built_in_encoder_reads_english_alone(minilm: TransformerEncoder) -> None:
    read = {texts: query_reading(minilm, texts).reads_texts for texts in (ENGLISH, GERMAN, FRENCH)}

    assert read == {ENGLISH: True, GERMAN: False, FRENCH: False}


def test_it_looks_behind_a_cache(minilm: TransformerEncoder, tmp_path: Path) -> None:
    cached = CachedEncoder(minilm, tmp_path / "vectors.sqlite")

    assert not query_reading(cached, GERMAN).reads_texts


def test_what_is_related_is_nearer_than_what_is_not(minilm: TransformerEncoder) -> None:
    limit = query_reading(minilm, ENGLISH).unrelated_cosine or 0.0
    vectors = minilm.encode(["warm boots for the snow", ENGLISH[1], ENGLISH[0], "stock prices"])
    related, *unrelated = (vectors[0] @ vectors[1:].T).tolist()

    assert max(unrelated) < limit < related


def test_texts_without_words_are_read(minilm: TransformerEncoder) -> None:
    assert query_reading(minilm, ("", "4711")).reads_texts


def test_a_word_of_the_language_is_one_token(minilm: TransformerEncoder) -> None:
    words = ("tractor", "Traitor", "rokcet", "moonrsie", "gießkanne")

    assert [is_whole_word(minilm, word) for word in words] == [True, True, False, False, False]
