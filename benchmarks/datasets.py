"""The public data sets as files that `foretaste import` takes: in: ../shared/data, out: CSV."""

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"
BUNDLED = REPOSITORY / "src" / "foretaste" / "data" / "ml-small"


class Absent(Exception):
    """A data set that is not on this machine."""


FIRST_TIME = 1_600_000_000
"""Of what has an order and no times: times of 1970 are refused, as they are mostly a mistake."""


ORDER_ALONE = frozenset({"beauty", "beauty-2000", "sports", "sports-titles", "ml-1m", "ml-1m-1500"})
"""Sets whose times are made up: only the order of a user's events is known."""


def write(name: str, folder: Path) -> tuple[Path, Path]:
    """(events file, items file) of a data set, written into the folder."""
    if name not in SETS:
        raise Absent(f"no data set '{name}'; there are {', '.join(SETS)}")
    try:
        return SETS[name](folder)
    except FileNotFoundError as error:
        raise Absent(f"{name}: {error.filename} is not there; the set is skipped") from error


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _sequences(source: Path, target: Path) -> Path:
    """`user item item …` a line; the time of an event is its place in its line, in seconds."""
    lines = (line.split() for line in source.read_text().splitlines())
    rows = ((user, item, at) for user, *items in lines for at, item in enumerate(items, FIRST_TIME))
    return _csv(target, ("user", "item", "at"), rows)


def _amazon(folder_name: str, title: str) -> Callable[[Path], tuple[Path, Path]]:
    def written(folder: Path) -> tuple[Path, Path]:
        source = SHARED / folder_name
        lines = (source / "items.jsonl").read_text(encoding="utf-8").splitlines()
        things = [json.loads(line) for line in lines]
        items = _csv(
            folder / "items.csv", ("id", "title"), ((one["item_id"], one[title]) for one in things)
        )
        return _sequences(source / "sequences.txt", folder / "events.csv"), items

    return written


def _sports_titles(folder: Path) -> tuple[Path, Path]:
    """Sports with the titles that were matched, 92 of 100; the others have their few words."""
    events, items = _amazon("amazon-sports-5core", "short_text_id")(folder)
    lines = (SHARED / "amazon-sports-5core" / "titles.jsonl").read_text(encoding="utf-8")
    titles = {str(row["item_id"]): row["title"] for row in map(json.loads, lines.splitlines())}
    header, rows = _read(items)
    return events, _csv(items, header, [(item, titles.get(item, text)) for item, text in rows])


def _ml1m(folder: Path) -> tuple[Path, Path]:
    source = SHARED / "ml-1m"
    with (source / "sasrec_items.tsv").open(encoding="utf-8", newline="") as file:
        rows = [
            (row["sas_item_id"], row["title"], row["genres"])
            for row in csv.DictReader(file, delimiter="\t")
        ]
    items = _csv(folder / "items.csv", ("id", "title", "genres"), rows)
    return _sequences(source / "sasrec_sequences.txt", folder / "events.csv"), items


def _ml_small(folder: Path) -> tuple[Path, Path]:
    with gzip.open(BUNDLED / "ratings.csv.gz", "rt", newline="") as file:
        ratings = [
            (row["userId"], row["movieId"], "rating", row["timestamp"], row["rating"])
            for row in csv.DictReader(file)
        ]
    with gzip.open(BUNDLED / "items.csv.gz", "rt", newline="", encoding="utf-8") as file:
        films = [
            (row["movieId"], row["title"], row["year"], row["genres"])
            for row in csv.DictReader(file)
        ]
    items = _csv(folder / "items.csv", ("id", "title", "year", "genres"), films)
    header = ("user", "item", "kind", "at", "value")
    return _csv(folder / "events.csv", header, ratings), items


def _movietweetings(folder: Path) -> tuple[Path, Path]:
    source = SHARED / "movietweetings-100k"
    films = [
        line.split("::")
        for line in (source / "movies.dat").read_text(encoding="utf-8").splitlines()
    ]
    ratings = [line.split("::") for line in (source / "ratings.dat").read_text().splitlines()]
    items = _csv(folder / "items.csv", ("id", "title", "genres"), films)
    rows = ((user, item, "rating", at, value) for user, item, value, at in ratings)
    return _csv(folder / "events.csv", ("user", "item", "kind", "at", "value"), rows), items


