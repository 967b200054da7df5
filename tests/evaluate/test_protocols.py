import time

import numpy as np
import pytest

from foretaste.domain.data import EvaluationCases, Floats, UserContext
from foretaste.errors import InputError
from foretaste.evaluate.metrics import NEVER_SHOWN
from foretaste.evaluate.protocols import evaluate_model, evaluate_models

from .helpers import Fixed, cases, follows


def test_figures_by_hand() -> None:
    # p0 has seen items 0 and 1, which stand before its target 2; p1 takes item 0 again
    held = cases([0, 1, 2], [3, 0, 0])
    result = evaluate_model(Fixed(9, 8, 7, 6, 5), held, cutoffs=(1, 2))
    assert result.ranks.unmasked.tolist() == [2, 0]
    assert result.ranks.masked.tolist() == [0, NEVER_SHOWN]
    assert result.figures() == {
        "masked": {"recall@1": 0.5, "recall@2": 0.5, "ndcg@1": 0.5, "ndcg@2": 0.5},
        "unmasked": {"recall@1": 0.5, "recall@2": 0.5, "ndcg@1": 0.5, "ndcg@2": 0.5},
    }
    assert (result.items, len(result)) == (5, 2)
    assert (result.never_shown(masked=True), result.never_shown(masked=False)) == (1, 0)


def test_people_who_only_take_one_item_again_see_it_only_where_repeats_are_shown() -> None:
    held = cases(*([0, 0, 0] for _ in range(30)))
    figures = evaluate_model(Fixed(9, 8, 7), held).figures()
    assert figures["masked"] == {"recall@5": 0, "recall@10": 0, "ndcg@5": 0, "ndcg@10": 0}
    assert figures["unmasked"]["recall@10"] == figures["unmasked"]["ndcg@10"] == 1


def test_a_refused_item_is_in_no_list_until_it_is_taken_again() -> None:
    # both hid item 0; p1 took it afterwards
    held = cases([0, 1, 2], [0, 0, 1, 2], refused=(0, 3))
    ranks = evaluate_model(Fixed(9, 8, 7), held).ranks
    assert ranks.unmasked.tolist() == [1, 2]
    assert ranks.masked.tolist() == [0, 0]


def test_without_repeats_ties_and_refusals_the_figures_are_those_of_a_plain_ranking() -> None:
    """As published figures of leave-one-out have them, and as they were before repeats counted."""
    chance = np.random.default_rng(2)
    held = cases(*(chance.permutation(40)[: chance.integers(1, 20)].tolist() for _ in range(80)))
    matrix = chance.random((80, 40), dtype=np.float32)

    def score(behaviours: list[UserContext]) -> Floats:
        return np.stack([matrix[len(b) * 3 + (b.item.sum() % 3)] for b in behaviours])

    ranks = evaluate_model(score, held).ranks
    for case, behaviour in enumerate(held.user_contexts(0, 80)):
        above = score([behaviour])[0] > score([behaviour])[0][held.targets[case]]
        assert ranks.unmasked[case] == np.count_nonzero(above)
        above[behaviour.item] = False
        assert ranks.masked[case] == np.count_nonzero(above)


def test_the_default_figures_are_those_of_the_command_line() -> None:
    figures = evaluate_model(Fixed(1, 2, 3), cases([0, 1])).figures()
    assert list(figures) == ["masked", "unmasked"]
    assert list(figures["masked"]) == ["recall@5", "recall@10", "ndcg@5", "ndcg@10"]


def test_a_model_that_knows_is_perfect_and_one_that_does_not_is_not() -> None:
    held = cases(*([start, start + 1, start + 2] for start in range(8)))
    assert evaluate_model(follows, held).figures()["unmasked"]["ndcg@10"] == 1
    constant = evaluate_model(Fixed(*[1] * 12), held).figures()["unmasked"]
    assert constant["recall@5"] == 3 / 8, "the targets are 2 to 9, the list is 0 to 4"


