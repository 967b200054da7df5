"""An invented music service: listeners who play the same tracks again, in sessions of one mood."""

import numpy as np

from foretaste.data.invented.records import (
    DAY_SECONDS,
    SEED,
    InventedData,
    Rows,
    tastes,
    times_of_day,
)
from foretaste.domain.data import Doubles, Longs

DAYS, TRACKS_PER_ARTIST = 60, 10
MOODS = {
    "Jazz": "midnight|velvet|blue|smoke|slow train|rain on brass",
    "Rock": "thunder|broken glass|highway|fire|stone|last exit",
    "Electronic": "neon|pulse|machine heart|static|orbit|chrome",
    "Folk": "river|old oak|harvest|lantern|valley|northern wind",
    "Classical": "sonata in grey|winter suite|the clock|little fugue|elegy|dawn prelude",
    "Hip hop": "corner store|crown|block party|mirror|concrete|freight",
}
"""Genre → what its titles are made of."""
SUFFIXES = ("", "No. 2", "again", "tonight", "for you", "reprise")
FIRST_NAMES = "Ada|Bruno|Cleo|Dario|Elin|Faro|Gita|Hugo|Ines|Jonas|Kaya|Levin"
LAST_NAMES = "Moreau|Okafor|Lindqvist|Tanaka|Silva|Novak|Haddad|Berg|Rossi|Kowalski"
REPEAT_SHARE = 0.55
"""Of all plays, what was played before."""
SAME_ARTIST_SHARE = 0.25
"""Of the others, the next of the same artist."""


def invented_music(now: float, people: int = 120) -> InventedData:
    """Tracks, and two months of plays."""
    rng = np.random.default_rng(SEED)
    names = [
        f"{first} {last}" for last in LAST_NAMES.split("|") for first in FIRST_NAMES.split("|")
    ]
    genres = list(MOODS)
    artist_genres = rng.integers(0, len(genres), len(names))
    items: Rows = []
    for artist, name in enumerate(names):
        words = MOODS[genres[artist_genres[artist]]].split("|")
        for track in range(TRACKS_PER_ARTIST):
            word = words[int(rng.integers(len(words)))]
            items.append(
                {
                    "id": f"track-{artist}-{track}",
                    "title": f"{word.capitalize()} {SUFFIXES[track % len(SUFFIXES)]}".strip(),
                    "artist": name,
                    "genre": genres[artist_genres[artist]],
                    "album": f"{name} {1 + track // 5}",
                }
            )
    fame = rng.pareto(1.2, len(names)) + 0.1
    likings = tastes(rng, people, len(genres), 0.5)
    events: Rows = []
    for listener in range(people):
        artist_weights = likings[listener][artist_genres] * fame * rng.gamma(0.5, 1.0, len(names))
        listener_id = f"listener-{listener}"
        events += _plays(rng, now, listener_id, artist_weights, artist_genres)
    return InventedData(items, events, [], "listener-1")


def _plays(
    rng: np.random.Generator,
    now: float,
    listener: str,
    artist_weights: Doubles,
    artist_genres: Longs,
) -> Rows:
    """Of one listener: each session keeps to a mood, and to what was played before."""
    rows: Rows = []
    played: dict[int, list[tuple[int, int]]] = {}
    days = np.flatnonzero(rng.random(DAYS) < rng.uniform(0.1, 0.4))
    for day in days.tolist():
        at = now - (DAYS - day) * DAY_SECONDS + float(times_of_day(rng, 1)[0])
        first = int(rng.choice(len(artist_weights), p=artist_weights / artist_weights.sum()))
        genre = int(artist_genres[first])
        mood_weights = np.where(artist_genres == genre, artist_weights, 0.0)
        artist = first
        for _ in range(4 + int(rng.poisson(6))):
            at += 210.0
            if at > now - 60:
                break
            past = played.setdefault(genre, [])
            if past and rng.random() < REPEAT_SHARE:
                artist, track = past[-1 - int(min(rng.geometric(0.15), len(past))) + 1]
            else:
                if rng.random() > SAME_ARTIST_SHARE:
                    artist = int(rng.choice(len(mood_weights), p=mood_weights / mood_weights.sum()))
                track = int(min(rng.geometric(0.3), TRACKS_PER_ARTIST)) - 1
            past.append((artist, track))
            kind = "skip" if rng.random() < 0.08 else "play"
            row = {
                "user": listener,
                "item": f"track-{artist}-{track}",
                "at": at,
                "event_type": kind,
            }
            rows.append(row)
            if kind == "play" and rng.random() < 0.05:
                rows.append({**row, "at": at + 100, "event_type": "like"})
    return rows
