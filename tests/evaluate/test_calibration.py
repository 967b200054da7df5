"""Calibration: probabilities against what happened."""

import json

import numpy as np
import pytest

from foretaste.evaluate.calibration import measure_calibration, reliability

from .helpers import Fixed, cases


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_truth_is_calibrated_and_what_is_sharper_is_not(power: float) -> None:
    rng = np.random.default_rng(0)
    true = rng.uniform(0.05, 0.95, 20_000)
    taken = (rng.random(len(true)) < true).astype(np.float64)
    said = true**power / (true**power + (1 - true) ** power)
    error = reliability(said, taken).error

    assert (error < 0.015) == (power == 1.0)


def test_ratio_says_which_way() -> None:
    taken = np.tile([1.0, 0.0, 0.0, 0.0], 100)

    assert reliability(np.full(400, 0.5), taken).ratio == pytest.approx(2)
    assert reliability(np.full(400, 0.125), taken).ratio == pytest.approx(0.5)
    assert np.isnan(reliability(np.full(4, 0.5), np.zeros(4)).ratio)


def test_bins_hold_equally_many_and_few_predictions_make_few_bins() -> None:
    assert reliability(np.linspace(0, 1, 95), np.zeros(95)).counts.tolist() == [10] * 5 + [9] * 5
    assert len(reliability(np.array([0.3, 0.2]), np.zeros(2)).counts) == 2


def test_an_even_guess_is_as_sure_as_it_should_be() -> None:
    held = cases(*([0, item] for item in range(20)))
    told = measure_calibration(Fixed(*([1.0] * 20)), held)

    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["cases"] == 20
    assert {row["predicted"] for row in told["bins"]["10"]} == {0.05}
    assert told["ratio@10"] == told["ratio"] == 1
    assert told["ece"] < 0.1


def test_who_is_sure_of_what_never_comes_is_told() -> None:
    told = measure_calibration(Fixed(9, 0, 0), cases([0, 1], [0, 2]))

    assert told["ece"] > 0.9
    assert told["ratio"] is None
