"""In: the samples of a clip. Out: the peaks of its spectrogram, which stay where they are when it
is cropped, when noise comes to it, and when it is compressed anew (Wang 2003, An
industrial-strength audio search algorithm, section 2.1).
"""

from math import gcd

import numpy as np

from foretaste.domain.arrays import Array
from foretaste.domain.data import Floats
from foretaste.domain.landmarks import pack_peaks

RATE = 8_000
"""Samples a second that are looked at: what is above 4,000 Hz is the first that compression takes.
"""
WINDOW_SAMPLES, HOP_SAMPLES = 1_024, 128
"""Of a frame, and from one to the next: a crop may begin anywhere between two."""
PEAK_FRAMES, PEAK_BANDS = 6, 8
"""To each side, within which a peak is the loudest."""
PEAKS_PER_SECOND = 20
MIN_LOUDNESS = 1e-4
"""Of a peak, as a share of the loudest."""


def clip_peaks(samples: Floats, sample_rate: int) -> bytes:
    """The loudest peaks of each second, as `landmarks.pack_peaks` has them.

    samples: [samples], -1 to 1. Four bytes a peak: 80 a second at most.
    """
    from scipy.ndimage import maximum_filter

    loudness = _spectrogram(samples, sample_rate)
    size = 2 * PEAK_FRAMES + 1, 2 * PEAK_BANDS + 1
    is_peak = loudness == maximum_filter(loudness, size, mode="constant")
    is_peak &= loudness > MIN_LOUDNESS * loudness.max()
    frames, bands = np.nonzero(is_peak)
    seconds = frames * HOP_SAMPLES // RATE
    order = np.lexsort((-loudness[frames, bands], seconds))  # the loudest of each second first
    ranks = np.arange(len(order)) - np.searchsorted(seconds[order], seconds[order])
    kept_rows = np.sort(order[ranks < PEAKS_PER_SECOND])
    return pack_peaks(frames[kept_rows], bands[kept_rows])


def _spectrogram(samples: Floats, sample_rate: int) -> Array:
    """[frames, bands] of `RATE` / `WINDOW_SAMPLES` Hz each, without the lowest."""
    from scipy.fft import rfft
    from scipy.signal import resample_poly
    from scipy.signal.windows import hann

    divisor = gcd(RATE, sample_rate)
    resampled = resample_poly(samples, RATE // divisor, sample_rate // divisor).astype(np.float32)
    padded = np.pad(resampled, (0, max(WINDOW_SAMPLES - len(resampled), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    window = hann(WINDOW_SAMPLES).astype(np.float32)
    return np.abs(rfft(frames * window, axis=1))[:, 1:]
