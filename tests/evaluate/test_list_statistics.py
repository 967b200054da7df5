import json
from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import EvaluationCases
from foretaste.evaluate.list_statistics import ListStatistics, list_statistics
from foretaste.evaluate.sampled_lists import sampled_lists

from .helpers import cases
from .shops import at, everybody, items, sample, shop


def statistics(held: EvaluationCases, *scores: float, hide_seen: bool = True) -> ListStatistics:
    goods = shop(held, items(len(scores)))
    return list_statistics(sample(held, goods, *scores, hide_seen=hide_seen), goods, "product")


def test_events_are_counted_up_to_the_moment_of_each_list() -> None:
    # in time: p0 takes 0, p1 takes 0, p0 takes 1 (the test), p1 takes 1 (the test)
    held = at(cases([0, 1], [0, 1]), [0, 2, 1, 3])
    lists = statistics(held, 9, 8, 7)
    # both are shown 1 and 2: 1 has no event at p0's moment and one at p1's; 2 never has any
    assert lists.target_event_shares == {0: 0.5, 1: 1, 2: 1, 5: 1}
    assert lists.product.event_shares == {0: 0.75, 1: 1, 2: 1, 5: 1}


def test_repeats_do_not_count_among_what_was_taken_where_they_cannot_be_shown() -> None:
    held = at(cases([0, 0], [0, 1]), [0, 2, 1, 3])
    assert statistics(held, 9, 8, 7).target_event_shares == {0: 1, 1: 1, 2: 1, 5: 1}
    shown = statistics(held, 9, 8, 7, hide_seen=False)
    assert shown.target_event_shares == {0: 0.5, 1: 0.5, 2: 1, 5: 1}
    nobody = statistics(cases([0, 0]), 9, 8)
    assert nobody.target_event_shares == dict.fromkeys((0, 1, 2, 5))


def test_what_the_lists_cover() -> None:
    held = cases([0, 1], [0, 1])
    goods = items(30)
    goods[29] = replace(goods[29], hidden=True)
    place = shop(held, goods)
    lists = list_statistics(sample(held, place, *range(30)), place, "product")
    assert lists.available_items == 29
    assert lists.product.distinct_items == 10
    assert lists.product.coverage == pytest.approx(10 / 29)


def test_the_same_list_for_all_is_seen() -> None:
    held = cases([0, 1], [1, 2], [2, 1])
    lists = statistics(held, 0, 0, 0, *range(30))
    assert lists.product.overlap == pytest.approx(1)
    assert (lists.product.top_item, lists.product.top_item_share) == ("i23", 1)
    assert lists.top_title == "Item 23"


def test_the_overlap_is_the_mean_over_all_pairs_of_people() -> None:
    chance = np.random.default_rng(0)
    held = cases(*(chance.permutation(20)[: chance.integers(1, 12)].tolist() for _ in range(15)))
    place = shop(held, items(20))
    people_lists = sample(held, place, *range(20))
    rows = [set(row[row >= 0].tolist()) for row in people_lists.lists["product"]]
    pairs = [len(a & b) for n, a in enumerate(rows) for b in rows[:n]]
    expected = np.mean(pairs) / np.mean([len(row) for row in rows])
    assert list_statistics(people_lists, place, "product").product.overlap == pytest.approx(
        expected
    )


def test_each_person_counts_once_however_often_they_came() -> None:
    held = cases([0, 1, 2, 3, 4, 5], [9, 8], [9, 7])
    often = EvaluationCases(
        held.interactions, np.array([0, 0, 0, 0, 0, 1, 2]), np.array([1, 2, 3, 4, 5, 7, 9])
    )
    # p0 is shown the items up from 5, the others those up to 8
    lists = statistics(often, *range(10, 0, -1))
    assert (lists.cases, lists.users) == (7, 3)
    assert lists.product.overlap is not None
    single = statistics(held, *range(10, 0, -1))
    assert lists.product.overlap == pytest.approx(single.product.overlap)
    assert lists.product.top_item_share == 1


def test_one_person_alone_is_like_nobody() -> None:
    lists = statistics(cases([0, 1]), 1, 2, 3)
    assert lists.product.overlap is None
    assert not any("two people" in line for line in lists.lines())


def test_experts_are_measured_on_the_same_cases() -> None:
    held = cases([0, 1], [2, 3])
    place = shop(held, items(20))
    scores = everybody(product=range(20), popularity=range(20, 0, -1))
    lists = list_statistics(sampled_lists(scores, held, place, hide_seen=True), place, "product")
    assert list(lists.experts) == ["popularity"]
    assert lists.experts["popularity"].event_shares[0] == pytest.approx(0.9), (
        "two are taken by p1's moment"
    )
    assert lists.product.event_shares[0] == 1


@pytest.mark.parametrize("people", [1, 8])
def test_json_and_words_hold_the_same_figures(people: int) -> None:
    vectors = np.eye(12, dtype=np.float32)
    held = cases(*([n, n + 1, n + 2] for n in range(people)))
    goods = items(12, genre=[("a",), ("b",)] * 6)
    place = shop(held, goods, vectors)
    lists = list_statistics(sample(held, place, *range(12)), place, "product")
    figures = lists.figures()
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert set(figures["events"]) == {"0", "1", "2", "5"}
    assert set(figures["events"]["0"]) == {"taken", "shown"}
    assert set(figures["text"]) == {"shown", "taken", "random"}
    assert set(figures["attributes"]) == {"genre"}
    text = "\n".join(lists.lines())
    assert f"{figures['coverage']:.1%} of the 12 on offer" in text
    assert f"shown {figures['text']['shown']:.2f}" in text
    assert "genre in common with what the person took before: shown" in text
    assert max(map(len, lists.lines())) < 160
