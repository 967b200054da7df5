"""Features of what a person would want: the product's own word on each value."""

import numpy as np
import pytest

from foretaste.domain.data import Feature, UserContext
from foretaste.generate.features import imagine_features, value_shares

IDS = ("a", "b", "c", "d")
GENRE = Feature(
    "genre", ("drama", "comedy"), np.array([0, 1, 3, 4, 4]), np.array([0, 0, 1, 1], np.int32)
)
OWN = Feature("sku", ("1", "2", "3", "4"), np.arange(5), np.arange(4, dtype=np.int32))
NOBODY = UserContext(
    np.array([0, 2], np.int32), np.ones(2, np.float32), np.zeros(2, np.int8),
    np.zeros(2, np.float32), np.zeros(2), taste={"genre": ("drama",)},
)  # fmt: skip
EVEN = np.zeros(4, np.float32)


def test_a_value_has_the_probability_of_the_items_that_have_it() -> None:
    scores = np.log(np.array([0.4, 0.4, 0.1, 0.1], np.float32))

    found = imagine_features(scores, EVEN, [GENRE, OWN], NOBODY, IDS)

    assert list(found) == ["genre"]  # no two items share a value of the other
    (drama,) = found["genre"]
    assert drama.value == "drama"
    assert drama.probability == pytest.approx(0.4 + 0.2)
    assert drama.lift == pytest.approx(0.6 / 0.375)
    assert drama.events == ("a",)
    assert drama.stated


def test_what_may_not_be_shown_is_not_imagined() -> None:
    scores = np.array([-np.inf, -np.inf, 0, 0], np.float32)

    found = imagine_features(scores, np.array([5, 5, 0, 0], np.float32), [GENRE], NOBODY, IDS)

    assert found == {}  # of what is left nothing is likelier than for others
    assert imagine_features(np.full(4, -np.inf, np.float32), EVEN, [GENRE], NOBODY, IDS) == {}


def test_shares_sum_to_the_probability_of_the_items_that_have_any() -> None:
    assert value_shares(GENRE, np.array([0.1, 0.2, 0.3, 0.4])).tolist() == pytest.approx([0.2, 0.4])
