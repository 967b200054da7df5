"""Every encoder of pictures: vectors of length 1, the same for the same, told apart by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from foretaste.domain.ports import Bytes, MediaEncoder
from foretaste.errors import MissingExtra, WeightsError
from foretaste.language.media import lite_encoder
from foretaste.language.media.lite_encoder import LiteEncoder
from foretaste.language.media.open import open_image_encoder
from foretaste.language.media.settings import ImageSettings
from language.media.pictures import picture


@pytest.fixture(params=["lite", "clip"])
def encoder(request: pytest.FixtureRequest, clip_folder: Path) -> MediaEncoder[Bytes]:
    name = {"lite": "efficientnet-lite0", "clip": str(clip_folder)}[request.param]
    return open_image_encoder(ImageSettings(encoder=name))


def pixels(*images: Image.Image) -> list[np.ndarray]:
    return [np.asarray(image.convert("RGB")) for image in images]


class TestEveryEncoder:
    def test_vectors_are_of_length_1(self, encoder: MediaEncoder[Bytes]) -> None:
        vectors = encoder.encode(pixels(picture(1), picture(2)))
        assert vectors.shape == (2, encoder.dim)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-4)

    def test_what_else_is_in_the_batch_changes_nothing(self, encoder: MediaEncoder[Bytes]) -> None:
        together = encoder.encode(pixels(picture(1), picture(2, (40, 200)), picture(3)))
        alone = encoder.encode(pixels(picture(2, (40, 200))))
        assert np.allclose(together[1], alone[0], atol=1e-5)

    def test_no_pictures_are_no_vectors(self, encoder: MediaEncoder[Bytes]) -> None:
        assert encoder.encode([]).shape == (0, encoder.dim)

    def test_a_picture_made_smaller_is_still_most_like_itself(
        self, encoder: MediaEncoder[Bytes]
    ) -> None:
        originals = [picture(seed) for seed in range(6)]
        vectors = encoder.encode(pixels(*originals))
        halves = encoder.encode(pixels(*[image.resize((48, 72)) for image in originals]))
        assert (np.argmax(halves @ vectors.T, axis=1) == np.arange(6)).all()


def test_a_joint_model_reads_words_into_the_space_of_pictures(clip_folder: Path) -> None:
    encoder = open_image_encoder(ImageSettings(encoder=str(clip_folder)))
    assert encoder.text_encoder is not None
    words = encoder.text_encoder.encode(["red cat", "", "red " * 50])
    assert words.shape == (3, encoder.dim)
    assert np.linalg.norm(words, axis=1) == pytest.approx([1, 0, 1], abs=1e-4)
    assert encoder.text_encoder.fingerprint != encoder.fingerprint


def test_the_default_is_a_model_that_only_looks() -> None:
    assert open_image_encoder(ImageSettings()).text_encoder is None


def test_a_missing_wheel_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite_encoder, "MODULE", "not_installed_here")
    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[vision\]'"):
        LiteEncoder(ImageSettings())


def test_other_weights_than_the_pinned_ones_are_refused() -> None:
    with pytest.raises(WeightsError, match="not the pinned 000"):
        LiteEncoder(ImageSettings(sha256="0" * 64))


def test_a_model_that_does_not_look_is_refused(tmp_path: Path, clip_folder: Path) -> None:
    from transformers import BertConfig, BertModel

    BertModel(
        BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    ).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match="looks at no pictures"):
        open_image_encoder(ImageSettings(encoder=str(tmp_path)))
