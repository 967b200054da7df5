"""Peaks of clips: the same ones after a crop, with noise, at another rate, and recompressed."""

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.domain.landmarks import BANDS_PER_FRAME, unpack_peaks
from foretaste.language.media.landmarks import (
    HOP_SAMPLES,
    PEAKS_PER_SECOND,
    RATE,
    clip_peaks,
)
from foretaste.model.landmark_index import LandmarkIndex
from language.media.clips import RATE as CLIP_RATE
from language.media.clips import tones


def noisy(samples: Floats, seed: int) -> Floats:
    """At 10 dB."""
    scale = np.sqrt(np.mean(samples**2) / 10)
    noise = np.random.default_rng(seed).normal(size=len(samples))
    return np.asarray(samples + scale * noise, np.float32)


def melody(seed: int) -> Floats:
    """Ten seconds that do not repeat themselves."""
    return np.concatenate([tones(100 * seed + part, 0.5) for part in range(20)])


def test_a_noisy_part_of_a_clip_finds_the_clip_and_an_unknown_one_nothing() -> None:
    sounds = [melody(seed) for seed in range(1, 7)]
    clips = [clip_peaks(samples, CLIP_RATE) for samples in sounds]
    index = LandmarkIndex.build(np.array([*clips, None], object)[:-1])
    for item, samples in enumerate(sounds):
        start = 40_123 + 1_000 * item
        sent = noisy(samples[start : start + 5 * CLIP_RATE], item)
        items, nats = index.matches(unpack_peaks(clip_peaks(sent, CLIP_RATE)))
        assert int(items[np.argmax(nats)]) == item
    unknown = unpack_peaks(clip_peaks(noisy(melody(77)[: 5 * CLIP_RATE], 0), CLIP_RATE))
    assert not len(index.matches(unknown)[0])


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_the_rate_of_what_listens_does_not_matter(rate: int) -> None:
    at = np.arange(rate * 2) / rate
    sound = np.sin(2 * np.pi * 440 * at) * (at % 0.5 < 0.1)
    peaks = unpack_peaks(clip_peaks(np.asarray(sound, np.float32), rate))
    loudest = peaks % BANDS_PER_FRAME
    assert np.bincount(loudest).argmax() + 1 == round(440 / (RATE / 1024))
    assert peaks.max() // BANDS_PER_FRAME <= 2 * RATE / HOP_SAMPLES


def test_peaks_are_few_and_silence_has_none() -> None:
    noise = np.random.default_rng(0).normal(size=5 * CLIP_RATE).astype(np.float32)
    assert len(clip_peaks(noise, CLIP_RATE)) <= 4 * PEAKS_PER_SECOND * 5
    assert clip_peaks(np.zeros(CLIP_RATE, np.float32), CLIP_RATE) == b""
    assert isinstance(clip_peaks(tones(1, 0.05), CLIP_RATE), bytes)  # shorter than a window