def test_results_are_in_the_order_of_the_cases_whatever_the_batch() -> None:
    chance = np.random.default_rng(1)
    held = cases(*(chance.integers(0, 10, chance.integers(1, 9)).tolist() for _ in range(50)))
    whole = evaluate_model(follows, held)
    for batch in (1, 7, 50):
        cut = evaluate_model(follows, held, batch_size=batch)
        assert np.array_equal(cut.ranks.masked, whole.ranks.masked)
        assert np.array_equal(cut.ranks.unmasked, whole.ranks.unmasked)
    first = [held.user_contexts(n, n + 1)[0] for n in range(50)]
    own = [follows([told])[0] for told in first]
    expected = [
        np.count_nonzero(s > s[t]) + np.count_nonzero(s[:t] == s[t])
        for s, t in zip(own, held.targets, strict=True)
    ]
    assert whole.ranks.unmasked.tolist() == expected


def test_the_model_sees_nothing_but_what_came_before() -> None:
    told: list[list[int]] = []

    def score(behaviours: list[UserContext]) -> Floats:
        told.extend(behaviour.item.tolist() for behaviour in behaviours)
        return np.zeros((len(behaviours), 10), np.float32)

    evaluate_model(score, cases([1, 2, 9], [3, 9], [9]))
    assert sorted(told) == [[], [1, 2], [3]]


def test_several_models_in_one_pass_are_as_each_alone() -> None:
    held = cases([0, 1, 2], [4, 5], [7, 7])
    popular = Fixed(*range(10))
    calls = 0

    def both(behaviours: list[UserContext]) -> dict[str, Floats]:
        nonlocal calls
        calls += 1
        return {"follows": follows(behaviours), "popular": popular(behaviours)}

    found = evaluate_models(both, held)
    assert calls == 1
    assert found["follows"].figures() == evaluate_model(follows, held).figures()
    assert found["popular"].figures() == evaluate_model(popular, held).figures()


def test_progress_reaches_the_end() -> None:
    told: list[tuple[int, int]] = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        told.append((done, total))

    evaluate_model(follows, cases([1, 2], [1, 2], [1, 2]), batch_size=2, progress=progress)
    assert told == [(2, 3), (3, 3)]


def test_no_case_is_refused_with_what_to_do() -> None:
    held = cases([1, 2])
    with pytest.raises(InputError, match="at least 3 items"):
        evaluate_model(
            follows, EvaluationCases(held.interactions, held.user_indices[:0], held.target_rows[:0])
        )


def test_a_metric_that_is_not_there_is_refused() -> None:
    found = evaluate_model(follows, cases([1, 2]))
    assert found.values("mrr", masked=True).tolist() == [1]
    for name in ("ndcg", "auc@5", "recall@x", "mrr@5"):
        with pytest.raises(InputError, match=f"unknown metric '{name}'"):
            found.values(name, masked=True)


def test_one_model_is_ahead_of_another_on_the_same_cases_alone() -> None:
    chance = np.random.default_rng(0)
    starts = chance.integers(0, 8, 100).tolist()
    held = cases(*([start, start + 1] for start in starts))
    good, bad = evaluate_model(follows, held), evaluate_model(Fixed(*range(10)), held)
    assert good.margin_over(bad, "ndcg@10", chance, masked=True).low > 0
    same = good.margin_over(good, "ndcg@10", chance, masked=True)
    assert same == (0, 0, 0)
    assert good.interval("recall@5", chance, masked=False).mean == 1
    with pytest.raises(InputError, match="different cases"):
        good.margin_over(evaluate_model(follows, cases([1, 2])), "ndcg@10", chance, masked=True)


def test_the_whole_of_a_large_set_takes_moments() -> None:
    chance = np.random.default_rng(0)
    held = cases(*chance.integers(0, 12_000, (3_000, 9)).tolist())
    matrix = chance.random((256, 12_000), dtype=np.float32)
    started = time.process_time()
    evaluate_model(lambda behaviours: matrix[: len(behaviours)], held)
    assert time.process_time() - started < 3, "0.1 s on a quiet machine"
