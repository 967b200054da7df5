"""Which clips have a landmark where. In: the peaks of items' clips; out: the items that a clip that
is asked with is the recording of, and how certain that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import Array
from foretaste.domain.data import Floats, Ints
from foretaste.domain.landmarks import BANDS_PER_FRAME, Peaks, landmarks, unpack_peaks

PARTNERS = 5
"""Landmarks that a peak begins."""
MIN_MATCHES, MIN_MATCH_LEAD = 5, 4
"""Frames of the clip that is asked with that must lie in an item's clip at one and the same
distance, and by how many more than at any other: a tune that repeats itself has as much in common
with another of its pitches at many."""
MIN_CLEAR_SHARE = 0.2
"""Of the frames that are asked with: where so many lie at one distance, others may have as many, as
in a loop, which is at home in one item all the same."""
NEAR_FRAMES = 3
"""Distances that are one and the same."""
MAX_COMPARED_ITEMS = 50
MAX_POSTINGS = 1_000_000
"""Places of landmarks that are looked at for a question, of the rarest landmarks first."""
MIN_REBUILT_LANDMARKS, REBUILT_SHARE = 50_000, 0.125
"""Landmarks of new and changed items, as a share of all, from which they are put among the rest."""
MAX_FRAME_SHIFT = 1 << 20
"""More frames than a clip has."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Where landmarks are, ascending by landmark."""

    hashes: Peaks
    """[landmarks]"""
    items: Ints
    """[landmarks]"""
    frames: npt.NDArray[np.uint16]
    """[landmarks]"""

    @classmethod
    def of(cls, items: Ints, clips: Array) -> Self:
        """Of these items, each with its clip's peaks."""
        parts = [landmarks(unpack_peaks(clip), PARTNERS) for clip in clips]
        hashes = np.concatenate([np.empty(0, np.uint32), *(part[0] for part in parts)])
        frames = np.concatenate([np.empty(0, np.int32), *(part[1] for part in parts)])
        owners = np.repeat(items, [len(part[0]) for part in parts]).astype(np.int32)
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], owners[order], frames[order].astype(np.uint16))

    def ranges(self, hashes: Peaks) -> tuple[Array, Array]:
        """([hashes] where those of each begin, [hashes] how many there are)."""
        starts = np.searchsorted(self.hashes, hashes)
        return starts, np.searchsorted(self.hashes, hashes, side="right") - starts


@dataclass(frozen=True)
class LandmarkIndex:
    """The landmarks of a catalogue. It is never changed: `updated` gives another, in proportion to
    what is new, but for now and then.
    """

    base: Postings
    recent: Postings
    """Of the items in `recent_items`."""
    recent_items: Ints
    """[recent] ascending: what `base` says of them holds no longer."""
    frame_counts: Ints
    """[items], of each clip; 0 where there is none."""

    @classmethod
    def build(cls, clips: Array) -> Self:
        """clips: [items], the peaks of each as bytes, empty for none."""
        items = np.flatnonzero(_lengths(clips)).astype(np.int32)
        base = Postings.of(items, clips[items])
        empty_postings = Postings.of(items[:0], clips[:0])
        return cls(base, empty_postings, items[:0], _frame_counts(clips))

    def updated(self, clips: Array, changed: Sequence[int]) -> Self:
        """With the items behind those it has, and the changed ones. clips: [items], of all."""
        size = len(self.frame_counts)
        touched = np.unique([*changed, *range(size, len(clips))]).astype(np.int32)
        touched = np.union1d(self.recent_items, touched).astype(np.int32)
        recent = Postings.of(touched, clips[touched])
        if len(recent.hashes) > max(MIN_REBUILT_LANDMARKS, REBUILT_SHARE * len(self.base.hashes)):
            return self.build(clips)
        frame_counts = np.concatenate([self.frame_counts, _frame_counts(clips[size:])])
        frame_counts[touched] = _frame_counts(clips[touched])
        return replace(self, recent=recent, recent_items=touched, frame_counts=frame_counts)

    def matches(self, query: Peaks) -> tuple[Ints, Floats]:
        """([few] items ascending, [few] nats by which each is likelier to be the recording than to
        have so many landmarks in common with it by chance).
        """
        hashes, frames = landmarks(query, PARTNERS)
        rows, items, item_frames, rarity = self._common(hashes)
        shifts = item_frames.astype(np.int64) - frames[rows] + MAX_FRAME_SHIFT // 2
        place_keys = items * np.int64(MAX_FRAME_SHIFT) + shifts
        order = np.argsort(place_keys, kind="stable")
        place_keys, place_frames, rarity = place_keys[order], frames[rows[order]], rarity[order]
        common = CommonPlaces(place_keys, place_frames, rarity)
        n_frames, nats = len(np.unique(frames)), dict[int, float]()
        for item in common.best_items():
            best_matches, other_matches = common.best_distances(item)
            min_matches = min(len(other_matches) + MIN_MATCH_LEAD, MIN_CLEAR_SHARE * n_frames)
            if len(best_matches) >= max(MIN_MATCHES, min_matches):
                nats[item] = self._nats(best_matches, n_frames)
        matched_items = sorted(item for item, value in nats.items() if value > 0)
        return (
            np.array(matched_items, np.int32),
            np.array([nats[item] for item in matched_items], np.float32),
        )

    def _common(self, hashes: Peaks) -> tuple[Ints, Ints, Ints, Array]:
        """Where landmarks of a question are in clips: ([places] its landmark, [places] the item,
        [places] the frame, [places] log 1 / the chance of it in a frame).
        """
        parts = (self.base, self.recent)
        ranges = [part.ranges(hashes) for part in parts]
        counts = np.add(*(count for _, count in ranges))
        rarest = np.argsort(counts, kind="stable")
        looked_at = np.zeros(len(hashes), np.bool_)
        looked_at[rarest[np.cumsum(counts[rarest]) <= MAX_POSTINGS]] = True
        rarity = np.log(max(int(self.frame_counts.sum()), 1) / np.maximum(counts, 1))
        columns = []
        for part, (starts, own_counts) in zip(parts, ranges, strict=True):
            own_counts = np.where(looked_at, own_counts, 0)
            rows = np.repeat(np.arange(len(hashes), dtype=np.int32), own_counts)
            offsets = np.arange(len(rows)) - np.repeat(
                np.cumsum(own_counts) - own_counts, own_counts
            )
            places = starts[rows] + offsets
            if part is self.base and len(self.recent_items):
                is_current = ~np.isin(part.items[places], self.recent_items)
                rows, places = rows[is_current], places[is_current]
            columns.append((rows, part.items[places], part.frames[places], rarity[rows]))
        rows, items, frames, rarities = (
            np.concatenate(column) for column in zip(*columns, strict=True)
        )
        return rows, items, frames, rarities

    def _nats(self, rarity: Array, n_frames: int) -> float:
        """Log of 1 / the chance of such matches anywhere in the catalogue: of each that it is in
        one frame, times the ways to choose so many of the frames that are asked with, times the
        places where they could lie (a union bound).

        rarity: [matched frames], the rarest landmark of each.
        """
        log_choices = len(rarity) * np.log(np.e * n_frames / len(rarity))
        return float(rarity.sum() - log_choices - np.log(max(int(self.frame_counts.sum()), 1)))


