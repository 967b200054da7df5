"""Books as a public file has them, invented: series with their next volume, and a long tail unread.

10,000 books in 20 themes. 800 readers, each of one theme, rated 17,000 of about 3,000 of them, and
read a series in its order. The others have no event: other books, study guides, sheet music.
"""

import numpy as np
import pandas as pd

from benchmarks.zoo.dataset import DAY, END, Dataset
from benchmarks.zoo.words import THEMES, titles

THEME, SERIES, VOLUMES = 500, 31, 5
"""Books in a theme; series in it that people read; books in a series."""
READERS, SERIES_EACH = 800, 6
RELATED = ("Study Guide: {}", "{}: Sheet Music", "{} Notebook", "{}, Boxed Set")


def shelf(rng: np.random.Generator, theme: str) -> pd.DataFrame:
    """The books of a theme; those in series first, volume by volume."""
    names = titles(rng, theme, 300)
    series, single = names[:SERIES], names[SERIES:]
    volumes = [f"{name}, book {volume}" for name in series for volume in range(1, VOLUMES + 1)]
    related = [relation.format(name) for relation in RELATED for name in series]
    shelved = [*volumes, *related, *single][:THEME]
    authors = [f"{theme.capitalize()} Author {place // VOLUMES}" for place in range(THEME)]
    years = 1950 + rng.integers(70, size=THEME)
    return pd.DataFrame({"title": shelved, "author": authors, "year": years, "theme": theme})


def reading_order(rng: np.random.Generator, at_once: int, stray: float) -> list[int]:
    """The books of their theme that one reader reads, each series from its first volume on.

    at_once: series that are open at a time. stray: chance of any other book after a volume.
    """
    popularity = 1 / (np.arange(SERIES) + 20.0)
    chance = popularity / popularity.sum()
    series = rng.choice(SERIES, SERIES_EACH, replace=False, p=chance)
    queues = [[s * VOLUMES + v for v in range(int(rng.integers(2, VOLUMES + 1)))] for s in series]
    books = []
    while queues:
        queue = queues[int(rng.integers(min(at_once, len(queues))))]
        books.append(queue.pop(0))
        if rng.random() < stray:
            books.append(int(SERIES * VOLUMES * rng.random() ** 1.3))
        queues = [volumes for volumes in queues if volumes]
    return list(dict.fromkeys(books))


def books_in_order() -> Dataset:
    """One series after the other and nothing else; all are read when the data end.

    What comes next is always the next volume, so nothing is learned of readers who have no next.
    """
    return books(at_once=1, stray=0)


def books(at_once: int = 3, stray: float = 0.03) -> Dataset:
    """Three series at a time, and now and then another book."""
    rng = np.random.default_rng(6)
    names = list(THEMES)
    catalogue = pd.concat([shelf(rng, theme) for theme in names], ignore_index=True)
    catalogue.insert(0, "id", [f"b{place}" for place in range(len(catalogue))])
    tastes = {f"r{reader}": names[reader % len(names)] for reader in range(READERS)}
    rows = []
    for reader, taste in tastes.items():
        order = reading_order(rng, at_once, stray)
        days = np.sort(300 * rng.random(len(order)))
        home = names.index(taste)
        for day, book in zip(days, order, strict=True):
            theme = int(rng.integers(len(names))) if rng.random() < 0.03 else home
            stars = float(rng.choice([3, 4, 5], p=[0.2, 0.4, 0.4]))
            at = END - DAY * (300 - day)
            rows.append((reader, f"b{theme * THEME + book}", "rating", at, stars))
    events = pd.DataFrame(rows, columns=["user", "item", "kind", "at", "value"])
    clusters = dict(zip(catalogue["id"], catalogue["theme"], strict=True))
    events = events.sort_values("at", kind="stable", ignore_index=True)
    return Dataset(events, catalogue.drop(columns="theme"), clusters, tastes)
