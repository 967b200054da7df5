"""Clips of sound that tests make, harmless and not."""

import io
import wave
import zipfile
from pathlib import Path

import numpy as np

from foretaste.domain.data import Floats

RATE = 16_000


def tones(seed: int, seconds: float = 2.0) -> Floats:
    """[samples], of a short tune, another for each seed."""
    rng = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE)) / RATE
    pitches = 110 * 2 ** (rng.integers(0, 36, 8) / 12)
    pitch = pitches[(at * rng.uniform(2, 6)).astype(int) % len(pitches)]
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    overtones = rng.dirichlet(np.ones(5))
    sound = sum(share * np.sin((row + 1) * phase) for row, share in enumerate(overtones))
    return np.asarray(0.8 * sound, np.float32)


def as_wav(samples: Floats, rate: int = RATE, channels: int = 1) -> bytes:
    """The file that it is, of 16 bits, the same in each channel."""
    file = io.BytesIO()
    with wave.open(file, "wb") as clip:
        clip.setnchannels(channels)
        clip.setsampwidth(2)
        clip.setframerate(rate)
        numbers = np.repeat((samples * 32_767).astype("<i2"), channels)
        clip.writeframes(numbers.tobytes())
    return file.getvalue()


CODECS = {
    "mp3": ("mp3", "libmp3lame"),
    "ogg": ("ogg", "libopus"),
    "flac": ("flac", "flac"),
    "m4a": ("mp4", "aac"),
    "wav": ("wav", "pcm_s16le"),
    "aac": ("adts", "aac"),
    "webm": ("webm", "libopus"),
    "aiff": ("aiff", "pcm_s16be"),
}
"""Ending → FFmpeg's names of the format and of the codec."""


def encoded(samples: Floats, ending: str, bit_rate: int = 48_000) -> bytes:
    """The file by PyAV."""
    import av

    form, codec = CODECS[ending]
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000 if codec == "libopus" else RATE)
        stream.bit_rate, stream.layout = bit_rate, "mono"
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[None], np.float32), format="flt", layout="mono"
        )
        frame.rate = RATE
        resampler = av.AudioResampler(stream.format.name, "mono", stream.rate)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return file.getvalue()


def hour_of_silence() -> bytes:
    """An mp3 of a second of silence, over and over."""
    second = encoded(np.zeros(RATE, np.float32), "mp3", 8_000)
    start = second.index(b"\xff\xe3") if b"\xff\xe3" in second else second.index(b"\xff\xf3")
    return second[start:] * 3_600


def zip_bytes() -> bytes:
    """An archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a" * 1000)
    return file.getvalue()


def hostile_clips() -> dict[str, tuple[bytes, str]]:
    """What somebody may call a clip, by name, and what is said of it."""
    return {
        "zip.mp3": (zip_bytes(), "no clip that is read here"),
        "list.mp3": (b"#EXTM3U\n#EXTINF:1\n/etc/passwd\n", "no clip that is read here"),
        "parts.mp3": (b"ffconcat version 1.0\nfile /etc/passwd\n", "no clip that is read here"),
        "empty.ogg": (b"", "no clip that is read here"),
        "silence.wav": (as_wav(np.zeros(RATE, np.float32)), "it is silent"),
        "nothing.wav": (as_wav(np.zeros(0, np.float32)), "there is no sound in it"),
        "short.wav": (as_wav(tones(1, 0.05)), "shorter than 0.1 seconds"),
        "noise.mp3": (b"\xff\xfb" + np.random.default_rng(0).bytes(50_000), "cut off or damaged"),
        "cut.m4a": (encoded(tones(1), "m4a")[:2_000], "cut off or damaged"),
    }


def write_all(folder: Path, files: dict[str, bytes]) -> None:
    """Into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
