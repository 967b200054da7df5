"""The product: a sum of its experts' opinions, in every way of asking for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Floats, UserContext
from foretaste.domain.impressions import Impressions
from foretaste.domain.landmarks import unpack_peaks
from foretaste.domain.media import AUDIO_MATCH
from foretaste.model.index.softmax import log_softmax
from foretaste.model.product import ProductOfExperts
from foretaste.model.request_facts import REQUEST_FACTS, measure_facts

from .world import HOUR, ITEMS, START, World, did, item, ordinary, peaks, shelf, strange

EVERY = np.arange(ITEMS, dtype=np.int32)


@pytest.fixture
def asked(here: World) -> list[UserContext]:
    return [*strange().values(), *ordinary(here)]


def opinions(product: ProductOfExperts, asked: list[UserContext]) -> list[Floats]:
    return [expert.log_prob(asked) for expert in product.experts]


def test_with_every_weight_one_it_is_the_sum_of_log_probabilities(
    product: ProductOfExperts, here: World
) -> None:
    hidden = did(50, 9, "hide")
    shown = Impressions(np.array([7], np.int32), np.array([START - 24 * HOUR]))
    clip = {AUDIO_MATCH: unpack_peaks(peaks(17))}
    asked = [
        replace(context, impressions=shown, media_queries=clip)
        for context in (
            here.behaviour(did(1, 0), did(2, 1), hidden, query="garden rose"),
            here.behaviour(did(40, 0), did(3, 1), hidden, query="lunar 20"),
        )
    ]
    assert all(expert.is_active(one) for expert in product.experts for one in asked)

    total = np.sum(
        [expert.log_prob(asked).astype(np.float64) for expert in product.experts], axis=0
    )
    np.testing.assert_allclose(product.literal().score(asked), total, rtol=1e-5, atol=1e-5)


def test_literal_leaves_out_those_with_nothing_to_say(
    product: ProductOfExperts, asked: list[UserContext]
) -> None:
    total = np.zeros((len(asked), ITEMS))
    for expert in product.experts:
        speaks = np.array([expert.is_active(one) for one in asked])
        total += expert.log_prob(asked) * speaks[:, None]

    np.testing.assert_allclose(product.literal().score(asked), total, rtol=1e-5, atol=1e-4)


def test_score_is_the_weighted_sum(product: ProductOfExperts, asked: list[UserContext]) -> None:
    plain = replace(product, offsets=None)
    exponents = plain.expert_weights(asked)
    total = sum(
        log_prob * exponents[:, [place]] for place, log_prob in enumerate(opinions(plain, asked))
    )
    np.testing.assert_allclose(plain.score(asked), total, rtol=1e-4, atol=1e-4)


def test_offsets_have_a_term_and_are_written_down(product: ProductOfExperts, here: World) -> None:
    offsets = np.array([[3, 2, 1, 0]] * 4, np.float32)
    bounds = np.array([[-1.0] * len(REQUEST_FACTS), [1.0] * len(REQUEST_FACTS)], np.float32)
    placed = replace(product, offsets=offsets, fact_bounds=bounds)
    states, facts = placed.state()
    back = ProductOfExperts.from_state(states, facts, here.catalogue)

    assert back.offsets is not None
    assert back.fact_bounds is not None
    np.testing.assert_array_equal(back.offsets, offsets)
    np.testing.assert_array_equal(back.fact_bounds, bounds)
    terms = back.terms(here.took(1, 2), np.array([5], np.int32))[0]
    offset = back.item_offsets(here.took(1, 2), np.array([5], np.int32))
    assert offset is not None
    assert [t.nats for t in terms if t.expert == "coldness"] == [pytest.approx(offset[0])]


def test_a_version_from_before_there_were_tiers_can_be_read(
    product: ProductOfExperts, here: World
) -> None:
    states, facts = replace(product, offsets=None, fact_bounds=None).state()
    arrays, _ = states["popularity"]
    del arrays["events"]
    back = ProductOfExperts.from_state(
        states, {**facts, "new": [0.5] * len(product.names) + [2.0]}, here.catalogue
    )

    assert back.offsets is not None
    assert back.offsets.shape == (4, 4)
    assert back.offsets[:, 0].tolist() == [2] * 4
    assert (np.diff(back.offsets) < 0).all()
    popularity = back.popularity
    assert popularity is not None
    np.testing.assert_array_equal(popularity.events, np.ceil(popularity.taken))


def test_beyond_what_was_seen_exponents_stay_as_they_are(
    product: ProductOfExperts, here: World
) -> None:
    bounds = product.fact_bounds
    assert bounds is not None
    place = REQUEST_FACTS.index("age of the last event")
    bent = replace(product, weights=product.weights.copy())
    bent.weights[place] = -3  # an age further out would leave nothing of any exponent
    asked = here.took(1, 2, 3)
    ages = [0.0, 2e6, 3e8]
    exponents = [bent.expert_weights([replace(asked, now=asked.at[-1] + age)])[0] for age in ages]

    assert product.facts([replace(asked, now=asked.at[-1] + 3e8)])[0, place] == bounds[1, place]
    np.testing.assert_array_equal(exponents[1], exponents[2])


def test_a_silence_of_everybody_is_not_an_age(product: ProductOfExperts, here: World) -> None:
    popularity = product.popularity
    assert popularity is not None
    free = replace(product, fact_bounds=None)
    last = popularity.latest_time
    asked = replace(here.took(1, 2), at=np.array([last - 60, last]))
    facts = [free.facts([replace(asked, now=last + days * 86_400)])[0] for days in (7, 30, 3650)]

    np.testing.assert_array_equal(facts[0], facts[1])
    np.testing.assert_array_equal(facts[1], facts[2])


def test_somebody_unknown_is_told_what_is_popular_and_nothing_else(
    product: ProductOfExperts, here: World
) -> None:
    placed = replace(product, offsets=np.array([[9, 9, 9, 0]] * 4, np.float32))
    popularity = placed.popularity
    assert popularity is not None

    np.testing.assert_allclose(placed.score([here.took()])[0], popularity.log_prob_row(), atol=1e-5)
    experts = {term.expert for term in placed.terms(here.took(), np.array([3], np.int32))[0]}
    assert experts == {"popularity"}


def test_combining_what_was_said_is_scoring(
    product: ProductOfExperts, asked: list[UserContext]
) -> None:
    combined = product.combine(opinions(product, asked), asked)

    np.testing.assert_allclose(combined, product.score(asked), rtol=1e-5, atol=1e-5)


def test_a_batch_is_its_behaviours_one_by_one(
    product: ProductOfExperts, asked: list[UserContext]
) -> None:
    alone = np.concatenate([product.score([one]) for one in asked])

    np.testing.assert_allclose(product.score(asked), alone, rtol=1e-4, atol=1e-3)


def test_the_terms_of_every_item_sum_to_its_score(
    product: ProductOfExperts, asked: list[UserContext]
) -> None:
    for one in asked:
        for deep in (True, False):
            terms = product.terms(one, EVERY, deep=deep)
            totals = [sum(term.nats for term in some) for some in terms]
            np.testing.assert_allclose(totals, product.score([one])[0], rtol=1e-4, atol=1e-3)


def test_only_those_with_something_to_say_weigh(
    product: ProductOfExperts, asked: list[UserContext]
) -> None:
    exponents = product.expert_weights(asked)
    active = [[expert.is_active(one) for expert in product.experts] for one in asked]

    assert (exponents >= 0).all()
    assert not exponents[~np.array(active)].any()
    assert exponents[np.array(active)].any()


def test_is_a_distribution_over_the_catalogue(
    product: ProductOfExperts, asked: list[UserContext]
) -> None:
    for log_prob in (product.log_prob(asked), product.literal().log_prob(asked)):
        assert np.isfinite(log_prob).all()
        np.testing.assert_allclose(np.logaddexp.reduce(log_prob, axis=1), 0, atol=1e-4)


def test_where_nobody_has_anything_to_say_popularity_does(
    product: ProductOfExperts, here: World
) -> None:
    silent = ProductOfExperts(product.experts, np.zeros_like(product.weights))
    popularity = product.experts[product.names.index("popularity")]
    asked = [here.took(1, 2), here.took()]

    np.testing.assert_allclose(silent.score(asked), popularity.log_prob(asked), atol=1e-5)
    np.testing.assert_allclose(
        silent.scorer(asked[1]).scores(), popularity.log_prob(asked)[1], atol=1e-5
    )


def test_without_popularity_either_all_is_as_likely(product: ProductOfExperts, here: World) -> None:
    experts = tuple(one for one in product.experts if one.name != "popularity")
    silent = ProductOfExperts(experts, np.zeros((len(product.weights), len(experts)), np.float32))

    assert not silent.score([here.took(1, 2)]).any()
    np.testing.assert_allclose(silent.log_prob([here.took()]), -np.log(ITEMS), atol=1e-5)


def test_exponents_are_linear_in_the_facts_and_never_below_nothing(
    product: ProductOfExperts, here: World
) -> None:
    weights = np.zeros_like(product.weights)
    place = product.names.index("transition")
    weights[REQUEST_FACTS.index("always"), place] = 0.25
    weights[REQUEST_FACTS.index("history length"), place] = 1.0
    bent = ProductOfExperts(product.experts, weights)
    few, many = bent.expert_weights([here.took(1), here.took(*range(30))])[:, place]

    assert few == 0  # 0.25 + log(2) / 2 - 1 is below nothing
    assert many == pytest.approx(0.25 + np.log1p(30) / 2 - 1, abs=1e-5)


def test_facts_are_of_about_one_size(here: World) -> None:
    even = np.full(ITEMS, -np.log(ITEMS), np.float32)
    facts = measure_facts([here.took(), here.took(*range(50), query="rose")], even)

    np.testing.assert_allclose(facts[0], [1, -1, 0, 0, 1, 0])
    np.testing.assert_allclose(facts[1], [1, np.log(51) / 2 - 1, 0, 1, 0, 0], atol=1e-5)
    lately, long_ago = (
        measure_facts([replace(here.took(1), now=START + days * 86_400)], even)[0, -1]
        for days in (1, 365)
    )
    assert 0 < lately < 1 < long_ago < 2.1


def test_a_model_older_than_a_fact_does_not_depend_on_it(
    product: ProductOfExperts, here: World
) -> None:
    states, facts = product.state()
    asked = [here.took(1, 2, 3)]
    older = {**facts, "facts": facts["facts"][:-1], "weights": facts["weights"][:-1]}
    read = ProductOfExperts.from_state(states, older, here.catalogue)
    weights = product.weights.copy()
    weights[-1] = 0

    np.testing.assert_allclose(read.score(asked), replace(product, weights=weights).score(asked))


def test_a_product_without_popularity_works(product: ProductOfExperts, here: World) -> None:
    kept = [e for e in product.experts if e.name in ("transition", "content")]
    small = ProductOfExperts(tuple(kept), np.eye(len(REQUEST_FACTS), 2, dtype=np.float32) * 0 + 1)

    np.testing.assert_allclose(
        small.score([here.took(4)]), sum(e.log_prob([here.took(4)]) for e in kept), atol=1e-4
    )


def test_what_it_learns_every_expert_learns(here: World, product: ProductOfExperts) -> None:
    states, facts = product.state()
    copied = {n: ({k: v.copy() for k, v in a.items()}, f) for n, (a, f) in states.items()}
    other = ProductOfExperts.from_state(copied, facts, here.catalogue)
    before, asked = other.score([here.took(7)])[0], here.took(7)
    for _ in range(20):
        other.learn(asked, 50, 1.0, 1.71e9)
    after = other.score([asked])[0]

    assert log_softmax(after)[50] > log_softmax(before)[50] + 1
    assert after[50] > after[[49, 51]].max()


def test_growing_reaches_every_expert(here: World, product: ProductOfExperts) -> None:
    states, facts = product.state()
    copied = {n: ({k: v.copy() for k, v in a.items()}, f) for n, (a, f) in states.items()}
    other = ProductOfExperts.from_state(copied, facts, here.catalogue)
    other.grow(shelf([*here.items, item(60, 2)]))
    asked = list(strange().values())

    assert other.score(asked).shape == (len(asked), ITEMS + 1)
    assert np.isfinite(other.score(asked)).all()
    rose = other.literal().log_prob([here.took(31, 33, 36)])[0]
    assert rose[60] > np.median(rose[:30])  # by its words alone it is near the roses


def test_told_names_every_expert_and_fact(product: ProductOfExperts, folder: Path) -> None:
    told = product.weights_by_expert()

    assert tuple(told)[: len(product.names)] == product.names
    assert all(tuple(told[name])[: len(REQUEST_FACTS)] == REQUEST_FACTS for name in product.names)
    assert told["popularity"]["always"] == pytest.approx(float(product.weights[0, 0]), abs=1e-4)
