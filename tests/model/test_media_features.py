"""Pictures and vectors as part of what the sequence network takes an item for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.arrays import QuantizedVectors
from foretaste.domain.data import Catalogue
from foretaste.domain.media import MediaSpace
from foretaste.model.experts.sequence import SequenceExpert
from foretaste.model.index import base
from foretaste.model.media_features import STATE_PREFIX, MediaFeatures
from foretaste.model.sequence_refit import refit_network
from foretaste.model.settings import ModelSettings

from .experts.contract import ExpertContract
from .world import ITEMS, SEQUENCE, SETTINGS, World, again, item, shelf

WITHOUT = [number for number in range(ITEMS) if number % 7 == 6]
ALL = np.arange(ITEMS, dtype=np.int32)


def settings(*, media_vectors: bool) -> ModelSettings:
    sequence = SEQUENCE.model_copy(update={"epochs": 4, "media_vectors": media_vectors})
    return SETTINGS.model_copy(update={"sequence": sequence})


def with_style(catalogue: Catalogue) -> Catalogue:
    """With vectors of its own, too, of the last 40 items alone."""
    style = np.random.default_rng(0).normal(size=(len(catalogue), 5)).astype(np.float32)
    style[:20] = 0
    return replace(catalogue, media=(*catalogue.media, MediaSpace("vector:style", "own:5", style)))


@pytest.fixture(scope="module")
def looking(here: World) -> SequenceExpert:
    """Fitted on two spaces."""
    training = here.training(settings(media_vectors=True))
    return SequenceExpert.fit(replace(training, catalogue=with_style(here.catalogue)))[0]


@pytest.fixture(scope="module")
def features(here: World) -> MediaFeatures:
    fitted = MediaFeatures.fit(with_style(here.catalogue), 16)
    assert fitted is not None
    return fitted


class TestSequenceThatLooks(ExpertContract):
    @pytest.fixture
    def fitted(self, here: World, looking: SequenceExpert, tmp_path: Path) -> Any:
        return again(looking, here.catalogue, tmp_path)


def test_what_an_item_lacks_adds_nothing(features: MediaFeatures, here: World) -> None:
    rows = features.rows(with_style(here.catalogue), range(ITEMS))
    assert features.metadata() == [("image", "sum of words"), ("vector:style", "own:5")]
    assert rows.shape == (ITEMS, features.width) == (ITEMS, 16 + 5)
    assert not rows[WITHOUT, :16].any()
    assert not rows[:20, 16:].any()
    has_both = [number for number in range(20, ITEMS) if number not in WITHOUT]
    assert rows[has_both, :16].any(axis=1).all()
    assert rows[has_both, 16:].any(axis=1).all()
    # zeros are the average of those that have one: at no end of any direction
    for own in (np.delete(rows[:, :16], WITHOUT, axis=0), rows[20:, 16:]):
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-6)


def test_a_large_catalogue_s_vectors_of_8_bits_are_read(
    features: MediaFeatures, here: World
) -> None:
    catalogue = with_style(here.catalogue)
    narrow = tuple(
        replace(space, vectors=QuantizedVectors.from_blocks([np.asarray(space.vectors)], ITEMS))
        if space.has_vectors
        else space
        for space in catalogue.media
    )
    rows = features.rows(replace(catalogue, media=narrow), range(ITEMS))
    np.testing.assert_allclose(rows, features.rows(catalogue, range(ITEMS)), atol=0.05)
    assert not rows[WITHOUT, :16].any()


def test_nothing_to_read_is_no_part_of_the_network(here: World) -> None:
    training = here.training(settings(media_vectors=True))
    (expert,) = SequenceExpert.fit(
        replace(training, catalogue=replace(here.catalogue, media=here.catalogue.media[1:]))
    )
    assert expert._network.media is None
    assert "media" not in expert.state()[1]


def test_it_is_left_out_unless_it_is_asked_for(here: World) -> None:
    (expert,) = SequenceExpert.fit(here.training(settings(media_vectors=False)))
    assert not [name for name in expert.state()[0] if name.startswith(("media", STATE_PREFIX))]


def test_what_an_item_looks_like_is_part_of_it(looking: SequenceExpert, here: World) -> None:
    blind = again_without_media(looking, here)
    looks = looking._composed_vectors(ALL) - blind._composed_vectors(ALL)
    has_none = [number for number in WITHOUT if number < 20]
    assert not looks[has_none].any()
    assert np.linalg.norm(np.delete(looks, WITHOUT, axis=0), axis=1).min() > 0.01


def again_without_media(expert: SequenceExpert, here: World) -> SequenceExpert:
    """As where the catalogue's pictures are of another encoder, so that they cannot be read."""
    spaces = tuple(replace(space, fingerprint="another") for space in here.catalogue.media)
    arrays, metadata = expert.state()
    return SequenceExpert.from_state(arrays, metadata, replace(here.catalogue, media=spaces))


