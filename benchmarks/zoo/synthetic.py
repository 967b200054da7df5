"""Invented data sets, each with one property that real data have: a seed in, frames out.

All end at the same moment; `dataset.shift_to_age` moves it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.zoo.books import books, books_in_order
from benchmarks.zoo.dataset import DAY, END, Dataset
from benchmarks.zoo.words import GROCERIES, SORTS, THEMES, titles
from foretaste.domain.data import Longs

THEME_NAMES = tuple(THEMES)


def shop(rng: np.random.Generator, items: int, themes: int) -> Dataset:
    """A catalogue in themes, and no events."""
    size = -(-items // themes)
    names = [THEME_NAMES[place] for place in range(themes) for _ in range(size)][:items]
    texts = [title for theme in THEME_NAMES[:themes] for title in titles(rng, theme, size)]
    ids = [f"i{place}" for place in range(items)]
    frame = pd.DataFrame({"id": ids, "title": texts[:items], "category": names})
    return Dataset(pd.DataFrame(), frame, clusters=dict(zip(ids, names, strict=True)))


def purchases(user: Longs, item: Longs, at: np.ndarray, kind: str = "purchase") -> pd.DataFrame:
    """Events in the order of their time."""
    frame = pd.DataFrame(
        {"user": [f"u{u}" for u in user], "item": [f"i{i}" for i in item], "kind": kind}
    )
    frame["at"] = np.floor(at)
    return frame.sort_values("at", kind="stable", ignore_index=True)


def crowd(
    *,
    seed: int = 0,
    people: int = 800,
    items: int = 400,
    each: float = 10,
    themes: int = 10,
    days: int = 730,
) -> Dataset:
    """People who keep to one theme for most of what they buy; the first items of it the most."""
    rng = np.random.default_rng(seed)
    data = shop(rng, items, themes)
    home = rng.integers(themes, size=people)
    user = np.repeat(np.arange(people), 1 + rng.poisson(each - 1, people))
    theme = np.where(rng.random(len(user)) < 0.85, home[user], rng.integers(themes, size=len(user)))
    size = -(-items // themes)
    place = np.floor(size * rng.random(len(user)) ** 2.5).astype(np.int64)
    item = np.minimum(theme * size + place, items - 1)
    events = purchases(user, item, END - days * DAY * rng.random(len(user)))
    tastes = {f"u{place}": THEME_NAMES[theme] for place, theme in enumerate(home)}
    return replace(data, events=events, tastes=tastes)


def same_item() -> Dataset:
    """300 people, each of whom buys the same item once; nobody buys the other 49."""
    rng = np.random.default_rng(0)
    at = END - 365 * DAY * rng.random(300)
    return replace(shop(rng, 50, 5), events=purchases(np.arange(300), np.zeros(300, np.int64), at))


def only_repeats() -> Dataset:
    """300 people who take one item each, again and again."""
    rng = np.random.default_rng(0)
    favourite = rng.integers(60, size=300)
    user = np.repeat(np.arange(300), 6)
    at = END - 365 * DAY * rng.random(len(user))
    return replace(shop(rng, 60, 6), events=purchases(user, favourite[user], at))


def only_new(people: int = 400, each: int = 10) -> Dataset:
    """Second-hand goods: everything is sold once, so whatever is taken has no event before.

    People buy of their own theme, and sometimes of another; half of the goods are still there.
    """
    rng = np.random.default_rng(0)
    themes, count = 10, people * each
    data = shop(rng, 2 * count, themes)
    size = -(-2 * count // themes)
    home = rng.integers(themes, size=people)
    user = rng.permutation(np.repeat(np.arange(people), each))
    theme = np.where(rng.random(count) < 0.85, home[user], rng.integers(themes, size=count))
    free = [list(rng.permutation(size)) for _ in range(themes)]
    item = np.array([themed * size + free[themed].pop() for themed in theme])
    return replace(data, events=purchases(user, item, END - 365 * DAY * np.sort(rng.random(count))))


def only_sessions() -> Dataset:
    """Visits of three items or so; nobody is known by a user id."""
    data = crowd(people=2500, items=300, each=3, days=90)
    start = data.events.groupby("user")["at"].transform("min")
    step = data.events.groupby("user").cumcount()
    events = data.events.assign(at=start + 60 * step, kind="view")
    events = events.rename(columns={"user": "session"})
    return replace(data, events=events.sort_values("at", kind="stable", ignore_index=True))


def no_text() -> Dataset:
    data = crowd()
    return replace(data, items=data.items[["id"]])


def same_text() -> Dataset:
    data = crowd()
    return replace(data, items=data.items[["id"]].assign(title="Product"))


def two_events() -> Dataset:
    """Two people, an item each; a catalogue of six."""
    rng = np.random.default_rng(0)
    at = END - DAY * np.array([2.0, 1.0])
    return replace(shop(rng, 6, 2), events=purchases(np.arange(2), np.array([0, 1]), at))


def five_items() -> Dataset:
    return crowd(people=300, items=5, each=4, themes=2)


def large_catalogue() -> Dataset:
    """50,000 items, 2,500 titles among them, of which 100 are taken."""
    rng = np.random.default_rng(0)
    items, people, themes = 50_000, 500, 20
    texts = [title for theme in THEME_NAMES for title in titles(rng, theme, items // themes // 20)]
    frame = pd.DataFrame({"id": [f"i{place}" for place in range(items)]})
    frame["title"] = [texts[place // 20] for place in range(items)]
    frame["category"] = [THEME_NAMES[place * themes // items] for place in range(items)]
    taken = np.sort(rng.choice(items, 100, replace=False))
    home = rng.integers(themes, size=people)
    user = np.repeat(np.arange(people), 8)
    theme = np.where(rng.random(len(user)) < 0.8, home[user], rng.integers(themes, size=len(user)))
    place = (theme * 5 + np.floor(5 * rng.random(len(user)) ** 2)).astype(np.int64)
    return Dataset(purchases(user, taken[place], END - 365 * DAY * rng.random(len(user))), frame)


def all_five() -> Dataset:
    """Ratings, and every one of them is 5."""
    data = crowd(seed=1)
    return replace(data, events=data.events.assign(kind="rating", value=5.0))


def same_time() -> Dataset:
    data = crowd(seed=2)
    return replace(data, events=data.events.assign(at=END))


def holiday() -> Dataset:
    """Before Christmas everybody buys what nobody wants at other times; it ends on 31 January."""
    data = crowd(seed=3, people=600, each=10)
    rng = np.random.default_rng(3)
    eve = END - 38 * DAY  # 24 December
    user = rng.integers(600, size=3000)
    item = 40 * rng.integers(10, size=3000) + 39 - rng.integers(3, size=3000)
    at = eve - DAY * (21 * rng.random(3000) + 365 * rng.integers(2, size=3000))
    spike = purchases(user, item, at)
    events = pd.concat([data.events, spike])
    return replace(data, events=events.sort_values("at", kind="stable", ignore_index=True))


def seasons() -> Dataset:
    """Each theme has its month, and sells little in the half year opposite to it."""
    data = crowd(seed=4, people=900, each=14)
    rng = np.random.default_rng(4)
    phase = data.events["item"].map(data.clusters).map(THEME_NAMES.index).to_numpy() / 10
    year = data.events["at"].to_numpy() / (365 * DAY)
    chance = ((1 + np.cos(2 * np.pi * (year - phase))) / 2) ** 2
    events = data.events[rng.random(len(chance)) < chance].reset_index(drop=True)
    return replace(data, events=events)


def groceries() -> Dataset:
    """39,000 rows of baskets in two years: staples, repeats, and seven items bought once."""
    rng = np.random.default_rng(5)
    names = GROCERIES.split("|")
    products = [*names, *(f"{name}, {sort}" for sort in SORTS.split("|") for name in names)][:167]
    share = 1 / (np.arange(160) + 3.0)
    share /= share.sum()
    people = 3900
    visitor = np.repeat(np.arange(people), 1 + rng.poisson(2.9, people))
    day = END - DAY * np.floor(730 * rng.random(len(visitor)))
    visit = np.repeat(np.arange(len(visitor)), 1 + rng.poisson(1.57, len(visitor)))
    user, at = visitor[visit], day[visit]
    favourites = rng.choice(160, (people, 6), p=share)
    item = np.where(
        rng.random(len(user)) < 0.3,
        favourites[user, rng.integers(6, size=len(user))],
        rng.choice(160, len(user), p=share),
    )
    item[rng.choice(len(user), 7, replace=False)] = np.arange(160, 167)
    frame = pd.DataFrame({"id": [f"i{place}" for place in range(167)], "title": products})
    return Dataset(purchases(user, item, at), frame)


def shuffled(build: Callable[[], Dataset]) -> Callable[[], Dataset]:
    """With the catalogue in random order: equal scores are shown in its order, which must not tell
    what is popular or what comes next.
    """

    def dataset() -> Dataset:
        data = build()
        return replace(data, items=data.items.sample(frac=1, random_state=0, ignore_index=True))

    return dataset


BUILDERS: dict[str, Callable[[], Dataset]] = {
    "same-item": same_item,
    "only-repeats": only_repeats,
    "only-new": only_new,
    "only-sessions": only_sessions,
    "no-text": no_text,
    "same-text": same_text,
    "two-events": two_events,
    "catalogue-5": five_items,
    "catalogue-50000": large_catalogue,
    "all-five-stars": all_five,
    "same-time": same_time,
    "holiday": holiday,
    "seasons": seasons,
    "groceries": groceries,
    "books": books,
    "books-in-order": books_in_order,
}
SYNTHETIC = {name: shuffled(build) for name, build in BUILDERS.items()}
