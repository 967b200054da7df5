"""One history, read in NumPy, is read as the network reads it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from foretaste.domain.data import Floats, UserContext
from foretaste.model.numpy_network import NumpyNetwork
from foretaste.model.sequence_network import SequenceNetwork, event_tokens
from foretaste.model.settings import SequenceSettings

ITEMS, READ, LENGTH = 30, 12, 16


@pytest.fixture(params=[True, False], ids=["timed", "in order"])
def network(request: pytest.FixtureRequest) -> SequenceNetwork:
    """With parameters that all say something."""
    torch.manual_seed(0)
    settings = SequenceSettings(dim=16, layers=2, heads=2)
    vectors = torch.randn(ITEMS + 1, READ)
    network = SequenceNetwork(vectors, settings, LENGTH, 3, 0.0, is_timed=request.param).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    network.steps[:] = torch.linspace(1, 5, network.steps.shape[1])
    return network


def history(length: int, seed: int = 0) -> UserContext:
    """Items and searches, some with values, over years."""
    rng = np.random.default_rng(seed)
    item = rng.integers(-1, ITEMS, length).astype(np.int32)
    return UserContext(
        item=item,
        weight=np.ones(length, np.float32),
        kind=rng.integers(0, 3, length).astype(np.int16),
        value=np.where(rng.random(length) < 0.5, rng.uniform(0, 6, length), np.nan),
        at=np.sort(rng.uniform(0, 2e8, length)),
        text=("",) * length,
        text_vectors=rng.normal(size=(length, READ)).astype(np.float32) * (item < 0)[:, None],
    )


def states_of(
    network: SequenceNetwork, whole: UserContext, omitted: Sequence[int]
) -> tuple[Floats, Floats]:
    """[1 + omitted, dim] of a history, and of it less each of some events: (as this reads them in
    one, as the network reads each).
    """
    rows = np.arange(len(whole))
    histories = [whole, *(whole.select_events(rows != row) for row in omitted)]
    batch = event_tokens(histories, LENGTH)
    with torch.inference_mode():
        expected = network(batch)[:, -1].numpy()
    states = NumpyNetwork(network).states(
        whole, omitted, lambda items: network.item_vectors(torch.from_numpy(items + 1)).numpy()
    )
    assert states.dtype == np.float32
    return states, expected


@pytest.mark.parametrize("length", [0, 1, 2, 5, LENGTH, 40])
@pytest.mark.parametrize("bare", [False, True])
@torch.no_grad()
def test_as_the_network(network: SequenceNetwork, length: int, bare: bool) -> None:
    """The same state, to what 32 bits hold."""
    behaviour = history(length)
    if bare:
        behaviour = replace(behaviour, text_vectors=None, value=np.full(length, np.nan))
    states, expected = states_of(network, behaviour, ())
    np.testing.assert_allclose(states, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [4, 12])
@pytest.mark.parametrize("length", [1, 2, 5, LENGTH, LENGTH + 1, 40])
@torch.no_grad()
def test_a_history_less_each_of_its_newest_events(
    network: SequenceNetwork, length: int, count: int
) -> None:
    """As for the reasons and for deep terms. What is left of a history that is longer than the
    network reads begins one event earlier; of one event nothing is left.
    """
    states, expected = states_of(network, history(length), range(max(length - count, 0), length))
    np.testing.assert_allclose(states, expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_history_less_events_in_no_order(network: SequenceNetwork) -> None:
    """Without one that is too old to be read it is the same."""
    states, expected = states_of(network, history(40), (39, 3, 30, 24))
    np.testing.assert_allclose(states, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(states[2], states[0])
