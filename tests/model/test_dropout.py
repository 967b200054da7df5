"""Dropout on a CPU: a share is dropped, the mean stays, the seed decides."""

import pytest
import torch

from foretaste.model.dropout import Dropout


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_share_is_dropped_and_the_mean_stays(share: float) -> None:
    torch.manual_seed(0)
    values = torch.ones(333, 301)
    kept = Dropout(share).train()(values)

    assert float((kept == 0).float().mean()) == pytest.approx(share, abs=0.01)
    assert float(kept.mean()) == pytest.approx(1.0, abs=0.03)
    assert len(kept.unique()) == 2


def test_rows_and_columns_are_dropped_apart() -> None:
    torch.manual_seed(0)
    is_dropped = (Dropout(0.5).train()(torch.ones(400, 400)) == 0).float()

    for shares in (is_dropped.mean(0), is_dropped.mean(1)):
        assert float(shares.min()) > 0.3
        assert float(shares.max()) < 0.7
    assert abs(float(torch.corrcoef(is_dropped[:2])[0, 1])) < 0.2


def test_what_is_dropped_gets_no_gradient() -> None:
    values = torch.ones(50, 7, requires_grad=True)
    kept = Dropout(0.3).train()(values)
    kept.sum().backward()

    assert values.grad is not None
    assert torch.equal(values.grad, kept.detach())


def test_the_seed_decides() -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(Dropout(0.5).train()(torch.ones(100)))

    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("share", [0.0, 0.001])
def test_where_nothing_is_dropped_all_stays_as_it_is(share: float) -> None:
    values = torch.randn(20, 3)

    assert Dropout(share).train()(values) is values
    assert Dropout(0.5).eval()(values) is values


def test_where_all_would_be_dropped_numbers_stay_finite() -> None:
    assert torch.isfinite(Dropout(1.0).train()(torch.ones(1000))).all()
