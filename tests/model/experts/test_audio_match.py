"""Audio match: a part of a recording finds its item, and an unknown clip finds none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, UserContext
from foretaste.domain.landmarks import (
    BANDS_PER_FRAME,
    MAX_QUERY_PEAKS,
    Peaks,
    decode_peaks,
    encode_peaks,
    unpack_peaks,
)
from foretaste.domain.media import AUDIO_MATCH, SAME_RECORDING
from foretaste.model import landmark_index
from foretaste.model.experts.audio_match import MAX_NATS, AudioMatchExpert
from foretaste.model.experts.media import QUERY_WEIGHT
from foretaste.model.landmark_index import LandmarkIndex
from foretaste.model.product import ProductOfExperts

from ..world import ITEMS, World, again, peaks, shelf


def asked(here: World, query: Peaks, *taken: int) -> UserContext:
    return replace(here.took(*taken), media_queries={AUDIO_MATCH: query})


def part(seed: int, start: int = 300, noise: int = 60) -> Peaks:
    """Five seconds of a clip, from a frame on, of which some peaks are gone and others are new."""
    rng, own = np.random.default_rng(seed + 99), unpack_peaks(peaks(seed))
    frames = own // BANDS_PER_FRAME
    own = own[(frames >= start) & (frames < start + 312)] - start * BANDS_PER_FRAME
    own = rng.permutation(own)[: len(own) * 2 // 3]
    new = rng.integers(0, 312, noise) * BANDS_PER_FRAME + rng.integers(0, 512, noise)
    return np.sort(np.concatenate([own, new])).astype(np.uint32)


@pytest.mark.parametrize("taken", [(), (1, 2, 3)])
def test_a_part_of_a_clip_finds_its_item_and_says_so(
    product: ProductOfExperts, here: World, taken: tuple[int, ...]
) -> None:
    question = asked(here, part(40), *taken)
    weights = product.expert_weights([question])[0]
    assert weights[product.names.index(AUDIO_MATCH)] == QUERY_WEIGHT
    assert int(np.argmax(product.score([question])[0])) == 40
    (terms,) = product.terms(question, np.array([40], np.int32))
    assert max(terms, key=lambda term: term.nats).feature == SAME_RECORDING


def test_an_unknown_clip_leaves_all_items_alike(product: ProductOfExperts, here: World) -> None:
    expert = product.experts[product.names.index(AUDIO_MATCH)]
    claimed = 0
    for seed in range(1000, 1100):
        row = expert.log_prob([asked(here, unpack_peaks(peaks(seed)))])[0]
        claimed += int(np.ptp(row) > 0)
    assert claimed == 0
    silent = expert.log_prob([asked(here, np.empty(0, np.uint32))])[0]
    assert np.ptp(silent) == 0


def test_without_a_clip_it_says_nothing(product: ProductOfExperts, here: World) -> None:
    expert = product.experts[product.names.index(AUDIO_MATCH)]
    assert not expert.is_active(here.took(1, 2))
    assert AudioMatchExpert.fit(replace(here.training(), catalogue=_silent(here))) == []


def _silent(here: World) -> Catalogue:
    return replace(here.catalogue, media=here.catalogue.media[:1])


def test_a_version_opens_where_the_clips_are_gone(here: World, tmp_path: Path) -> None:
    (fitted,) = AudioMatchExpert.fit(here.training())
    silent = again(fitted, _silent(here), tmp_path)
    assert np.ptp(silent.log_prob([asked(here, part(40))])) == 0
    silent.grow(shelf(here.items))
    assert int(np.argmax(silent.log_prob([asked(here, part(40))]))) == 40


def test_new_and_changed_clips_are_found_and_old_ones_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clips = np.array([*(peaks(seed) for seed in range(30)), None], object)[:-1]
    index = LandmarkIndex.build(clips)
    changed = np.array([*clips, peaks(50), None], object)[:-1]
    changed[3] = peaks(60)
    grown = index.updated(changed, [3])
    assert len(grown.base.hashes) == len(index.base.hashes)  # what was there was not done again
    for seed, item in ((50, 30), (60, 3), (7, 7)):
        items, nats = grown.matches(part(seed))
        assert items.tolist() == [item]
        assert nats[0] > 20
    assert not len(grown.matches(part(3))[0])
    assert index.matches(part(3))[0].tolist() == [3]
    monkeypatch.setattr(landmark_index, "MIN_REBUILT_LANDMARKS", 0)
    monkeypatch.setattr(landmark_index, "REBUILT_SHARE", 0.0)
    rebuilt = index.updated(changed, [3])
    assert not len(rebuilt.recent_items)
    np.testing.assert_allclose(rebuilt.matches(part(60))[1], grown.matches(part(60))[1], rtol=0.05)


def test_little_in_common_at_many_places_is_no_match_and_a_loop_is() -> None:
    bar = unpack_peaks(peaks(5))
    bar = bar[bar // BANDS_PER_FRAME < 60]
    loop = np.concatenate([bar + np.uint32(60 * turn * BANDS_PER_FRAME) for turn in range(10)])
    clips = [loop.astype("<u4").tobytes(), peaks(1), None]
    index = LandmarkIndex.build(np.array(clips, object)[:-1])
    assert index.matches(loop[: len(bar) * 5])[0].tolist() == [0]
    other = unpack_peaks(peaks(77))
    sample = np.sort(np.concatenate([bar[:8], other + np.uint32(60 * BANDS_PER_FRAME)]))
    assert not len(index.matches(sample)[0])
    assert index.matches(part(1))[0].tolist() == [1]


def test_two_items_of_one_recording_are_both_named(here: World) -> None:
    items = [replace(one) for one in here.items]
    catalogue = shelf(items)
    clips = np.asarray(catalogue.media[1].vectors).copy()
    clips[8] = clips[40]
    media = (catalogue.media[0], replace(catalogue.media[1], vectors=clips))
    expert = AudioMatchExpert(replace(catalogue, media=media))
    row = expert.log_prob([asked(here, part(40))])[0]
    assert sorted(np.argsort(-row)[:2].tolist()) == [8, 40]
    assert MAX_NATS + 1 > row[8] - np.median(row) > 20


def test_common_landmarks_are_passed_over_where_they_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clips = np.array([*(peaks(seed) for seed in range(ITEMS)), None], object)[:-1]
    index = LandmarkIndex.build(clips)
    monkeypatch.setattr(landmark_index, "MAX_POSTINGS", 0)
    assert not len(index.matches(part(3))[0])


def test_a_question_is_kept_short() -> None:
    content = np.arange(10_000, dtype="<u4").tobytes()
    assert decode_peaks(encode_peaks(content)).tolist() == list(range(MAX_QUERY_PEAKS))
