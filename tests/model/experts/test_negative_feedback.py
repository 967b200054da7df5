"""Refusal: what is like the refused falls, the more alike the more, and nothing else does."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from foretaste.model.experts import negative_feedback as module
from foretaste.model.experts.negative_feedback import NegativeFeedbackExpert
from foretaste.model.fit import fit_experts
from foretaste.model.settings import ModelSettings, NegativeFeedbackSettings

from ..world import EACH, ITEMS, World, did, item, shelf


def made(here: World, **changed: float) -> NegativeFeedbackExpert:
    return NegativeFeedbackExpert(NegativeFeedbackSettings(**changed), here.catalogue)


def means(row: np.ndarray) -> list[float]:
    """Of the clusters."""
    return [float(row[c * EACH : (c + 1) * EACH].mean()) for c in range(4)]


def test_items_like_the_refused_fall_and_the_others_do_not(here: World) -> None:
    expert = made(here)
    row = expert.log_prob([here.behaviour(did(20, 0, "hide"))])[0]
    river, lunar, garden, jazz = means(row)

    assert lunar < min(river, garden, jazz) - 0.5
    assert max(river, garden, jazz) - min(river, garden, jazz) < 0.3


def test_the_likeness_of_twins_is_one_and_of_strangers_nothing(here: World) -> None:
    larger = shelf([*here.items, replace(here.items[20], id="twin")])
    expert = NegativeFeedbackExpert(NegativeFeedbackSettings(), larger)
    likeness = expert.likeness(20)

    assert likeness[20] == pytest.approx(1, abs=1e-5)
    assert likeness[ITEMS] == pytest.approx(1, abs=1e-5)
    assert likeness.min() >= 0
    assert likeness[1] < 0.2


def test_what_was_asked_for_before_is_as_if_asked_for_the_first_time(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of likeness are kept, as many as there is room for."""
    monkeypatch.setattr(module, "MAX_CACHED_BYTES", 2 * 4 * ITEMS)
    expert = made(here)
    for hidden in ([20, 21], [21, 22, 20], [22], [23, 20, 21], []):
        context = here.behaviour(*(did(item, hour, "hide") for hour, item in enumerate(hidden)))
        np.testing.assert_allclose(
            expert.log_prob([context]), made(here).log_prob([context]), rtol=1e-6
        )
        assert len(expert._likeness_rows) <= 2
    grown = copy.copy(expert)
    grown.grow(shelf([*here.items, replace(here.items[20], id="twin")]), [ITEMS])
    one_hidden = here.behaviour(did(20, 0, "hide"))
    assert grown.log_prob([one_hidden]).shape == (1, ITEMS + 1)
    assert expert.log_prob([one_hidden]).shape == (1, ITEMS)


def test_each_further_refusal_pushes_on(here: World) -> None:
    expert = made(here)
    hides = [did(20 + n, n, "hide") for n in range(3)]
    falls = [means(expert.log_prob([here.behaviour(*hides[:n])])[0])[1] for n in range(4)]

    assert falls[0] > falls[1] > falls[2] > falls[3]


def test_what_was_taken_again_is_refused_no_more(here: World) -> None:
    expert = made(here)
    again = here.behaviour(did(20, 0, "hide"), did(20, 1))

    assert not expert.is_active(again)
    assert not expert.is_active(here.took(20, 21))
    assert expert.is_active(here.behaviour(did(20, 0), did(20, 1, "dislike")))


def test_only_the_last_refusals_count_the_newest_most(here: World) -> None:
    expert = made(here, last=2, decay=0.5)
    hides = [did(n, at, "hide") for at, n in enumerate((1, 20, 40))]

    assert expert.negative_items(here.behaviour(*hides)) == [(40, 1.0), (20, 0.5)]


def test_terms_name_the_refused_item_and_never_raise_the_score(here: World) -> None:
    expert = made(here)
    (terms,) = expert.terms(here.behaviour(did(20, 0, "hide")), np.array([21], np.int32))

    assert [term.event for term in terms] == [None, "i20"]
    assert terms[1].nats < -0.5


def test_a_weaker_kind_pushes_less(here: World) -> None:
    one = here.behaviour(did(20, 0, "hide"))
    half = replace(one, weight=one.weight / np.float32(2))
    expert = made(here)
    items = np.array([21], np.int32)

    whole = expert.terms(one, items)[0][1].nats
    assert expert.terms(half, items)[0][1].nats == pytest.approx(whole / 2)


def test_a_large_catalogue_has_an_estimated_normaliser(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = here.behaviour(did(20, 0, "hide"), did(50, 1, "hide"))
    exact = made(here).log_prob([one])[0]
    monkeypatch.setattr(module, "MAX_EXACT_ITEMS", 30)
    estimated = made(here).log_prob([one])[0]

    np.testing.assert_allclose(np.diff(estimated), np.diff(exact), atol=1e-5)
    np.testing.assert_allclose(estimated, exact, atol=0.3)


def test_a_part_of_the_items_is_told_as_in_the_whole(here: World) -> None:
    opinion = made(here).scorer(here.behaviour(did(20, 0, "hide")))
    some = np.array([44, 3, 21], np.int32)

    np.testing.assert_allclose(opinion.log_prob(some), opinion.log_prob()[some], atol=1e-5)


def test_a_new_item_falls_too(here: World) -> None:
    expert = made(here)
    expert.grow(shelf([*here.items, item(60, 1), item(61, 2)]))
    row = expert.log_prob([here.behaviour(did(20, 0, "hide"))])[0]

    assert row[60] < row[61] - 0.5


def test_without_text_the_attributes_tell_and_without_either_it_is_left_out(here: World) -> None:
    blind = replace(here.catalogue, vectors=np.zeros_like(here.catalogue.vectors))
    row = NegativeFeedbackExpert(NegativeFeedbackSettings(), blind).log_prob(
        [here.behaviour(did(20, 0, "hide"))]
    )[0]
    assert means(row)[1] < means(row)[0] - 0.3

    bare = replace(blind, features=())
    wanted = ModelSettings(experts=("refusal", "popularity"))
    experts = fit_experts(replace(here.training(wanted), catalogue=bare))
    assert [one.name for one in experts] == ["popularity"]
