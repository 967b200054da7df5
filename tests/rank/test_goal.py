"""What an item is worth by a goal: columns, expressions, and what is not known."""

from collections.abc import Mapping

import numpy as np
import pytest

from evaluate.shops import items
from foretaste.domain.data import Doubles
from foretaste.errors import InputError
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.goal import item_worths, worth_shift
from foretaste.rank.index import FilterIndex, ItemAvailability

PRICES = [("10",), ("20",), (), ("40",), ("many",)]
MARGINS = [("0.5",), ("0.1",), ("0.2",), ("0.25",), ("0.5",)]
BRANDS = [("Acme",)] * 5
NONE: Mapping[str, str] = {}


@pytest.fixture(scope="module")
def index() -> FilterIndex:
    rows = items(5, price=PRICES, **{"net margin": MARGINS}, brand=BRANDS)
    catalogue = build_catalogue(rows, np.zeros((5, 2), np.float32))
    return FilterIndex(catalogue, ItemAvailability.of(rows))


def event_values() -> Doubles:
    return np.array([5.0, 4, 3, 2, 1])


def worths(goal: str, index: FilterIndex, goals: Mapping[str, str] = NONE) -> list[float]:
    return [float(worth) for worth in item_worths(goal, goals, index, event_values)]


def test_a_column_of_numbers_is_a_goal(index: FilterIndex) -> None:
    assert worths("price", index) == pytest.approx([10, 20, np.nan, 40, np.nan], nan_ok=True)
    assert worths("net margin", index)[0] == 0.5


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("price * net_margin", [5, 2, np.nan, 10, np.nan]),
        ("max(price - 15, 0) + 1", [1, 6, np.nan, 26, np.nan]),
        ("price ** 2 / 100", [1, 4, np.nan, 16, np.nan]),
        ("event_value", [5, 4, 3, 2, 1]),
        ("2 * event_value if 1 else price", [10, 8, 6, 4, 2]),
        ("7", [7] * 5),
    ],
)
def test_a_goal_by_name_is_an_expression(
    index: FilterIndex, expression: str, expected: list[float]
) -> None:
    computed = worths("revenue", index, {"revenue": expression})
    assert computed == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("price * margn", r"rank\.goals\.revenue: there is no column of numbers 'margn'"),
        ("brand * 2", "no column of numbers 'brand'"),
        ("price *", "cannot be computed"),
        ("price.__class__", "cannot be computed"),
        ("open('x')", "cannot be computed"),
        ("9 ** 9 ** 9 ** 9 * " + "1 * " * 300 + "1", "at most 1000 letters"),
    ],
)
def test_an_expression_that_cannot_be_computed_is_said(
    index: FilterIndex, expression: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        worths("revenue", index, {"revenue": expression})


def test_a_request_names_no_expression_of_its_own(index: FilterIndex) -> None:
    with pytest.raises(InputError, match="is no goal of the settings and no column of numbers"):
        worths("price * 2", index)


def test_twice_the_worth_is_the_logarithm_of_two() -> None:
    shift = worth_shift(np.array([10.0, 20, np.nan, 40, 0]), 1.0)

    np.testing.assert_allclose(shift[:4], np.log([0.5, 1, 1, 2]), atol=1e-6)
    assert shift[4] == pytest.approx(np.log(1e-3))
    np.testing.assert_allclose(worth_shift(np.array([10.0, 20, 40]), 0.5), 0.5 * shift[[0, 1, 3]])


def test_where_nothing_has_a_worth_nothing_is_shifted() -> None:
    assert not worth_shift(np.array([np.nan, 0, -1.0]), 1.0).any()
