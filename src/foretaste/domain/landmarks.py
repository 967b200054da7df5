"""In: the peaks of a clip's spectrogram. Out: its landmarks, pairs of peaks that are found again in
every part of the same recording (Wang 2003, An industrial-strength audio search algorithm).
"""

from base64 import b64decode, b64encode

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Array

Peaks = npt.NDArray[np.uint32]
"""[peaks] ascending, each its frame times `BANDS_PER_FRAME` and its band."""
PEAKS_VERSION = "peaks:1"
"""Names how peaks are found and kept: others cannot be compared with them."""
PEAK_TYPE = "<u4"
BANDS_PER_FRAME = 1 << 16
MAX_QUERY_PEAKS = 600
"""Of a clip that is asked with, about half a minute, so that it can be kept with the question."""
MAX_FRAMES_APART, MAX_BANDS_APART = 63, 128
"""Of the two peaks of a landmark: a second, and 1,000 Hz."""
MAX_PEAKS_APART = 24
"""Peaks behind one that are looked at for its partners."""


def pack_peaks(frames: Array, bands: Array) -> bytes:
    """As items keep them: four bytes a peak. frames: [peaks] ascending; bands: [peaks]."""
    return (frames.astype(np.uint32) * BANDS_PER_FRAME + bands).astype(PEAK_TYPE).tobytes()


def unpack_peaks(content: bytes) -> Peaks:
    """The inverse."""
    return np.frombuffer(content, PEAK_TYPE).astype(np.uint32)


def encode_peaks(content: bytes) -> str:
    """Peaks that are asked with, as text that is short enough to be kept with the question."""
    return b64encode(content[: 4 * MAX_QUERY_PEAKS]).decode()


def decode_peaks(text: str) -> Peaks:
    """The inverse."""
    return unpack_peaks(b64decode(text))


def landmarks(peaks: Peaks, partners: int) -> tuple[Peaks, npt.NDArray[np.int32]]:
    """([landmarks], both bands and the frames between them in one number; [landmarks], the frame
    of the first peak). Each peak makes landmarks with the first `partners` peaks behind it.
    """
    frames = (peaks // BANDS_PER_FRAME).astype(np.int32)
    bands = (peaks % BANDS_PER_FRAME).astype(np.int32)
    counts = np.zeros(len(peaks), np.int32)
    hashes, starts = [np.empty(0, np.uint32)], [np.empty(0, np.int32)]
    for step in range(1, min(MAX_PEAKS_APART, len(peaks) - 1) + 1):
        frames_apart, bands_apart = frames[step:] - frames[:-step], bands[step:] - bands[:-step]
        is_landmark = (frames_apart > 0) & (frames_apart <= MAX_FRAMES_APART)
        is_landmark &= (np.abs(bands_apart) <= MAX_BANDS_APART) & (counts[:-step] < partners)
        firsts = np.flatnonzero(is_landmark)
        counts[firsts] += 1
        pairs = (bands[firsts] << 15) | (bands[firsts + step] << 6) | frames_apart[firsts]
        hashes.append(pairs.astype(np.uint32))
        starts.append(frames[firsts])
    return np.concatenate(hashes), np.concatenate(starts)
