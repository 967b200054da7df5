"""The public data sets of ../shared/data as frames. Raises Absent where a set is not there.

Absent as well where a set cannot be used: the reviews of women's clothing name no user and no time,
so nobody has a history, and no event comes after another. Users are not made up for them.
"""

import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pandas as pd

from benchmarks.datasets import SHARED, Absent, write
from benchmarks.zoo.dataset import Dataset, last_events, share_of_people

CUT = ("ml-small", "ml-100k", "ml-1m", "movietweetings", "beauty", "sports")
"""The sets that are cut to a share of their people, and to a few events a person."""
SHARES = (1, 3, 10, 30)
"""Per cent."""
LAST = (1, 2, 5)
"""Events a person."""
THIRD = 3
"""One item of so many has an event in `films-third`."""


def table(path: Path, **how: object) -> pd.DataFrame:
    """A file of columns of text. Raises Absent where it is not there."""
    try:
        return pd.read_csv(path, dtype=str, **how)  # type: ignore[call-overload]
    except FileNotFoundError as error:
        raise Absent(f"{path} is not there; the set is skipped") from error


@cache
def whole(name: str) -> Dataset:
    """A set of `benchmarks.datasets`."""
    with tempfile.TemporaryDirectory() as folder:
        events_file, items_file = write(name, Path(folder))
        events = table(events_file, keep_default_na=False)
        items = table(items_file, keep_default_na=False)
    numbers = {column: float for column in ("at", "value") if column in events}
    return Dataset(events.astype(numbers), items)


def diginetica() -> Dataset:
    """Purchases; `NA` is no user, only a session; no catalogue but the ids, shuffled."""
    rows = table(SHARED / "diginetica-purchases" / "train-purchases.csv", sep=";")
    days = pd.to_datetime(rows["eventdate"], utc=True)
    events = pd.DataFrame(
        {
            "user": rows["userId"],
            "session": rows["sessionId"],
            "item": rows["itemId"],
            "kind": "purchase",
            "at": (days - pd.Timestamp(0, tz="UTC")).dt.total_seconds(),
        }
    )
    ids = events["item"].drop_duplicates().sample(frac=1, random_state=0, ignore_index=True)
    return Dataset(events, pd.DataFrame({"id": ids}))


def lastfm() -> Dataset:
    """Who listened to which artist; shuffled, as the file has a person's most played first."""
    folder = SHARED / "lastfm-hetrec"
    names = ["user", "item", "plays"]
    plays = table(folder / "user_artists.dat", sep="\t", header=None, names=names)
    artists = table(folder / "artists.dat", sep="\t", keep_default_na=False, quoting=3)
    events = plays[["user", "item"]].sample(frac=1, random_state=0, ignore_index=True)
    items = pd.DataFrame({"id": artists["id"], "title": artists["name"]})
    return Dataset(events.assign(kind="view", at=1.3e9), items)


def clothing() -> Dataset:
    raise Absent(
        "womens-clothing-reviews: its rows name no user and no time, so nobody has a history and "
        "no event is after another; no user is made up, and the set is skipped"
    )


def films_third() -> Dataset:
    """All films of ml-small, and people until a third of the films has an event."""
    data = whole("ml-small")
    people = pd.Series(data.events["user"].unique()).sample(frac=1, random_state=0)
    first = data.events.assign(place=data.events["user"].map({u: p for p, u in enumerate(people)}))
    taken = first.groupby("item")["place"].min().sort_values()
    last = taken.iloc[len(data.items) // THIRD]
    return Dataset(data.events[first["place"] < last].reset_index(drop=True), data.items)


def _part(name: str, percent: int) -> Dataset:
    return share_of_people(whole(name), percent / 100)


def _tail(name: str, most: int) -> Dataset:
    return last_events(whole(name), most)


PUBLIC: dict[str, Callable[[], Dataset]] = {
    "diginetica": diginetica,
    "lastfm-hetrec": lastfm,
    "womens-clothing-reviews": clothing,
    "films-third": films_third,
    **{f"{name}/{share}%": partial(_part, name, share) for name in CUT for share in SHARES},
    **{f"{name}/last-{most}": partial(_tail, name, most) for name in CUT for most in LAST},
}
