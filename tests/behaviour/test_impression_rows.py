"""What people were shown, in both databases."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, LoggedRecommendation


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    sqlite = request.param == "sqlite"
    url = tmp_path / "b.db" if sqlite else request.getfixturevalue("empty_postgres")
    with SqlStore(url) as store:
        yield store


def shown(name: str, at: float, item: str | None, user: str = "ann") -> Event:
    return Event(name, "impression", at, user=user, item=item)


def test_one_persons_impressions_the_newest_last(store: SqlStore) -> None:
    store.add_events(
        [
            shown("c", 3.0, "tea"),
            shown("a", 1.0, "cup"),
            shown("d", 4.0, "pot", user="bob"),
            Event("e", "click", 5.0, user="ann", item="tea"),
            Event("f", "impression", 2.0, session="tv", item="can"),
        ]
    )
    assert store.impressions("ann", None, 10) == [("cup", 1.0), ("tea", 3.0)]
    assert store.impressions("ann", "tv", 10) == [("cup", 1.0), ("can", 2.0), ("tea", 3.0)]
    assert store.impressions("ann", None, 1) == [("tea", 3.0)]
    assert store.impressions(None, "tv", 10) == [("can", 2.0)]


def test_an_impression_of_a_list_is_one_of_each_of_its_items(store: SqlStore) -> None:
    places = [("tea", 1, 1.0, "model", 0.5), ("cup", 2, 1.0, "model", 0.4)]
    store.add_recommendations([LoggedRecommendation("l", 0.0, "ann", None, "m", {}, places)])
    store.add_events(
        [
            replace(shown("a", 1.0, None), recommendation_id="l"),
            replace(shown("b", 2.0, None), recommendation_id="no longer kept"),
        ]
    )
    assert store.impressions("ann", None, 10) == [("tea", 1.0), ("cup", 1.0)]


def test_what_others_store_is_found_in_a_while(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store without impressions is not asked for them with each list."""
    now = 100.0
    monkeypatch.setattr("foretaste.behaviour.impression_rows.monotonic", lambda: now)
    assert store.impressions("ann", None, 10) == []
    with SqlStore(store.url) as other:
        other.add_events([shown("b", 2.0, "tea")])
        assert other.impressions("ann", None, 10) == [("tea", 2.0)]
    assert store.impressions("ann", None, 10) == []
    now += 10.0
    assert store.impressions("ann", None, 10) == [("tea", 2.0)]