class CommonPlaces:
    """Landmarks that a question and clips have in common, by item and distance in time."""

    def __init__(self, place_keys: Array, place_frames: Array, rarity: Array) -> None:
        """place_keys: [places] ascending, item and distance in one number. place_frames: [places],
        the frame of the question. rarity: [places].
        """
        self._place_keys, self._place_frames, self._rarity = place_keys, place_frames, rarity
        self._keys, firsts = np.unique(place_keys, return_index=True)
        sums = np.add.reduceat(rarity, firsts) if len(firsts) else rarity
        # a crop begins between two frames, so that a landmark lies in either
        self._sums = sums + np.where(np.diff(self._keys, append=-1) == 1, np.roll(sums, -1), 0)

    def best_items(self) -> list[int]:
        """Those with most in common at one distance."""
        owners = self._keys[np.argsort(-self._sums, kind="stable")] // MAX_FRAME_SHIFT
        _, firsts = np.unique(owners, return_index=True)
        items: list[int] = owners[np.sort(firsts)[:MAX_COMPARED_ITEMS]].tolist()
        return items

    def best_distances(self, item: int) -> tuple[Floats, Floats]:
        """([frames of the question that lie in the item's clip at its best distance], the rarest
        landmark of each; the same of the best that is not near it).
        """
        item_keys = slice(
            *np.searchsorted(self._keys, (item * MAX_FRAME_SHIFT, (item + 1) * MAX_FRAME_SHIFT))
        )
        keys, sums = self._keys[item_keys], self._sums[item_keys]
        best_key = int(keys[np.argmax(sums)])
        is_far = np.abs(keys - best_key) > NEAR_FRAMES
        no_matches = np.empty(0, np.float32)
        other_matches = (
            self._matches(int(keys[is_far][np.argmax(sums[is_far])]))
            if is_far.any()
            else no_matches
        )
        return self._matches(best_key), other_matches

    def _matches(self, key: int) -> Floats:
        key_rows = slice(*np.searchsorted(self._place_keys, (key, key + 2)))
        matched_frames, positions = np.unique(self._place_frames[key_rows], return_inverse=True)
        rarest = np.zeros(len(matched_frames), np.float32)
        np.maximum.at(rarest, positions, self._rarity[key_rows].astype(np.float32))
        return rarest


def _lengths(clips: Array) -> Ints:
    return np.fromiter((len(clip) for clip in clips), np.int32, len(clips))


def _frame_counts(clips: Array) -> Ints:
    last_peaks = (unpack_peaks(clip[-4:]) for clip in clips)
    return np.fromiter(
        (int(peak[0]) // BANDS_PER_FRAME + 1 if len(peak) else 0 for peak in last_peaks),
        np.int32,
        len(clips),
    )
