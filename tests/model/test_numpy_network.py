"""One history, read in NumPy, is read as the network reads it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from foretaste.domain.data import UserContext
from foretaste.model.numpy_network import NumpyNetwork
from foretaste.model.sequence_network import (
    SequenceNetwork,
    event_tokens,
    omission_places,
    omission_tokens,
)
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


@pytest.mark.parametrize("length", [1, 2, 5, LENGTH, 40])
@pytest.mark.parametrize("bare", [False, True])
def test_as_the_network(network: SequenceNetwork, length: int, bare: bool) -> None:
    """The same state, to what 32 bits hold."""
    behaviour = history(length)
    if bare:
        behaviour = replace(behaviour, text_vectors=None, value=np.full(length, np.nan))
    batch = event_tokens([behaviour], LENGTH)
    with torch.inference_mode():
        expected = network(batch)[:, -1].numpy()
        items = network.item_vectors(batch.item).numpy()
    numpy_network = NumpyNetwork(network)
    assert numpy_network.accepts(batch)
    states = numpy_network.states(batch, items)
    assert states.dtype == np.float32
    np.testing.assert_allclose(states, expected, rtol=1e-4, atol=1e-5)


def test_what_it_does_not_accept(network: SequenceNetwork) -> None:
    """An empty one beside others, and several long ones that have little in common."""
    numpy_network = NumpyNetwork(network)
    assert not numpy_network.accepts(event_tokens([history(3), history(0)], LENGTH))
    long_histories = [history(LENGTH, seed) for seed in range(6)]
    assert not numpy_network.accepts(event_tokens(long_histories, LENGTH))


@pytest.mark.parametrize("length", [1, 2, 5, LENGTH])
def test_a_short_history_and_itself_less_one_event(network: SequenceNetwork, length: int) -> None:
    """Of several lengths, in one pass: padding changes nothing."""
    whole = history(length)
    rows = np.arange(length)
    without = [whole.select_events(rows != row) for row in range(max(length - 4, 0), length)]
    batch = event_tokens([whole, *without], LENGTH)
    with torch.inference_mode():
        expected = network(batch)[:, -1].numpy()
        items = network.item_vectors(batch.item).numpy()
    numpy_network = NumpyNetwork(network)
    assert numpy_network.accepts(batch)
    np.testing.assert_allclose(numpy_network.states(batch, items), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("length", [10, LENGTH, 40])
def test_histories_of_the_same_beginning(network: SequenceNetwork, length: int) -> None:
    """One event after another left out, as for the reasons: the beginning is read once."""
    whole = history(length)
    rows = np.arange(length)
    without = [whole.select_events(rows != row) for row in range(length - 4, length)]
    batch = event_tokens(without, LENGTH)
    with torch.inference_mode():
        expected = network(batch)[:, -1].numpy()
        items = network.item_vectors(batch.item).numpy()
    numpy_network = NumpyNetwork(network)
    assert numpy_network.accepts(batch)
    np.testing.assert_allclose(numpy_network.states(batch, items), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("has_texts", [False, True])
@pytest.mark.parametrize("length", [2, 5, LENGTH])
def test_a_history_less_each_event_reads_as_those_histories(
    length: int, *, has_texts: bool
) -> None:
    whole = history(length)
    if not has_texts:
        whole = replace(whole, text_vectors=None)
    rows = np.arange(length)
    omitted = range(max(length - 4, 0), length)
    without = [whole.select_events(rows != row) for row in omitted]
    tokens = omission_tokens(whole, omission_places(length, omitted))
    expected = event_tokens([whole, *without], LENGTH)
    for name in ("item", "event_type", "gap", "text", "value", "at"):
        part, expected_part = getattr(tokens, name), getattr(expected, name)
        assert (part is None) == (expected_part is None), name
        if part is not None:
            assert part.dtype == expected_part.dtype, name
            np.testing.assert_array_equal(part.numpy(), expected_part.numpy(), name)
