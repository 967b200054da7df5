"""Media: what looks like the recent items, or like a picture that is asked with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.media import MediaSpace
from foretaste.model.experts.media import DECAY_GRID, QUERY_WEIGHT, TEMPERATURE_GRID, MediaExpert
from foretaste.model.fit import fit_product
from foretaste.model.media_projection import fit_projection
from foretaste.model.product import ProductOfExperts

from ..world import EACH, ITEMS, SETTINGS, World, again, did, item, shelf

WITHOUT = [number for number in range(ITEMS) if number % 7 == 6]


@pytest.fixture(scope="module")
def expert(here: World) -> MediaExpert:
    (fitted,) = MediaExpert.fit(here.training())
    return fitted


def space(here: World) -> Floats:
    return np.asarray(here.catalogue.media[0].vectors)


def test_what_looks_alike_is_likelier(expert: MediaExpert, here: World) -> None:
    row = expert.log_prob([here.took(1, 2)])[0]
    own = [number for number in range(EACH) if number not in WITHOUT]
    others = [number for number in range(EACH, ITEMS) if number not in WITHOUT]
    assert row[own].min() > row[others].max()


def test_an_item_without_a_picture_gets_the_mean_of_the_others(
    expert: MediaExpert, here: World
) -> None:
    for taken in ((1, 2), (20,), (50, 1)):
        row = expert.log_prob([here.took(*taken)])[0]
        mean = np.delete(row, WITHOUT).mean()
        assert row[WITHOUT] == pytest.approx(np.full(len(WITHOUT), mean), abs=1e-3)


def test_a_history_without_pictures_says_nothing(expert: MediaExpert, here: World) -> None:
    assert not expert.is_active(here.took(*WITHOUT[:2]))
    assert not expert.is_active(here.behaviour(did(1, 0, "hide")))
    assert expert.is_active(here.took(*WITHOUT[:2], 1))
    with_one, alone = here.took(1, *WITHOUT[:3]), here.took(1)
    np.testing.assert_allclose(expert.log_prob([with_one]), expert.log_prob([alone]), atol=1e-5)


def test_decay_and_temperature_are_chosen(expert: MediaExpert) -> None:
    _, metadata = expert.state()
    assert metadata["settings"]["decay"] in DECAY_GRID
    assert metadata["settings"]["temperature"] in TEMPERATURE_GRID


def test_a_picture_that_is_asked_with_finds_its_item(
    product: ProductOfExperts, here: World
) -> None:
    noise = np.random.default_rng(0).normal(size=16) * 0.05
    query = np.asarray(space(here)[40] + noise, np.float32)
    for context in (here.took(), here.took(1, 2, 3)):
        asked = replace(context, media_queries={"image": query})
        weights = product.expert_weights([asked])[0]
        assert weights[product.names.index("media:image")] == QUERY_WEIGHT
        assert int(np.argmax(product.score([asked])[0])) == 40
        (terms,) = product.terms(asked, np.array([40], np.int32))
        assert max(terms, key=lambda term: term.nats).feature == "picture"


def test_words_beside_a_picture_decide_among_what_looks_like_it(
    expert: MediaExpert, here: World
) -> None:
    """Else “like this, but red” would show what is asked with."""
    alone = replace(here.took(), media_queries={"image": space(here)[40]})
    worded = replace(here.took(query="rose"), media_queries=alone.media_queries)
    rows = expert.log_prob([alone, worded])
    spreads = np.ptp(rows, axis=1)
    assert spreads[1] == pytest.approx(spreads[0] / 10, rel=1e-3)
    assert np.argmax(rows[1]) == 40


def test_a_query_of_another_width_is_passed_over(expert: MediaExpert, here: World) -> None:
    asked = replace(here.took(), media_queries={"image": np.ones(3, np.float32)})
    assert not expert.is_active(asked)
    other = replace(here.took(), media_queries={"audio": np.ones(16, np.float32)})
    assert not expert.is_active(other)


def test_every_space_is_an_expert(here: World) -> None:
    own = MediaSpace("vector:style", "own:16", space(here)[::-1].copy())
    catalogue = replace(here.catalogue, media=(*here.catalogue.media, own))
    training = replace(here.training(), catalogue=catalogue)
    assert [expert.name for expert in MediaExpert.fit(training)] == [
        "media:image",
        "media:vector:style",
    ]


@pytest.mark.parametrize("vectors", [np.zeros((ITEMS, 4)), np.ones((ITEMS, 4)) / 2])
def test_a_space_that_tells_nothing_apart_is_left_out(here: World, vectors: Floats) -> None:
    empty = MediaSpace("image", "x", vectors.astype(np.float32))
    catalogue = replace(here.catalogue, media=(empty,))
    assert MediaExpert.fit(replace(here.training(), catalogue=catalogue)) == []


@pytest.mark.parametrize("media", ["none", "other encoder"])
def test_it_is_silent_where_its_space_is_gone(
    expert: MediaExpert, here: World, tmp_path: Path, media: str
) -> None:
    spaces = tuple(replace(own, fingerprint="another") for own in here.catalogue.media)
    catalogue: Catalogue = replace(here.catalogue, media=spaces if media != "none" else ())
    silent = again(expert, catalogue, tmp_path)
    assert not silent.is_active(here.took(1, 2))
    assert np.ptp(silent.log_prob([here.took(1, 2)])) < 1e-6
    silent.grow(shelf([item(number) for number in range(ITEMS)]))
    assert silent.is_active(here.took(1, 2))


def test_directions_of_least_difference_are_dropped(here: World) -> None:
    projection = fit_projection(here.catalogue.media[0].vectors, 3)
    assert projection is not None
    rows = projection.rows(space(here))
    assert rows.shape == (ITEMS, 3)
    clusters = rows.reshape(4, EACH, 3)
    within = np.mean(
        [np.delete(block, WITHOUT[:2], axis=0).var(axis=0).sum() for block in clusters]
    )
    assert within < 0.5


def test_what_all_differ_in_does_not_hide_what_tells_two_apart() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 16)).astype(np.float32)
    vectors[:, 0] *= 6  # such as brightness
    altered = np.asarray(vectors + rng.normal(size=vectors.shape) / 3, np.float32)
    altered[:, 0] += 6 * rng.normal(size=60)
    projection = fit_projection(vectors, 16)
    assert projection is not None
    nearest = np.argmax(projection.rows(altered) @ projection.rows(vectors).T, axis=1)
    assert np.mean(nearest == np.arange(60)) > 0.75  # .62 about the mean alone


def test_the_literal_product_has_it_too(here: World) -> None:
    settings = SETTINGS.model_copy(update={"weights": "one", "experts": ("popularity", "media")})
    product = fit_product(here.training(settings))
    assert product.names == ("popularity", "media:image")
    assert product.expert_weights([here.took(1)])[0].tolist() == [1, 1]
