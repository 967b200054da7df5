import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.errors import ModelError
from foretaste.evaluate.metrics import (
    NEVER_SHOWN,
    coverage,
    interval,
    intervals,
    mrr,
    ndcg,
    paired_interval,
    ranks,
    recall,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def test_ranks_by_hand() -> None:
    scores = np.array([[0.1, 0.9, 0.5, 0.7], [4, 3, 2, 1]], np.float32)
    assert ranks(scores, ints(2, 3)).unmasked.tolist() == [2, 3]


def test_an_equal_item_of_lower_id_stands_before_the_target() -> None:
    scores = np.array([[2, 1, 1, 1, 0]] * 3 + [[5, 5, 5, 5, 5]] * 2, np.float32)
    assert ranks(scores, ints(1, 2, 3, 0, 4)).unmasked.tolist() == [1, 2, 3, 0, 4]


def test_a_model_with_nothing_to_say_finds_the_first_items_of_the_catalogue_alone() -> None:
    rank = ranks(np.zeros((12, 12), np.float32), ints(*range(12))).unmasked
    assert recall(rank, 5).tolist() == [1] * 5 + [0] * 7


def test_what_was_taken_and_refused_is_left_out_and_nothing_refused_is_ever_shown() -> None:
    scores = np.array([[9, 8, 7, 6, 6, 1]] * 4, np.float32)
    taken = [ints(0, 2, 2, -1), ints(3, 5), ints(), ints(1)]
    refused = [ints(), ints(0), ints(1, 1, 2), ints(1, 0)]
    rank = ranks(scores, ints(4, 4, 4, 4), taken, refused)
    assert rank.unmasked.tolist() == [4, 3, 2, 2]
    assert rank.masked.tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize("items", [3, 50])
def test_a_target_that_the_list_leaves_out_is_a_miss_at_every_k(items: int) -> None:
    scores = np.zeros((2, items), np.float32)
    scores[:, 1] = 1
    rank = ranks(scores, ints(1, 1), [ints(1, 1), ints()], [ints(), ints(1)])
    assert rank.unmasked.tolist() == [0, NEVER_SHOWN]
    assert rank.masked.tolist() == [NEVER_SHOWN, NEVER_SHOWN]
    assert recall(rank.masked, items).sum() == ndcg(rank.masked, items).sum() == 0
    assert mrr(rank.masked).sum() == 0


def test_without_anything_left_out_both_rankings_are_the_same() -> None:
    rank = ranks(np.array([[3, 2, 1]], np.float32), ints(2))
    assert rank.masked.tolist() == rank.unmasked.tolist() == [2]


def test_items_without_a_chance_tie_at_the_end() -> None:
    scores = np.array([[1, -np.inf, -np.inf, -np.inf]], np.float32)
    assert ranks(scores, ints(0)).unmasked.tolist() == [0]
    assert ranks(scores, ints(3)).unmasked.tolist() == [3]


@pytest.mark.parametrize("place", [0, 1])
def test_a_score_that_is_not_a_number_is_refused(place: int) -> None:
    scores = np.array([[1, 2, 3]], np.float32)
    scores[0, place] = np.nan
    with pytest.raises(ModelError, match="not a number"):
        ranks(scores, ints(0))


@settings(deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 8))
def test_ranks_agree_with_sorting_by_hand(data: st.DataObject, batch: int, items: int) -> None:
    cell = st.integers(-3, 3)
    row = st.lists(cell, min_size=items, max_size=items)
    scores = np.array(data.draw(st.lists(row, min_size=batch, max_size=batch)), np.float32)
    item = st.integers(0, items - 1)
    targets = ints(*data.draw(st.lists(item, min_size=batch, max_size=batch)))
    histories = st.lists(st.integers(-1, items - 1), max_size=6)
    taken, refused = ([ints(*data.draw(histories)) for _ in range(batch)] for _ in range(2))
    rank = ranks(scores, targets, taken, refused)
    for case, target in enumerate(targets.tolist()):
        by_score = np.argsort(-scores[case], kind="stable").tolist()
        never = set(refused[case].tolist())
        for hidden, place in (
            (never, rank.unmasked[case]),
            (never | set(taken[case].tolist()), rank.masked[case]),
        ):
            shown = [item for item in by_score if item not in hidden]
            assert place == (shown.index(target) if target in shown else NEVER_SHOWN)


