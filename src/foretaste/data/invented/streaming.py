"""An invented video service: films and series, how much of each was watched, and age limits."""

from typing import Any

import numpy as np

from foretaste.data.invented.records import (
    DAY_SECONDS,
    SEED,
    InventedData,
    Rows,
    tastes,
    times_of_day,
)
from foretaste.domain.data import Doubles

DAYS, SEASONS, EPISODES = 90, 2, 6
GENRES = {
    "Drama": "The last letter|A house of salt|Winter visit|The tenant|Silent shore",
    "Comedy": "Flatmates|The wrong wedding|Office plants|Two left feet|Aunt Rosa",
    "Crime": "Harbour lights|Cold evidence|The second witness|Night shift|Room 9",
    "Science fiction": "Orbit nine|The glass moon|Signal lost|Colony|Slow light",
    "Kids": "Pip the otter|The paper dragon|Moon rabbits|Tiny garage|Captain Beetle",
    "Documentary": "Deep water|The seed keepers|Iron roads|Planet kitchen|Lost cities",
}
"""Genre → titles."""
MINIMUM_AGES = {
    "Kids": "0",
    "Documentary": "6",
    "Comedy": "6",
    "Drama": "12",
    "Crime": "16",
    "Science fiction": "12",
}
"""Genre → from which age."""
FILM_WORDS = ("", "Part II", "Returns", "The beginning")


def invented_video(now: float, people: int = 300) -> InventedData:
    """Films and episodes, and three months of views with the share that was watched."""
    rng = np.random.default_rng(SEED)
    items, films, series = _titles()
    genres = list(GENRES)
    likings = tastes(rng, people, len(genres), 0.35)
    users, events = [], list[dict[str, Any]]()
    for viewer in range(people):
        is_child = viewer % 8 == 7
        users.append({"id": f"viewer-{viewer}", "age": 9 if is_child else 20 + viewer % 50})
        liking = likings[viewer].copy()
        if is_child:
            liking[[genre not in ("Kids", "Documentary") for genre in genres]] = 0.0
            liking = (liking + 1e-3) / (liking + 1e-3).sum()
        events += _views(rng, now, f"viewer-{viewer}", liking, films, series)
    return InventedData(items, events, users, "viewer-1")


def _titles() -> tuple[Rows, list[list[str]], list[list[list[str]]]]:
    """(rows, genre → films, genre → series → episodes in their order)"""
    items: Rows = []
    films: list[list[str]] = []
    series: list[list[list[str]]] = []
    for genre, titles in GENRES.items():
        films.append([])
        series.append([])
        for title in titles.split("|"):
            code = title.lower().replace(" ", "-")
            about = {"genres": genre, "age_rating": MINIMUM_AGES[genre]}
            for number, word in enumerate(FILM_WORDS):
                films[-1].append(f"{code}-film-{number}")
                name = f"{title}: {word}" if word else title
                items.append(
                    {
                        **about,
                        "id": films[-1][-1],
                        "title": name,
                        "description": f"A {genre.lower()} film.",
                    }
                )
            episodes = []
            for season in range(1, SEASONS + 1):
                for episode in range(1, EPISODES + 1):
                    episodes.append(f"{code}-s{season}e{episode}")
                    items.append(
                        {
                            **about,
                            "id": episodes[-1],
                            "title": f"{title}, season {season}, episode {episode}",
                            "description": f"A {genre.lower()} series.",
                            "series": title,
                            "season": season,
                            "episode": episode,
                        }
                    )
            series[-1].append(episodes)
    return items, films, series


def _views(
    rng: np.random.Generator,
    now: float,
    viewer: str,
    liking: Doubles,
    films: list[list[str]],
    series: list[list[list[str]]],
) -> Rows:
    """Of one viewer: a series is watched on, a film once, and what is not liked is left early."""
    rows: Rows = []
    episode_counts: dict[tuple[int, int], int] = {}
    watched_items = set[str]()
    for day in np.flatnonzero(rng.random(DAYS) < rng.uniform(0.1, 0.5)).tolist():
        at = now - (DAYS - day) * DAY_SECONDS + float(times_of_day(rng, 1)[0])
        if at > now - DAY_SECONDS / 4:
            continue
        is_try = rng.random() < 0.3  # something else for once, which is mostly left
        genre = int(rng.integers(len(films)) if is_try else rng.choice(len(films), p=liking))
        likes = rng.random() < min(liking[genre] * 2.5, 0.9)
        begun_series = [key for key in episode_counts if key[0] == genre]
        if rng.random() < 0.6:
            key = (
                begun_series[-1]
                if begun_series and rng.random() < 0.8
                else (genre, int(rng.integers(len(series[genre]))))
            )
            episode_count = episode_counts.get(key, 0)
            episodes = series[genre][key[1]][
                episode_count : episode_count + 1 + int(rng.poisson(1))
            ]
            episode_counts[key] = episode_count + len(episodes)
            if not likes:
                episodes = episodes[:1]
        else:
            episodes = [films[genre][int(rng.integers(len(films[genre])))]]
        for step, item in enumerate(episodes):
            if item not in watched_items:
                watched_items.add(item)
                share = rng.uniform(0.9, 1.0) if likes else rng.uniform(0.02, 0.15)
                rows.append(
                    {
                        "user": viewer,
                        "item": item,
                        "at": at + 2_700 * step,
                        "event_type": "view",
                        "value": round(float(share), 2),
                    }
                )
    return rows
