import numpy as np
import pytest

from foretaste.evaluate.case_groups import case_counts, group_results, number_ranges
from foretaste.evaluate.protocols import evaluate_model
from foretaste.prepare.streaming_counts import StreamingCounts

from .helpers import Fixed, cases, follows


def test_ranges_hold_about_equally_many_and_zero_stands_alone() -> None:
    ranges = number_ranges(np.array([0, 0, *range(1, 101)]))
    assert [tuple(numbers) for numbers in ranges] == [
        (0, 0), (1, 25), (26, 50), (51, 75), (76, 100),
    ]  # fmt: skip
    assert list(map(str, ranges[:2])) == ["0", "1 to 25"]


@pytest.mark.parametrize("values", [[0], [0, 0, 5], [7, 7, 7, 7, 7], [1, 1, 1, 1, 9], [3]])
def test_every_value_is_in_one_range(values: list[int]) -> None:
    ranges = number_ranges(np.array(values))
    for value in values:
        assert sum(numbers.low <= value <= numbers.high for numbers in ranges) == 1
    assert all(numbers.low <= numbers.high for numbers in ranges)


def test_no_values_have_no_ranges() -> None:
    assert number_ranges(np.empty(0, np.int64)) == []


def test_what_is_known_of_a_case_is_what_was_done_before_it() -> None:
    held = cases([1, 2, 3], [4, 3], refused=[0])  # times are in the order of the rows
    counts = case_counts(held, StreamingCounts.from_interactions(held.interactions))
    assert counts.history_lengths.tolist() == [1, 1]  # a refused item is not taken
    assert counts.target_events.tolist() == [0, 1]


def test_each_group_is_judged_by_its_own_cases() -> None:
    held = cases([0, 1], [5, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4])
    product = evaluate_model(lambda contexts: follows(contexts, 30), held, cutoffs=(10,))
    popularity = evaluate_model(Fixed(*range(30)), held, cutoffs=(10,))
    lengths = np.array([1, 1, 3, 4])
    groups = group_results(lengths, product, popularity, masked=True)
    assert sum(group.cases for group in groups) == 4
    assert groups[0].cases == 2
    assert groups[0].product.mean == product.values("recall@10", masked=True)[:2].mean()
    assert groups[-1].product.mean == 1
    assert groups[-1].popularity is not None
    assert groups[-1].popularity.mean == 0  # it expects the highest ids
    alone = group_results(lengths, product, None, masked=True)
    assert {group.popularity for group in alone} == {None}
    assert groups[0].figures()["numbers"] == [1, 1]