def _ml100k(folder: Path) -> tuple[Path, Path]:
    source = SHARED / "ml-100k"
    films = json.loads((source / "clayrs_items_info.json").read_text(encoding="utf-8"))
    several = (("genres", None), ("directors", None), ("cast", 10))  # (column, at most)
    header = ("id", "title", "year", "plot", *(column for column, _ in several))
    rows = [
        (
            film["movielens_id"],
            film["title"],
            film["year"],
            film["plot"],
            *("|".join(film[column].split(", ")[:most]) for column, most in several),
        )
        for film in films
    ]
    with (source / "ml-100k.inter").open(encoding="utf-8", newline="") as file:
        next(file)
        ratings = list(csv.reader(file, delimiter="\t"))
    events = ((user, item, "rating", at, value) for user, item, value, at in ratings)
    return (
        _csv(folder / "events.csv", ("user", "item", "kind", "at", "value"), events),
        _csv(folder / "items.csv", header, rows),
    )


DAY_SECONDS = 86_400


def _ties_shuffled(whole: str, seed: int = 0) -> Callable[[Path], tuple[Path, Path]]:
    """Another set in which the order of what one user did on one day is chance: the times of that
    day stay, and its events are dealt out among them.
    """

    def written(folder: Path) -> tuple[Path, Path]:
        path, items = SETS[whole](folder)
        header, rows = _read(path)
        user, at = header.index("user"), header.index("at")
        days: dict[tuple[str, int], list[list[str]]] = {}
        for row in rows:
            days.setdefault((row[user], int(row[at]) // DAY_SECONDS), []).append(row)
        rng = random.Random(seed)
        for day in days.values():
            times = [row[at] for row in day]
            rng.shuffle(times)
            for row, time in zip(day, times, strict=True):
                row[at] = time
        return _csv(path, header, rows), items

    return written


DRAWN = Path(__file__).parent / "peers" / "drawn"
"""The people of the small sets, an id a line: `python -m benchmarks.peers.draw` drew them once."""


def _drawn(whole: str, name: str) -> Callable[[Path], tuple[Path, Path]]:
    """A set of some of the people of another, with the items that they had."""

    def written(folder: Path) -> tuple[Path, Path]:
        people = set((DRAWN / f"{name}.txt").read_text(encoding="utf-8").split())
        events, items = SETS[whole](folder)
        header, rows = _read(events)
        user, item = header.index("user"), header.index("item")
        kept = [row for row in rows if row[user] in people]
        known = {row[item] for row in kept}
        _csv(events, header, kept)
        header, rows = _read(items)
        return events, _csv(items, header, [row for row in rows if row[0] in known])

    return written


def _newest(whole: str, people: int, events: int) -> Callable[[Path], tuple[Path, Path]]:
    """So many people of another set, always the same, with the newest events of each."""

    def written(folder: Path) -> tuple[Path, Path]:
        path, items = SETS[whole](folder)
        header, rows = _read(path)
        user = header.index("user")
        by_user: dict[str, list[list[str]]] = {}
        for row in rows:
            by_user.setdefault(row[user], []).append(row)
        drawn = sorted(random.Random(0).sample(sorted(by_user), people))
        return _csv(path, header, [row for name in drawn for row in by_user[name][-events:]]), items

    return written


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, rows


SETS: dict[str, Callable[[Path], tuple[Path, Path]]] = {
    "beauty": _amazon("amazon-beauty-5core", "title"),
    "sports": _amazon("amazon-sports-5core", "short_text_id"),
    "sports-titles": _sports_titles,
    "ml-1m": _ml1m,
    "ml-small": _ml_small,
    "ml-small-ties": _ties_shuffled("ml-small"),
    "ml-100k": _ml100k,
    "movietweetings": _movietweetings,
    "beauty-2000": _drawn("beauty", "beauty-2000"),
    "movietweetings-2000": _drawn("movietweetings", "movietweetings-2000"),
    "ml-1m-1500": _newest("ml-1m", 1500, 100),
}
