import json

import numpy as np
import pytest

from foretaste.errors import InputError
from foretaste.evaluate.comparison import Comparison, compare_results
from foretaste.evaluate.metrics import Ranks
from foretaste.evaluate.protocols import RankingResult


def result(ranks: list[float]) -> RankingResult:
    values = np.array(ranks, np.float64)
    places = np.arange(len(ranks))
    return RankingResult(places, places.astype(np.int32), Ranks(values, values), 100)


def compared(
    a: list[float], b: list[float], seeds: int = 2, settings: dict[str, str] | None = None
) -> Comparison:
    return compare_results(
        [result(a)] * seeds,
        [result(b)] * seeds,
        masked=(True, True),
        protocol="leave-one-out",
        settings_a={},
        settings_b=settings or {},
    )


def test_the_better_is_named_with_its_interval() -> None:
    comparison = compared([50.0] * 30, [0.0, 1.0, 2.0] * 10)
    assert comparison.better == "B"
    assert comparison.sentence.startswith("B is better by 0.710 in NDCG@10 (0.6")
    other = compared([0.0, 1.0, 2.0] * 10, [50.0] * 30)
    assert other.better == "A"
    assert other.sentence.startswith("A is better by 0.710 in NDCG@10 (0.6")
    assert "2 times, with other random numbers" in str(other)


def test_what_cannot_be_told_is_not_told() -> None:
    comparison = compared([0.0, 50.0] * 10, [50.0, 0.0] * 10)
    assert comparison.better is None
    assert comparison.sentence.startswith("No difference that these data can show: B is between ")
    same = compared([0.0] * 5, [0.0] * 5)
    assert same.sentence == "No difference that these data can show: the lists are as good."


def test_a_single_fit_is_called_one() -> None:
    assert "take more seeds before you decide" in compared([0.0] * 5, [1.0] * 5, seeds=1).detail


def test_different_cases_are_refused() -> None:
    with pytest.raises(InputError, match="hold other events back"):
        compared([0.0] * 5, [0.0] * 6)


def test_a_notebook_and_json_have_it() -> None:
    comparison = compared([50.0] * 5, [0.0] * 5, settings={"model.x": "<script>"})
    html = comparison._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "by seed" in html
    summary = comparison.summary()
    assert json.loads(json.dumps(summary)) == summary
    assert summary["metrics"]["ndcg@10"]["B"] == 1
