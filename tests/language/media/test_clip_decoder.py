"""Clips of all forms become samples; what is none ends with a reason, in bounded time and memory,
and of what is long or cut off a part is heard, which is said.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.decoder import ClipDecoder
from foretaste.language.media.windows import cut_windows, spread_starts
from language.media.clips import (
    CODECS,
    RATE,
    as_wav,
    encoded,
    hostile_clips,
    hour_of_silence,
    tones,
)

pytest.importorskip("av", reason="PyAV is not installed; pip install 'foretaste[audio]'")
MAX_PEAK_BYTES = 300_000_000
MAX_WINDOWS = 12


@pytest.fixture(scope="module")
def decoder() -> Iterator[ClipDecoder]:
    opened = ClipDecoder(MAX_WINDOWS, lambda: RATE)
    yield opened
    opened.close()


def peak_bytes(decoder: ClipDecoder) -> int:
    """The most memory that the process that decodes has had."""
    assert decoder._process._process is not None
    status = Path(f"/proc/{decoder._process._process.pid}/status").read_text()
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(peak) * 1024


@pytest.mark.parametrize("ending", CODECS)
def test_forms_that_shops_have_are_read(decoder: ClipDecoder, ending: str) -> None:
    samples, note = decoder.decode(encoded(tones(1), ending))
    assert note == ""
    assert len(samples) == pytest.approx(2 * RATE, abs=0.15 * RATE)  # AAC fills up
    assert 0.5 < np.abs(samples).max() <= 1


def test_samples_are_those_of_the_file(decoder: ClipDecoder) -> None:
    samples, _ = decoder.decode(as_wav(tones(2)))
    assert np.allclose(samples, tones(2), atol=1e-3)


def test_channels_are_mixed_and_the_rate_is_that_of_who_listens(decoder: ClipDecoder) -> None:
    samples, note = decoder.decode(as_wav(tones(2, 6.0), rate=192_000, channels=8))
    assert len(samples) == pytest.approx(6 * RATE * RATE / 192_000, abs=100)
    assert note == ""
    assert peak_bytes(decoder) < MAX_PEAK_BYTES


@pytest.mark.parametrize("name", hostile_clips())
def test_what_is_no_clip_is_told_with_the_reason(decoder: ClipDecoder, name: str) -> None:
    content, reason = hostile_clips()[name]
    with pytest.raises(UnusableMedia) as error:
        decoder.decode(content)
    assert reason in str(error.value)


@pytest.mark.parametrize("ending", ["mp3", "wav", "flac"])
def test_what_is_cut_off_is_heard_up_to_there(decoder: ClipDecoder, ending: str) -> None:
    content = encoded(tones(1, 12), ending)
    samples, note = decoder.decode(content[: len(content) // 3])
    assert 2 * RATE < len(samples) < 6 * RATE
    if ending != "wav":  # a cut wav says nothing of its length to FFmpeg
        assert re.search(r"its data end after \d\.\d of 12\.\d seconds, which were heard", note)


def test_of_a_long_clip_windows_are_heard_and_that_is_said() -> None:
    decoder = ClipDecoder(2, lambda: RATE)
    start, end = tones(3, 5), tones(4, 5)
    middle = np.zeros(10 * RATE, np.float32)
    samples, note = decoder.decode(as_wav(np.concatenate([start, middle, end])))
    decoder.close()
    assert note == "of its 20 seconds 2 windows of 5 were heard"
    assert np.allclose(samples, np.concatenate([start, end]), atol=1e-3)


def test_an_hour_of_silence_takes_no_longer_than_a_minute(decoder: ClipDecoder) -> None:
    content = hour_of_silence()
    start = time.process_time()
    with pytest.raises(UnusableMedia, match="it is silent"):
        decoder.decode(content)
    assert time.process_time() - start < 1  # of this process; the other has its limit
    samples, _ = decoder.decode(as_wav(tones(1)))
    assert len(samples) == 2 * RATE
    assert peak_bytes(decoder) < MAX_PEAK_BYTES


def test_windows_are_spread_from_the_start_to_the_end() -> None:
    assert spread_starts(65, 4) == [0, 20, 40, 60]
    assert spread_starts(3, 1) == [0]


def test_a_last_window_that_is_hardly_there_is_left_out() -> None:
    assert [len(window) for window in cut_windows(tones(1, 12), RATE)] == [80_000, 80_000, 32_000]
    assert [len(window) for window in cut_windows(tones(1, 5.5), RATE)] == [80_000]
    assert [len(window) for window in cut_windows(tones(1, 0.5), RATE)] == [8_000]
