"""What a person saw on visit after visit and left alone makes room for something else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.config.load import load_config
from foretaste.domain.data import Event, Recommendation
from foretaste.loop import Foretaste

NOW = 1_750_000_000.0
HOUR = 3600.0


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste(trained, load_config(trained, {}), clock=lambda: NOW)
    yield loop
    loop.close()


def lists(shop: Foretaste, user: str) -> Recommendation:
    return shop.recommend(user, n=5, now=NOW, explore=0, explain=True)


def left_alone(recommendation: Recommendation) -> dict[str, float]:
    """By item, what having been shown takes from its score against an item that was not."""
    nats = {
        item.id: sum(
            term.nats
            for term in item.terms
            if term.expert == "impression" and term.feature == "shown and left alone"
        )
        for item in recommendation
    }
    return {item: value for item, value in nats.items() if value}


def test_what_was_left_alone_goes_down_for_that_person_alone(shop: Foretaste) -> None:
    before = {user: lists(shop, user) for user in ("u1", "u2")}
    seen = before["u1"].items[1].id
    shop.record(
        [
            Event(f"e{visit}", "impression", NOW - visit * HOUR, user="u1", item=seen)
            for visit in range(1, 40)
        ]
    )
    after = {user: lists(shop, user) for user in ("u1", "u2")}

    assert left_alone(after["u1"]).keys() == {seen}
    assert left_alone(after["u1"])[seen] < 0
    old_scores, scores = ({item.id: item.score for item in some["u1"]} for some in (before, after))
    lost = {item: score - old_scores[item] for item, score in scores.items() if item != seen}
    assert scores[seen] - old_scores[seen] < min(lost.values()) - 0.1
    assert [item.id for item in after["u2"]] == [item.id for item in before["u2"]]
    assert not left_alone(after["u2"])


def test_a_list_that_is_reported_whole_counts_for_each_of_its_items(shop: Foretaste) -> None:
    before = lists(shop, "u1")
    shop.recommendation_log.flush()
    list_id = before.recommendation_id
    shop.record([Event("e", "impression", NOW - HOUR, user="u1", recommendation_id=list_id)])
    assert left_alone(lists(shop, "u1")).keys() == {item.id for item in before}


def test_nobody_who_refuses_a_personal_list_is_read(shop: Foretaste) -> None:
    top = lists(shop, "u1").items[0].id
    plain = [item.id for item in shop.recommend("u1", n=5, now=NOW, explore=0, personalise=False)]
    shop.record(
        [
            Event(f"{item}{visit}", "impression", NOW - visit * HOUR, user="u1", item=item)
            for item in {top, plain[0]}
            for visit in range(1, 40)
        ]
    )
    after = shop.recommend("u1", n=5, now=NOW, explore=0, personalise=False)
    assert [item.id for item in after] == plain
