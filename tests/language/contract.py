"""What every `TextEncoder` must do. Inherit it and give the fixture `encoder`."""

import numpy as np
import pytest

from foretaste.domain.ports import TextEncoder

TEXTS = [
    "a slow film about space",
    "red nail polish",
    "science fiction in space " * 30,
    "a cat",
    "",
    "the end of the film",
    "a slow film about space",
]

STRANGE = [
    " \n\t ",
    "\x00\x01\x02\x1f\x7f",
    "film\x00space",
    "word " * 2000,
    "x" * 10_000,
    "\ud800 half a pair",
    "🎬🎥👩‍👩‍👧 فيلم 电影 фильм",
    "é" * 300,
    bytes(range(256)).decode("latin-1"),
    "\u202e\u200b\ufeff",
]


class TextEncoderContract:
    @pytest.fixture
    def encoder(self) -> TextEncoder:
        raise NotImplementedError

    def test_one_row_of_length_one_for_each_text(self, encoder: TextEncoder) -> None:
        vectors = encoder.encode(TEXTS)

        assert vectors.shape == (len(TEXTS), encoder.dim)
        assert vectors.dtype == np.float32
        wanted = [1.0 if text else 0.0 for text in TEXTS]
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), wanted, atol=1e-5)

    def test_rows_are_in_the_order_of_the_texts(self, encoder: TextEncoder) -> None:
        together = encoder.encode(TEXTS)
        alone = np.concatenate([encoder.encode([text]) for text in TEXTS])

        np.testing.assert_allclose(together, alone, atol=1e-5)
        assert together[0] @ together[1] < 0.999  # else any order would do

    def test_nothing_to_read_is_nothing(self, encoder: TextEncoder) -> None:
        assert encoder.encode([]).shape == (0, encoder.dim)
        assert not encoder.encode(["", "  ", "\n"]).any()

    def test_any_string_can_be_read(self, encoder: TextEncoder) -> None:
        lengths = np.linalg.norm(encoder.encode(STRANGE), axis=1)

        assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
        assert lengths[0] == 0  # blanks
        assert lengths[3] > 0  # words, if many

    def test_blanks_around_a_text_do_not_count(self, encoder: TextEncoder) -> None:
        bare, padded = encoder.encode(["a cat", f"{' ' * 20_000}a cat\n"])

        np.testing.assert_allclose(bare, padded, atol=1e-5)

    def test_the_same_again(self, encoder: TextEncoder) -> None:
        np.testing.assert_allclose(encoder.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)

    def test_progress_ends_at_the_total(self, encoder: TextEncoder) -> None:
        seen: list[tuple[str, int, int]] = []
        encoder.encode(TEXTS, lambda task, done, total, note="": seen.append((task, done, total)))

        reading = [(done, total) for what, done, total in seen if what == "reading"]
        assert reading[-1][0] == reading[-1][1] > 0
        assert reading == sorted(reading)
