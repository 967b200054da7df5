"""The sequence expert around its network; the network and its training have tests of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from foretaste.model.experts.sequence import MAX_EXPLAINED_EVENTS, SequenceExpert
from foretaste.model.product import ProductOfExperts
from foretaste.model.sequence_network import SequenceNetwork

from ..world import SEQUENCE, World, again, did


@pytest.fixture
def expert(product: ProductOfExperts) -> SequenceExpert:
    return next(e for e in product.experts if isinstance(e, SequenceExpert))


def test_speaks_from_the_first_event_be_it_a_search(expert: SequenceExpert, here: World) -> None:
    assert not expert.is_active(here.took())
    assert expert.is_active(here.took(1))
    assert expert.is_active(here.behaviour(did(None, 0, "search", query="rose")))


def test_a_reason_is_what_its_event_changes(expert: SequenceExpert, here: World) -> None:
    one, without = here.took(3, 4, 40), here.took(3, 4)
    (terms,) = expert.terms(one, np.array([41], np.int32))
    change = expert.log_prob([one])[0][41] - expert.log_prob([without])[0][41]

    assert [term.event for term in terms if term.event] == ["i3", "i4", "i40"]
    assert terms[-1].nats == pytest.approx(float(change), abs=1e-4)
    assert {term.feature for term in terms if not term.event} == {"average item", "whole history"}


def test_a_search_is_named_by_its_words(expert: SequenceExpert, here: World) -> None:
    one = here.behaviour(did(1, 0), did(None, 1, "search", query="garden rose"))
    (terms,) = expert.terms(one, np.array([33], np.int32))

    assert [term.event for term in terms if term.event] == ["i1", "garden rose"]


def test_a_long_history_is_explained_by_its_last_events(
    expert: SequenceExpert, here: World
) -> None:
    one = here.took(*range(40))
    (terms,) = expert.terms(one, np.array([41], np.int32))

    assert [term.event for term in terms if term.event] == [
        f"i{n}" for n in range(40 - MAX_EXPLAINED_EVENTS, 40)
    ]


def test_state_holds_no_text_vectors(expert: SequenceExpert) -> None:
    arrays, facts = expert.state()

    assert "vectors" not in arrays
    assert not [name for name in arrays if "words" in name]  # they are in the identities
    assert arrays["identity.weight"].shape == (61, facts["settings"]["dim"])


def test_without_looking_deep_it_is_the_last_events_too(
    expert: SequenceExpert, here: World
) -> None:
    (terms,) = expert.terms(here.took(3, 4), np.array([5], np.int32), deep=False)

    assert terms[0].feature == "average item"
    assert [term.event for term in terms if term.event] == ["i3", "i4"]


def test_a_refusal_of_a_kind_never_met_in_training_is_not_heard(
    expert: SequenceExpert, here: World, folder: Path
) -> None:
    """Else it would be an event like any other, and draw towards what was refused."""
    plain, refused = here.took(3, 4), here.behaviour(did(3, 0), did(4, 1), did(40, 2, "hide"))
    untaught = again(expert, here.catalogue, folder)
    with torch.no_grad():
        untaught._network.kind.weight[int(refused.kind[2]) + 1] = 0

    np.testing.assert_array_equal(untaught.log_prob([refused]), untaught.log_prob([plain]))
    assert (expert.log_prob([refused]) != expert.log_prob([plain])).any()


def test_what_the_network_is_not_told_of_changes_nothing_when_it_is_left_out(
    expert: SequenceExpert, here: World, folder: Path
) -> None:
    refused = here.behaviour(did(3, 0), did(40, 1, "hide"), did(4, 2), did(41, 3, "hide"))
    untaught = again(expert, here.catalogue, folder)
    with torch.no_grad():
        untaught._network.kind.weight[int(refused.kind[1]) + 1] = 0
    states = untaught._states_with_omissions(refused, range(4))
    plain = untaught._states_with_omissions(here.behaviour(did(3, 0), did(4, 2)), range(2))

    np.testing.assert_allclose(states, plain[[0, 1, 0, 2, 0]], atol=1e-6)
    took = [did(item, hour) for hour, item in enumerate(range(20))]
    hid = [did(40 + hour, 20 + hour, "hide") for hour in range(4)]
    states = untaught._states_with_omissions(here.behaviour(*took, *hid), range(20, 24))
    np.testing.assert_allclose(states, np.repeat(states[:1], 5, axis=0))
    (terms,) = untaught.terms(refused, np.array([5], np.int32), deep=False)
    unheard = [term.nats for term in terms if term.event in ("i40", "i41")]
    assert unheard == pytest.approx([0, 0], abs=1e-5)


def test_a_deep_scorer_says_the_same_in_one_pass(
    expert: SequenceExpert, here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    behaviour = here.behaviour(*(did(item, item) for item in range(8)))
    items = np.array([20, 9, 30], np.int32)
    plain, deep = expert.scorer(behaviour), expert.deep_scorer(behaviour)
    deep_terms = plain.terms(items)

    np.testing.assert_allclose(deep.log_prob(), plain.log_prob(), atol=1e-5)
    monkeypatch.delattr(SequenceExpert, "_states_with_omissions")  # no history is read again
    for is_deep, expected in ((True, deep_terms), (False, plain.terms(items, deep=False))):
        terms = deep.terms(items, deep=is_deep)
        assert terms.columns == expected.columns
        np.testing.assert_allclose(terms.nats, expected.nats, atol=1e-5)
    assert len(deep_terms.columns) == 2 + 8


@pytest.mark.parametrize("layers", [1, 2])
def test_one_whose_layers_the_data_chose_is_read_back_with_as_many(
    layers: int, here: World, folder: Path
) -> None:
    vectors = torch.from_numpy(np.pad(np.asarray(here.catalogue.vectors), ((1, 0), (0, 0))))
    event_types = len(here.histories.event_types)
    network = SequenceNetwork(
        vectors, SEQUENCE.model_copy(update={"layers": layers}), 12, event_types, 0.0
    )
    open_settings = SEQUENCE.model_copy(update={"layers": None})
    expert = SequenceExpert(network, open_settings, here.catalogue)
    back = again(expert, here.catalogue, folder)

    asked = [here.took(1, 2)]
    np.testing.assert_allclose(back.log_prob(asked), expert.log_prob(asked), atol=1e-5)


def test_one_saved_before_values_and_times_were_read_answers_still(here: World) -> None:
    network = SequenceNetwork(
        torch.from_numpy(np.pad(np.asarray(here.catalogue.vectors), ((1, 0), (0, 0)))),
        SEQUENCE,
        12,
        len(here.histories.event_types),
        0.0,
    )
    arrays, facts = SequenceExpert(network, SEQUENCE, here.catalogue).state()
    del arrays["value.weight"], arrays["steps"], facts["timed"]
    old = SequenceExpert.from_state(arrays, facts, here.catalogue)
    asked = [here.took(1, 2), replace(here.took(1, 2), value=np.array([5, 1], np.float32))]

    one, rated = old.log_prob(asked)
    np.testing.assert_array_equal(one, rated)
    np.testing.assert_allclose(
        one, SequenceExpert(network, SEQUENCE, here.catalogue).log_prob(asked[:1])[0], atol=1e-5
    )
