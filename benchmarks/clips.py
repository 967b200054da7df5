"""Clips of sound that a bench makes, and how they are altered.

Of three kinds. Passages of real recordings, music, speech and a bird, of
../shared/data/librosa-audio: several of each recording, which have to be told apart. Invented
tunes: chords, a melody and drums, each with its own tempo, scale, tone colour and rhythm. Speech by
espeak-ng, where it is installed: passages of a long text in ten voices.
"""

import io
import shutil
import subprocess
import wave
from collections.abc import Callable, Sequence

import av
import numpy as np

from benchmarks.datasets import SHARED
from foretaste.domain.data import Floats
from foretaste.language.media.decoder import ClipDecoder

RATE = 16_000
VOICES = (
    "en-us", "en-gb", "de", "fr-fr", "es", "it", "en-us+f3", "en-gb+m4", "de+f2", "fr-fr+m7",
)  # fmt: skip
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))
RECORDINGS = SHARED / "librosa-audio"
MIN_LOUDNESS = 0.01
USUAL_BIT_RATE, LOW_BIT_RATE = 128_000, 32_000
NOISE_DECIBELS = 10
CROP_SECONDS = 5


class Tune:
    """An invented piece of music."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.root, self.scale = int(rng.integers(40, 60)), SCALES[rng.integers(len(SCALES))]
        self.overtones = rng.dirichlet(np.full(8, 0.5))
        self.attack, self.decay = rng.uniform(0.005, 0.15), rng.uniform(0.15, 1.5)
        self.step = 60 / rng.uniform(70, 160) * rng.choice([1, 0.5, 0.25])
        self.chords = rng.integers(0, len(self.scale), 4)
        self.beats = rng.random(8) if rng.random() < 0.6 else None

    def note(self, pitch: int, loudness: float) -> Floats:
        """[samples], of a key of a piano by its number."""
        at = np.arange(int((self.step + self.decay) * RATE)) / RATE
        frequency = 440 * 2 ** ((pitch - 69) / 12)
        sound = sum(
            share * np.sin(2 * np.pi * frequency * (row + 1) * at)
            for row, share in enumerate(self.overtones)
            if frequency * (row + 1) < RATE / 2
        )
        envelope = np.minimum(at / self.attack, 1)
        envelope = envelope * np.exp(-np.maximum(at - self.attack, 0) / self.decay)
        return np.asarray(loudness * sound * envelope, np.float32)

    def play(self, seconds: float) -> Floats:
        """[samples]"""
        rng, scale = self._rng, self.scale
        samples = np.zeros(int((seconds + 4) * RATE), np.float32)
        for step in range(int(seconds / self.step)):
            parts = []
            chord = self.chords[(step // 8) % 4]
            if step % 4 == 0:
                parts += [
                    self.note(self.root + scale[(chord + third) % len(scale)], 0.2)
                    for third in (0, 2, 4)
                ]
            if rng.random() < 0.75:
                key = self.root + 12 * int(rng.integers(1, 3)) + scale[rng.integers(len(scale))]
                parts.append(self.note(key, 0.35))
            if self.beats is not None:
                fall = np.exp(-np.arange(1600) / 500)
                is_deep = self.beats[step % 8] < 0.5
                drum = np.sin(2 * np.pi * 60 * np.arange(1600) / RATE) if is_deep else None
                parts.append(0.3 * fall * (rng.normal(size=1600) * 0.5 if drum is None else drum))
            start = int(step * self.step * RATE)
            for part in parts:
                end = min(start + len(part), len(samples))
                samples[start:end] += part[: end - start]
        samples = samples[: int(seconds * RATE)]
        return np.asarray(0.7 * samples / np.abs(samples).max(), np.float32)


def speech(text: str, voice: str, rng: np.random.Generator) -> Floats:
    """[samples], of these words by espeak-ng."""
    speed, pitch = str(rng.integers(130, 200)), str(rng.integers(30, 70))
    command = ["espeak-ng", "-v", voice, "-s", speed, "-p", pitch, "--stdout", text]
    return decoded(subprocess.run(command, capture_output=True, check=True).stdout)


def has_speech() -> bool:
    """Whether espeak-ng is there."""
    return shutil.which("espeak-ng") is not None


def passages(count: int, rng: np.random.Generator) -> list[Floats]:
    """Of the recordings, each from as many places as fit, at most so many."""
    decoder, sounds = ClipDecoder(120, lambda: RATE), list[Floats]()
    for path in sorted(RECORDINGS.glob("*.ogg")):
        samples, _ = decoder.decode(path.read_bytes())
        size = min(10 * RATE, len(samples))
        starts = range(0, len(samples) - size + 1, size)
        parts = [samples[start : start + size] for start in starts]
        sounds += [part for part in parts if np.abs(part).max() > MIN_LOUDNESS]
    decoder.close()
    chosen = rng.permutation(len(sounds))[:count]
    return [sounds[row] for row in chosen]


def clips(count: int, words: Sequence[str], rng: np.random.Generator) -> list[Floats]:
    """A third of each kind; of what is not there none, and tunes in its place."""
    sounds = passages(count // 3, rng)
    n_speech = count // 3 if has_speech() else 0
    sounds += [Tune(rng).play(rng.uniform(8, 10)) for _ in range(count - n_speech - len(sounds))]
    for row in range(n_speech):
        start = int(rng.integers(len(words) - 40))
        passage = " ".join(words[start : start + int(rng.integers(20, 28))])
        sounds.append(speech(passage, VOICES[row % len(VOICES)], rng))
    return sounds


def unknown_clips(
    catalogue_sounds: Sequence[Floats], count: int, words: Sequence[str], rng: np.random.Generator
) -> dict[str, list[Floats]]:
    """Others: passages of the same recordings that are not in the catalogue, tunes and speech."""
    known_contents = {samples.tobytes() for samples in catalogue_sounds}
    new_sounds = clips(count, words, rng)
    rest = [own for own in passages(10_000, rng) if own.tobytes() not in known_contents]
    n_passages = len(passages(count // 3, rng))
    return {
        "other passages of the recordings": rest[:n_passages],
        "tunes and speech": new_sounds[n_passages:],
    }


def cropped(samples: Floats, rng: np.random.Generator) -> Floats:
    """So many seconds, from anywhere."""
    size = CROP_SECONDS * RATE
    start = int(rng.integers(max(len(samples) - size, 0) + 1))
    return samples[start : start + size]


def noisy(samples: Floats, rng: np.random.Generator) -> Floats:
    """With white noise."""
    power = float(np.mean(samples**2)) / 10 ** (NOISE_DECIBELS / 10)
    return np.asarray(samples + rng.normal(size=len(samples)) * np.sqrt(power), np.float32)


Alteration = Callable[[Floats, np.random.Generator], Floats]
ALTERATIONS: dict[str, tuple[Alteration, int]] = {
    f"cropped to {CROP_SECONDS} s": (cropped, USUAL_BIT_RATE),
    f"noise at {NOISE_DECIBELS} dB": (noisy, USUAL_BIT_RATE),
    f"recompressed at {LOW_BIT_RATE // 1000} kbit/s": (lambda samples, _: samples, LOW_BIT_RATE),
    "all three": (lambda samples, rng: noisy(cropped(samples, rng), rng), LOW_BIT_RATE),
}
"""How a clip is altered, and the bit rate of the mp3 it is sent as."""


def as_mp3(samples: Floats, bit_rate: int) -> bytes:
    """The file that is sent."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE)
        stream.bit_rate, stream.layout = bit_rate, "mono"
        loudest = max(1.0, float(np.abs(samples).max()))
        content = np.ascontiguousarray(samples[None] / loudest, np.float32)
        frame = av.AudioFrame.from_ndarray(content, format="flt", layout="mono")
        frame.rate = RATE
        resampler = av.AudioResampler(stream.format.name, "mono", RATE)
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(part))
    return file.getvalue()


def decoded(wav: bytes) -> Floats:
    """[samples] of a wav of one channel and 16 bits, at our rate."""
    with wave.open(io.BytesIO(wav)) as clip:
        rate, content = clip.getframerate(), clip.readframes(2**30)
    samples = np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.float32) / 32_768
    at = np.arange(0, len(samples) - 1, rate / RATE)
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
