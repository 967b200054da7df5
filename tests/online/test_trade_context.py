"""Lists of four trades, each trained on a little invented data of its own with its recipe."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from foretaste.data.invented import INVENTED_DATA, InventedData
from foretaste.domain.data import Event
from foretaste.loop import Foretaste
from foretaste.recipes import write

NOW = 1_780_000_000.0
HOUR, DAY = 3_600.0, 86_400.0
QUICK = {"model.sequence.epochs": 1, "model.sequence.dim": 16, "language.threads": 1}
SETTINGS = {**QUICK, "rank.exploration_rate": 0.0, "rank.timeout_ms": 60_000}
PEOPLE = 60

pytestmark = pytest.mark.slow  # four models are trained

OpenTrade = Callable[..., Any]


@contextmanager
def opened(folder: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(folder, settings=SETTINGS)
    try:
        yield loop
    finally:
        loop.close()


@pytest.fixture(scope="module")
def trades(make_once: Callable[..., Path]) -> Callable[[str], tuple[Path, InventedData]]:
    """Recipe → a workspace trained with it, which nobody may change, and its data."""

    def trade(name: str) -> tuple[Path, InventedData]:
        data = INVENTED_DATA[name](NOW, people=PEOPLE)

        def make(folder: Path) -> None:
            write(name, folder)
            with opened(folder) as loop:
                loop.add(items=data.items, events=data.events, users=data.users or None)
                loop.train()

        return make_once(f"trade-{name}", make), data

    return trade


@pytest.fixture
def open_trade(
    trades: Callable[[str], tuple[Path, InventedData]], tmp_path: Path
) -> Iterator[Callable[[str], tuple[Foretaste, InventedData]]]:
    loops: list[Foretaste] = []

    def open_copy(name: str) -> tuple[Foretaste, InventedData]:
        folder, data = trades(name)
        loop = Foretaste.open(shutil.copytree(folder, tmp_path / name), settings=SETTINGS)
        loops.append(loop)
        return loop, data

    yield open_copy
    for loop in loops:
        loop.close()


def event(user: str, item: str, kind: str, at: float, **more: Any) -> Event:
    return Event(f"{user}-{item}-{kind}-{at}", kind, at, user=user, item=item, **more)


def consumable(loop: Foretaste, data: InventedData) -> tuple[str, float]:
    """An item of which there is some, and after how many seconds it is bought again."""
    sold_out = {row["id"] for row in data.items if row["in_stock"] == "no"}
    intervals = loop.catch_up().list_habits["replenish_intervals"]
    return next((item, interval) for item, interval in intervals.items() if item not in sold_out)


def test_news_age_as_fast_as_readers_show(open_trade: OpenTrade) -> None:
    loop, data = open_trade("news")
    habits = loop.catch_up().list_habits
    assert HOUR <= habits["freshness_half_life"] <= 2 * DAY

    published = {row["id"]: row["available_from"] for row in data.items}
    front_page = loop.recommend(data.example_user, placement="home", now=NOW)
    assert all(NOW - published[item.id] <= 36 * HOUR for item in front_page)
    now = loop.recommend(data.example_user, placement="now", now=NOW)
    assert len(now)
    assert all(NOW - published[item.id] <= 12 * HOUR for item in now)
    old = loop.search("the marathon", data.example_user, n=50, now=NOW)
    assert any(NOW - published[item.id] > 2 * DAY for item in old)  # an archive is searched


def test_a_front_page_has_sections(open_trade: OpenTrade) -> None:
    loop, data = open_trade("news")
    sections = {row["id"]: row["category"] for row in data.items}
    page = loop.recommend("reader-3", n=20, now=NOW)
    counts = [sections[item.id] for item in page]
    assert len(page) == 20
    assert max(map(counts.count, counts)) <= 8  # two fifths


def test_an_article_that_came_just_now_is_there_at_once_and_before_an_old_one(
    open_trade: OpenTrade,
) -> None:
    loop, data = open_trade("news")
    last = next(row for row in data.items if row["id"] == data.events[-1]["item"])
    loop.add(
        items=[
            {**last, "id": name, "title": f"Breaking: {last['title']}", "available_from": at}
            for name, at in (("old", NOW - 3 * DAY), ("fresh", NOW - 60))
        ]
    )
    shown = [item.id for item in loop.recommend(data.example_user, n=300, now=NOW)]
    assert "fresh" in shown
    assert "old" not in shown[: shown.index("fresh")]
    ticker = loop.recommend(data.example_user, placement="now", n=300, now=NOW)
    sources = {item.id: item.source for item in ticker}
    assert sources["fresh"] != "outdated"
    assert sources["old"] == "outdated", "only as there is too little news for so long a list"


def test_what_is_used_up_comes_back_when_it_is_due(open_trade: OpenTrade) -> None:
    loop, data = open_trade("shop")
    intervals = loop.catch_up().list_habits["replenish_intervals"]
    assert intervals
    assert all(name.split("-")[0] not in ("kettle", "linen", "wool") for name in intervals)
    item, interval = consumable(loop, data)

    def position(days_ago: float) -> int | None:
        user = f"new-{days_ago:.0f}"
        loop.record([event(user, item, "purchase", NOW - days_ago * DAY)])
        shown = loop.recommend(user, n=12, now=NOW)
        return next((own.position for own in shown if own.id == item), None)

    assert position(2) is None  # there is enough
    assert position(interval / DAY) == 1
    assert position(5 * interval / DAY) is None  # bought elsewhere


def test_a_reason_says_that_it_may_run_out(open_trade: OpenTrade) -> None:
    loop, data = open_trade("shop")
    item, interval = consumable(loop, data)
    loop.record([event("empty", item, "purchase", NOW - interval)])
    first = loop.recommend("empty", explain=True, now=NOW).items[0]
    assert first.id == item
    assert "You may be running out of this" in first.reason
    assert sum(term.nats for term in first.terms) == pytest.approx(first.score, abs=1e-2)


def test_what_is_sold_out_is_in_no_list(open_trade: OpenTrade) -> None:
    loop, data = open_trade("shop")
    sold_out = {row["id"] for row in data.items if row["in_stock"] == "no"}
    assert sold_out
    shown = loop.recommend(data.example_user, n=200, now=NOW)
    assert not sold_out & {item.id for item in shown}
    titles = {row["id"]: row["title"] for row in data.items}
    name = min(sold_out)
    found = loop.search(titles[name], n=50, now=NOW)
    assert name not in {item.id for item in found}


def test_a_series_is_once_on_a_list_with_its_next_episode(open_trade: OpenTrade) -> None:
    loop, data = open_trade("video")
    series = {row["id"]: row.get("series") for row in data.items}
    episodes = ("night-shift-s1e1", "night-shift-s1e2")
    loop.record(
        [
            event("fan", item, "view", NOW - DAY + step, value=1.0)
            for step, item in enumerate(episodes)
        ]
    )
    shown = [item.id for item in loop.recommend("fan", n=60, now=NOW)]
    names = [series[item] for item in shown if series[item]]
    assert len(names) == len(set(names)) > 3
    assert "night-shift-s1e3" in shown[:5]
    assert all(item.endswith("s1e1") for item in shown if series[item] and "night" not in item)


def test_an_episode_is_found_by_its_name(open_trade: OpenTrade) -> None:
    loop, _ = open_trade("video")
    found = loop.search("Night shift, season 2, episode 4", n=5, now=NOW)
    assert "night-shift-s2e4" in [item.id for item in found]


def test_what_was_left_after_a_tenth_says_something_else_than_what_was_finished(
    open_trade: OpenTrade,
) -> None:
    loop, _ = open_trade("video")

    def crime_score(share: float) -> float:
        user = f"share-{share}"
        loop.record(
            [event(user, f"{name}-film-0", "view", NOW - DAY + step, value=share)
             for step, name in enumerate(("harbour-lights", "cold-evidence", "room-9"))]
        )  # fmt: skip
        shown = loop.recommend(user, n=200, explain=True, now=NOW)
        return next(item.score for item in shown if item.id == "the-second-witness-film-0")

    assert crime_score(1.0) > crime_score(0.05) + 0.5


def test_a_child_is_shown_what_a_child_may_see(open_trade: OpenTrade) -> None:
    loop, data = open_trade("video")
    ages = {row["id"]: int(row["age_rating"]) for row in data.items}
    child = next(row["id"] for row in data.users if row["age"] == 9)
    shown = loop.recommend(child, n=100, now=NOW)
    assert len(shown)
    assert all(ages[item.id] <= 9 for item in shown)
    assert any(ages[item.id] >= 16 for item in loop.recommend("viewer-1", n=400, now=NOW))


def test_a_track_that_was_just_played_pauses_and_comes_back(open_trade: OpenTrade) -> None:
    loop, data = open_trade("music")
    plays = [row for row in data.events if row["user"] == data.example_user]
    favourite = max({row["item"] for row in plays}, key=[row["item"] for row in plays].count)
    before = [item.id for item in loop.recommend(data.example_user, n=25, now=NOW)]
    assert favourite in before
    loop.record([event(data.example_user, favourite, "play", NOW - 60)])
    assert favourite not in [item.id for item in loop.recommend(data.example_user, n=25, now=NOW)]
    later = loop.recommend(data.example_user, n=25, now=NOW + HOUR)
    assert favourite in [item.id for item in later]


def test_artists_are_spread(open_trade: OpenTrade) -> None:
    loop, data = open_trade("music")
    artists = {row["id"]: row["artist"] for row in data.items}
    shown = loop.recommend(data.example_user, n=25, now=NOW)
    names = [artists[item.id] for item in shown]
    assert len(names) == 25
    assert max(map(names.count, names)) <= 3
    by_one = loop.recommend(data.example_user, n=8, filter={"artist": names[0]}, now=NOW)
    assert len(by_one) >= 6  # who asks for an artist has that artist


def test_a_playlist_goes_on_from_its_own_tracks_alone(open_trade: OpenTrade) -> None:
    loop, data = open_trade("music")
    genres = {row["id"]: row["genre"] for row in data.items}
    usual = [genres[row["item"]] for row in data.events if row["user"] == data.example_user]
    other = min(set(genres.values()), key=usual.count)
    played = [row["item"] for row in data.events if genres[row["item"]] == other]
    playlist = list(dict.fromkeys(played))[:6]
    shown = [item.id for item in loop.continuation(playlist, data.example_user, n=15, now=NOW)]
    assert not set(shown) & set(playlist)
    assert sum(genres[item] == other for item in shown) >= 12


def test_without_a_playlist_it_is_the_last_session_that_goes_on(open_trade: OpenTrade) -> None:
    loop, data = open_trade("music")
    genres = {row["id"]: row["genre"] for row in data.items}
    usual = [genres[row["item"]] for row in data.events if row["user"] == data.example_user]
    other = min(set(genres.values()), key=usual.count)
    played = dict.fromkeys(row["item"] for row in data.events if genres[row["item"]] == other)
    session = list(played)[:5]
    user = data.example_user
    loop.record(
        [event(user, item, "play", NOW + DAY + 200 * step) for step, item in enumerate(session)]
    )
    shown = [item.id for item in loop.continuation(user=user, n=15, now=NOW + DAY + 1100)]
    assert not set(shown) & set(session)
    assert sum(genres[item] == other for item in shown) >= 12


def test_a_film_that_was_seen_does_not_go_on(open_trade: OpenTrade) -> None:
    loop, data = open_trade("video")
    user = data.example_user
    seen = {row["item"] for row in data.events if row["user"] == user}
    shown = loop.continuation(user=user, n=50, now=NOW)
    assert shown.items
    assert not seen & {item.id for item in shown}
