"""The network: what comes later never changes what came before, and padding changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from foretaste.domain.data import UserContext
from foretaste.model.item_words import ItemWords
from foretaste.model.sequence_network import (
    GAP_BUCKETS,
    UNREACHABLE_VALUE,
    VALUE_BUCKETS,
    EventTokens,
    SequenceNetwork,
    event_tokens,
    gap_buckets,
    rotary_factors,
    rotate,
    value_bounds,
)

from .world import ITEMS, READER, SEQUENCE, World, did, strange

LENGTH = 12


@pytest.fixture
def network(here: World) -> SequenceNetwork:
    torch.manual_seed(0)
    vectors = np.concatenate([np.zeros((1, READER.dim), np.float32), here.catalogue.vectors])
    settings = SEQUENCE.model_copy(update={"layers": 2})
    made = SequenceNetwork(
        torch.from_numpy(vectors), settings, LENGTH, len(here.histories.event_types), 0.0
    )
    with torch.no_grad():  # as if trained: kinds and gaps say something
        made.kind.weight.normal_(std=0.5)
        made.gap.weight.normal_(std=0.5)
        made.value.weight.normal_(std=0.5)
        made.steps[:] = torch.arange(1.0, VALUE_BUCKETS)  # stars
    return made.eval()


@torch.inference_mode()
def states(network: SequenceNetwork, *asked: UserContext) -> Tensor:
    return network(event_tokens(list(asked), LENGTH))


def close(one: Tensor, other: Tensor) -> None:
    np.testing.assert_allclose(one.numpy(), other.numpy(), atol=2e-5)


def test_later_events_do_not_change_earlier_states(network: SequenceNetwork, here: World) -> None:
    one, other = here.took(1, 2, 3, 4, 5), here.took(1, 2, 3, 40, 50)
    states_one, states_other = states(network, one)[0], states(network, other)[0]

    close(states_one[:3], states_other[:3])
    assert (states_one[3:] - states_other[3:]).abs().max() > 0.01


def test_every_earlier_event_changes_the_last_state(network: SequenceNetwork, here: World) -> None:
    base = states(network, here.took(1, 2, 3, 4, 5))[0, -1]
    for place in range(5):
        changed = [1, 2, 3, 4, 5]
        changed[place] = 50
        assert (states(network, here.took(*changed))[0, -1] - base).abs().max() > 1e-3


def test_the_order_of_events_counts(network: SequenceNetwork, here: World) -> None:
    one, other = here.took(1, 2, 3), here.took(2, 1, 3)

    assert (states(network, one)[0, -1] - states(network, other)[0, -1]).abs().max() > 1e-3


def test_padding_does_not_change_the_answer(network: SequenceNetwork, here: World) -> None:
    short, long = here.took(1, 2, 3), here.took(*range(LENGTH))
    together = states(network, short, here.took(), long)

    close(together[0, -3:], states(network, short)[0])
    close(together[1, -1], states(network, here.took())[0, -1])
    close(together[2], states(network, long)[0])
    assert torch.isfinite(together).all()


def test_only_the_last_events_are_read(network: SequenceNetwork, here: World) -> None:
    close(
        states(network, here.took(*range(20, 40)))[0, -1],
        states(network, here.took(7, 7, 7, *range(28, 40)))[0, -1],
    )


def test_kind_and_time_between_are_read(network: SequenceNetwork, here: World) -> None:
    base = here.took(1, 2)
    hidden = here.behaviour(did(1, 0), did(2, 1, "hide"))
    later = here.behaviour(did(1, 0), did(2, 900))

    for other in (hidden, later):
        assert (states(network, base)[0, -1] - states(network, other)[0, -1]).abs().max() > 1e-3


def test_the_value_is_read(network: SequenceNetwork, here: World) -> None:
    base = here.took(1, 2)
    told = [replace(base, value=np.array([stars, np.nan], np.float32)) for stars in (1, 2, 5)]
    silent = replace(base, value=np.full(2, np.nan, np.float32))
    one, two, five, none = (states(network, each)[0, -1] for each in (*told, silent))

    for other in (two, five, none):
        assert (one - other).abs().max() > 1e-3
    together = states(network, silent, told[0])  # another's values do not reach a person
    close(together[0, -1], none)
    close(together[1, -1], one)


def test_the_steps_of_values_are_a_kinds_own(here: World) -> None:
    found = here.histories
    rated = found.kind == found.event_types.index("view")
    stars = np.where(rated, 1 + np.arange(found.event_count) % 5, np.nan).astype(np.float32)
    made = value_bounds(replace(found, value=stars))
    row = made[found.event_types.index("view") + 1]
    sizes = [(star >= row).sum() for star in (1, 2, 3, 4, 5)]

    assert sizes == sorted(set(sizes))  # each number of stars has its own bucket
    others = np.delete(made, found.event_types.index("view") + 1, axis=0)
    assert (others == UNREACHABLE_VALUE).all()
    assert (
        value_bounds(replace(found, value=np.full_like(stars, np.nan))) == UNREACHABLE_VALUE
    ).all()


def test_times_turn_what_attention_compares() -> None:
    one, other = torch.randn(2, 1, 1, 1, 32, generator=torch.Generator().manual_seed(0))

    def product(*at: float) -> float:
        cos, sin = rotary_factors(torch.tensor([at], dtype=torch.float64), 8)
        both = torch.cat([one, other], dim=2)
        query, key = rotate(both, (cos, sin))[0, 0]
        return float(query @ key)

    assert product(0, 3600) == pytest.approx(product(1e8, 1e8 + 3600), abs=1e-4)
    assert abs(product(0, 3600) - product(0, 7200)) > 1e-3
    assert product(0, 0) == pytest.approx(float((one * other).sum()), abs=1e-4)


def test_a_network_of_times_reads_more_than_the_last_gap(here: World) -> None:
    torch.manual_seed(0)
    vectors = torch.zeros(ITEMS + 1, READER.dim)
    asked = [here.behaviour(did(1, 0), did(2, 60), did(3, 61)) for _ in range(2)]
    asked[1] = replace(asked[1], at=asked[1].at + np.array([20 * 3600.0, 0, 0]))  # same buckets
    assert (
        event_tokens(asked, LENGTH).gap[0].tolist() == event_tokens(asked, LENGTH).gap[1].tolist()
    )
    for timed in (False, True):
        made = SequenceNetwork(
            vectors, SEQUENCE, LENGTH, len(here.histories.event_types), 0.0, is_timed=timed
        )
        one, other = states(made.eval(), *asked)[:, -1]
        assert bool((one - other).abs().max() > 1e-4) == timed


def test_a_search_is_its_words(network: SequenceNetwork, here: World) -> None:
    searches = [here.behaviour(did(None, 0, "search", query=q)) for q in ("jazz piano", "rose")]
    nothing = replace(searches[0], text_vectors=None)
    jazz, rose, silent = (states(network, one)[0, -1] for one in (*searches, nothing))

    assert (jazz - rose).abs().max() > 1e-3
    assert (jazz - silent).abs().max() > 1e-3


def test_a_review_adds_its_words(network: SequenceNetwork, here: World) -> None:
    told = here.behaviour(did(1, 0, "review", text="a fine jazz piano"))
    silent = here.behaviour(did(1, 0, "review"))

    assert (states(network, told)[0, -1] - states(network, silent)[0, -1]).abs().max() > 1e-3


def test_words_of_one_do_not_reach_another_in_the_batch(
    network: SequenceNetwork, here: World
) -> None:
    told = here.behaviour(did(1, 0, "review", text="a fine jazz piano"), did(2, 1))
    silent = here.took(3, 4)

    for batch in (states(network, told, silent), states(network, silent, told).flip(0)):
        close(batch[0], states(network, told)[0])
        close(batch[1], states(network, silent)[0])


def test_anything_can_be_read(network: SequenceNetwork) -> None:
    assert torch.isfinite(states(network, *strange().values())).all()


def test_items_are_of_length_one(network: SequenceNetwork) -> None:
    items = network.unit_item_vectors()

    assert items.shape == (ITEMS, SEQUENCE.dim)
    np.testing.assert_allclose(items.norm(dim=1).detach(), 1, atol=1e-5)


def test_a_new_item_is_its_text_alone(network: SequenceNetwork, here: World) -> None:
    before = network.unit_item_vectors().detach()
    new = np.concatenate([here.catalogue.vectors, here.catalogue.vectors[:1]])
    network.grow(torch.from_numpy(new))
    after = network.unit_item_vectors().detach()

    close(after[:ITEMS], before)
    assert not network.identity.weight[ITEMS + 1].any()
    text = torch.nn.functional.normalize(network.project(torch.from_numpy(new[-1:])), dim=-1)
    close(after[ITEMS:], text.detach())


def test_tokens_are_aligned_at_the_newest(here: World) -> None:
    batch = event_tokens([here.took(1), here.took(4, 5, 6)], LENGTH)

    assert batch.item.tolist() == [[0, 0, 2], [5, 6, 7]]
    assert batch.is_event.tolist() == [[False, False, True], [True, True, True]]
    assert batch.text is None
    assert isinstance(batch.to(torch.device("cpu")), EventTokens)


def test_gaps_are_logarithmic_and_bounded() -> None:
    found = gap_buckets(np.array([0.0, 1.0, 3.0, 1e18, -5.0]))

    assert found.tolist() == [1, 2, 3, GAP_BUCKETS - 1, 1]
    assert gap_buckets(np.zeros(0)).tolist() == []


# Words ---------------------------------------------------------------------------------------


def test_identities_are_told_with_what_the_words_add(network: SequenceNetwork, here: World) -> None:
    """Of what nobody took they are 0 still: what it is like is guessed, as that of a new item."""
    untaught = 7
    with torch.no_grad():
        network.identity.weight[untaught + 1] = 0
    plain = network.learnt_identities()
    network.words = ItemWords.of(here.catalogue.full_texts, network.identity.embedding_dim)
    assert network.words is not None
    added = network.learnt_identities() - plain
    expected = network.words(torch.arange(1, ITEMS + 1)).detach().numpy()

    assert not added[untaught].any()
    assert expected[untaught].any()
    others = np.arange(ITEMS) != untaught
    np.testing.assert_allclose(added[others], expected[others], atol=1e-6)
    index = torch.arange(1, ITEMS + 1)
    composed = network.compose_items(
        torch.from_numpy(network.learnt_identities()), network.vectors[index]
    )
    close(composed[others].detach(), network.item_vectors(index)[others].detach())
