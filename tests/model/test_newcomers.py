"""New items: made new for the fit, read as what they are like, and raised within a budget."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from foretaste.domain import Floats
from foretaste.model.experts.popularity import Popularity
from foretaste.model.experts.sequence import Sequence
from foretaste.model.exponents import tabulate
from foretaste.model.newcomers import forgetting, raised, simulated, without
from foretaste.model.product import Product

from .world import EACH, World, item, shelf

HIDDEN = np.array([3, 20, 40], np.int32)


def test_the_hidden_are_as_good_as_never_taken(product: Product, here: World) -> None:
    forgot = forgetting(product, here.training(), HIDDEN)
    popularity = next(e for e in forgot.experts if isinstance(e, Popularity))

    assert not popularity.taken[HIDDEN].any()
    newness = forgot.newness()
    assert newness is not None
    assert (newness[HIDDEN] == 1).all()
    assert np.delete(newness, HIDDEN).max() < 1


def test_the_product_itself_forgets_nothing(product: Product, here: World) -> None:
    before = product.score([here.took(1, 2)])
    forgetting(product, here.training(), HIDDEN)

    np.testing.assert_array_equal(product.score([here.took(1, 2)]), before)


def test_histories_lose_the_hidden_and_keep_the_rest(here: World) -> None:
    one = here.took(1, 3, 5)

    assert without(one, HIDDEN).item.tolist() == [1, 5]
    assert without(here.took(1, 2), HIDDEN).item.tolist() == [1, 2]


def test_half_of_what_is_made_up_is_of_new_items(product: Product, here: World) -> None:
    table = simulated(product, here.training(), np.random.default_rng(0))

    assert table is not None
    new = table.newness[:, 0] == 1
    assert 10 <= int(new.sum()) < len(new)
    assert float(table.counts.mean()) == pytest.approx(1)


def test_nothing_is_made_up_where_there_is_nothing_to_choose_by(
    product: Product, here: World
) -> None:
    training = here.training(valid=here.none())

    assert simulated(product, training, np.random.default_rng(0)) is None


@pytest.mark.parametrize("spent", [0.01, 0.2])
def test_new_items_are_raised_no_further_than_others_can_bear(
    product: Product, here: World, spent: float
) -> None:
    plain = replace(product, new=np.zeros(len(product.names) + 1, np.float32))
    table = simulated(plain, here.training(), np.random.default_rng(0))
    assert table is not None
    higher = raised(plain, [table], spent)

    assert higher.new is not None
    assert higher.new[-1] > 0
    assert raised(plain, [table], 0).new is plain.new
    old = table.known()
    gains = []
    for one in (plain, higher):
        assert one.new is not None
        scores = old.scores(*(_tensor(a) for a in (one.weights, one.new)))
        gains.append(float(old.gain(scores).mean()))
    assert gains[1] >= (1 - spent) * gains[0] - 1e-6


def test_the_table_says_what_the_product_says(product: Product, here: World) -> None:
    cases = here.split.valid.sample(30, np.random.default_rng(0))
    asked = cases.behaviours(0, len(cases))
    rng = np.random.default_rng(0)
    table = tabulate(product, asked, cases.targets, here.training(), rng)
    assert product.new is not None
    scores = table.scores(_tensor(product.weights), _tensor(product.new)).numpy()

    targets = product.score(asked)[np.arange(len(cases)), cases.targets]
    np.testing.assert_allclose(scores[:, 0], targets, rtol=1e-3, atol=1e-3)


def test_a_new_item_is_placed_among_those_it_reads_like(product: Product, here: World) -> None:
    expert = next(e for e in product.experts if isinstance(e, Sequence))
    grown = expert.forgetting(np.zeros(0, np.int32))
    grown.grow(shelf([*here.items, item(60, 2)]))
    row = grown.log_prob([here.took(31, 32, 33)])[0]

    assert row[60] > np.median(row[: 2 * EACH])
    arrays, _ = grown.state()
    assert not arrays["identity.weight"][61].any()  # guessed anew whenever it is read


def _tensor(array: Floats) -> torch.Tensor:
    return torch.from_numpy(array)
