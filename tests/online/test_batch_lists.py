"""The lists of a batch are those that `recommend` gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Event, Recommendation
from foretaste.loop import Foretaste
from foretaste.online import batch_lists
from foretaste.online.batch_lists import PersonList, compose_lists

PEOPLE = (*(f"u{number}" for number in range(12)), "a stranger")


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def lists_of(shop: Foretaste, *, with_reasons: bool = False, **fields: Any) -> list[PersonList]:
    pages = [shop.slates.page_request(person, None, fields) for person in PEOPLE]
    return list(compose_lists(shop, pages, with_reasons=with_reasons))


def assert_same(person_list: PersonList, expected: Recommendation) -> None:
    assert [item.id for item in person_list.items] == [item.id for item in expected]
    assert [item.position for item in person_list.items] == [item.position for item in expected]
    assert [item.title for item in person_list.items] == [item.title for item in expected]
    np.testing.assert_allclose(
        [item.score for item in person_list.items], [item.score for item in expected], atol=1e-4
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"n": 17},
        {"filter": {"genre": "space"}},
        {"rules": ({"pin": "kitchen-3", "at": 2},), "diversity": 0.5},
        {"window": 7 * 86_400.0},
        {"items": ("space-1",)},
    ],
    ids=str,
)
def test_they_are_those_of_recommend(shop: Foretaste, fields: dict[str, Any]) -> None:
    for person, person_list in zip(PEOPLE, lists_of(shop, **fields), strict=True):
        assert_same(person_list, shop.recommend(person, **fields))


def test_many_passes_give_the_lists_of_one(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = lists_of(shop)
    monkeypatch.setattr(batch_lists, "MAX_SCORES", 60)  # three people of twenty items each

    for person_list, other in zip(lists_of(shop), expected, strict=True):
        assert [item.id for item in person_list.items] == [item.id for item in other.items]


def test_a_catalogue_too_large_to_score_whole_is_scored_as_recommend_does(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = lists_of(shop)
    monkeypatch.setattr(batch_lists, "is_exhaustive", lambda _: False)

    for person_list, other in zip(lists_of(shop), expected, strict=True):
        assert [item.id for item in person_list.items] == [item.id for item in other.items]


def test_reasons_are_those_of_recommend(shop: Foretaste) -> None:
    for person, person_list in zip(PEOPLE, lists_of(shop, with_reasons=True), strict=True):
        expected = shop.recommend(person)
        assert [item.reasons for item in person_list.items] == [item.reason for item in expected]
    assert not any(item.reasons for row in lists_of(shop) for item in row.items)


def test_an_accepted_event_is_in_the_lists(shop: Foretaste) -> None:
    first = lists_of(shop)[0].items[0].id
    shop.record([Event("new", "click", 1_750_000_000.0, user="u0", item=first)])

    assert first not in [item.id for item in lists_of(shop)[0].items]


def test_lists_that_are_kept_can_be_attributed(shop: Foretaste) -> None:
    pages = [shop.slates.page_request(person, None, {}) for person in PEOPLE]
    ids = [row.recommendation_id for row in compose_lists(shop, pages, keep=True)]
    shop.recommendation_log.flush()

    assert all(ids)
    kept = shop.store.recommendations_by_id([name for name in ids if name])
    assert sorted(answer.user or "" for answer in kept.values()) == sorted(PEOPLE)