def test_terms_add_up_to_the_score(looking: SequenceExpert, here: World) -> None:
    for taken in ((1, 2, 3), (20, 6), (13,)):
        context = here.took(*taken)
        totals = looking.terms(context, ALL).nats.sum(axis=1)
        np.testing.assert_allclose(totals, looking.log_prob([context])[0], rtol=1e-5)


def test_a_version_answers_as_it_was_trained(
    looking: SequenceExpert, here: World, tmp_path: Path
) -> None:
    catalogue = with_style(here.catalogue)
    contexts = [here.took(1, 2, 3), here.took(30, 31)]
    read = again(looking, catalogue, tmp_path)
    np.testing.assert_allclose(read.log_prob(contexts), looking.log_prob(contexts), atol=1e-5)


def test_a_picture_that_comes_later_is_read(
    looking: SequenceExpert, here: World, tmp_path: Path
) -> None:
    """As pictures of new items do, which are looked at beside."""
    expert = again(looking, here.catalogue, tmp_path)
    context = here.took(20, 21)
    before = expert.log_prob([context])[0]
    vectors = np.array(here.catalogue.media[0].vectors)
    vectors[6] = vectors[22]  # item 6 had none
    pictured = replace(here.catalogue.media[0], vectors=vectors)
    catalogue = replace(here.catalogue, media=(pictured, *here.catalogue.media[1:]))
    expert.grow(catalogue, [6])
    after = expert.log_prob([context])[0]
    assert abs(after[6] - before[6]) > 1e-3
    anew = SequenceExpert.from_state(*looking.state(), catalogue)
    np.testing.assert_allclose(after, anew.log_prob([context])[0], atol=1e-5)


def test_a_new_item_is_looked_at(looking: SequenceExpert, here: World, tmp_path: Path) -> None:
    grown = shelf([item(number) for number in range(ITEMS)] + [replace(item(7), id="i100")])
    expert = again(looking, here.catalogue, tmp_path)
    expert.grow(grown, ())
    anew = SequenceExpert.from_state(*looking.state(), grown)
    context = here.took(1, 2)
    np.testing.assert_allclose(expert.log_prob([context]), anew.log_prob([context]), atol=1e-4)
    assert expert._media is not None
    assert float(np.abs(expert._media[np.array([ITEMS])]).max()) > 0


def test_newer_events_teach_a_copy_alone(looking: SequenceExpert, here: World) -> None:
    network = looking._network
    assert network.media is not None
    before = network.media.project.weight.detach().clone()
    taught = refit_network(network, here.training(settings(media_vectors=True)))
    assert taught.media is not None
    assert taught.media.rows is network.media.rows
    assert not np.array_equal(taught.media.project.weight.detach(), before)
    assert np.array_equal(network.media.project.weight.detach(), before)


def test_a_large_catalogue_keeps_half_the_bits(
    looking: SequenceExpert, here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", 10)
    expert = SequenceExpert.from_state(*looking.state(), here.catalogue)
    assert expert._media is not None
    assert expert._media._rows.rows.dtype == np.float16