def test_recall_ndcg_and_reciprocal_rank_by_hand() -> None:
    found = np.array([0.0, 1.0, 4.0, 9.0, 10.0])
    assert recall(found, 5).tolist() == [1, 1, 1, 0, 0]
    assert ndcg(found, 10) == pytest.approx([1, 1 / np.log2(3), 1 / np.log2(6), 1 / np.log2(11), 0])
    assert mrr(found) == pytest.approx([1, 1 / 2, 1 / 5, 1 / 10, 1 / 11])


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 20))
def test_ndcg_is_never_above_recall_and_both_grow_with_k(found: list[int], k: int) -> None:
    at = np.array(found, np.float64)
    assert np.all(ndcg(at, k) <= recall(at, k))
    assert np.all(recall(at, k) <= recall(at, k + 1))
    assert np.all(ndcg(at, k) <= ndcg(at, k + 1))


def test_ndcg_agrees_with_its_definition() -> None:
    # DCG over the ideal DCG, written out for a list with one relevant item
    for rank in range(12):
        gains = np.zeros(12)
        gains[rank] = 1
        discounts = 1 / np.log2(np.arange(2, 14))
        ideal = np.sort(gains)[::-1][:10] @ discounts[:10]
        assert ndcg(np.array([float(rank)]), 10)[0] == pytest.approx(
            gains[:10] @ discounts[:10] / ideal
        )


def test_coverage_counts_items_once() -> None:
    assert coverage(np.array([[0, 1], [1, 2]], np.int32), 6) == 0.5
    assert coverage(np.empty((0, 5), np.int32), 0) == 0


def test_an_interval_holds_the_mean_and_is_as_wide_as_the_theory_says() -> None:
    values = rng().random(2_000)
    found = interval(values, np.arange(2_000), rng(), n=2_000)
    error = values.std() / np.sqrt(2_000)
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.2 * error)
    assert interval(values, np.arange(2_000), rng(), level=0.5).low > found.low


def test_people_are_drawn_whole() -> None:
    people = np.repeat(np.arange(50), 40)
    values = np.repeat(rng().random(50), 40)  # the cases of one person are alike
    whole = interval(values, people, rng())
    apart = interval(values, np.arange(2_000), rng())
    assert whole.high - whole.low > 4 * (apart.high - apart.low)


def test_columns_are_drawn_alike_and_the_same_seed_gives_the_same() -> None:
    a = rng().random(300)
    found = intervals(np.stack([a, a + 1], axis=1), np.arange(300), rng())
    assert found[1].low == pytest.approx(found[0].low + 1)
    assert found == intervals(np.stack([a, a + 1], axis=1), np.arange(300), rng())


def test_a_paired_interval_sees_a_small_steady_difference() -> None:
    noise = rng().random(500)
    found = paired_interval(noise + 0.01, noise, np.arange(500), rng())
    assert found.low == pytest.approx(0.01)
    assert found.high == pytest.approx(0.01)
    none = paired_interval(noise, rng().permutation(noise), np.arange(500), rng())
    assert none.low < 0 < none.high


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    chance = np.random.default_rng(5)
    hits = 0
    for _ in range(200):
        values = (chance.random(80) < 0.3).astype(np.float64)
        found = interval(values, np.arange(80), chance, n=200)
        hits += found.low <= 0.3 <= found.high
    assert 175 <= hits <= 200


def test_an_interval_is_written_with_its_bounds() -> None:
    assert str(interval(np.ones(3), np.arange(3), rng())) == "1.0000 [1.0000, 1.0000]"
