"""The five catalogues as workspaces: a name in, a trained workspace out.

Films are ml-100k with plots, which is not in this repository; the shops, the books and the news
are made up, about thirty items each, with people who keep to a category.
"""

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.datasets import write
from foretaste.config.load import load_config
from foretaste.loop import Foretaste

FOLDER = Path(__file__).parent / "data"
CATALOGUES = ("films", "shop", "clothes", "books", "news")
CATEGORY = {"shop": "category", "clothes": "type", "books": "genres", "news": "section"}
LIST_IN_HAND: Mapping[str, tuple[str, ...]] = {
    "films": ("Alien", "Blade Runner", "Toy Story", "Fargo", "Jaws"),
    "shop": ("Trail Hoodie", "Zip Hoodie", "Kids Hoodie", "Oversized Hoodie", "Denim Jacket"),
    "clothes": (
        *("Linen Shirt Sorrento", "Oxford Shirt Cambridge", "Striped Blouse Brest"),
        *("Slim Jeans Austin", "Wool Coat Edinburgh"),
    ),
    "books": ("Hobbit, The", "Matilda", "Good Omens", "Dune", "Sapiens"),
    "news": (
        "Central bank raises interest rates again",
        "Champions reach the cup final after penalties",
        "New telescope finds water on a distant planet",
        "Parliament votes on the new climate law",
        "Film festival opens with a silent comedy",
    ),
}
"""Titles of the list that a talk has come to."""
START = 1_750_000_000
NOW = datetime(2025, 7, 12, 12, tzinfo=UTC).timestamp()
"""A Saturday, two days after the newest of the news: what "last week" is said of."""
QUICK = "[language]\nthreads = 1\n[model.sequence]\nepochs = 2\ndim = 32\n"
COLUMNS = {"news": '[behaviour]\nattribute_columns = ["section", "minutes", "published"]\n'}
"""Times are left out of the items of a file unless they are named."""


def open_catalogue(name: str, folder: Path) -> Foretaste:
    """The workspace of a catalogue, trained where it is not. Raises datasets.Absent."""
    workspace = folder / name
    is_new = not (workspace / "foretaste.toml").exists()
    workspace.mkdir(parents=True, exist_ok=True)
    if is_new:
        events, items = write("ml-100k", folder) if name == "films" else _made_up(name, folder)
        (workspace / "foretaste.toml").write_text(QUICK + COLUMNS.get(name, ""))
    shop = Foretaste(workspace, load_config(workspace), clock=lambda: NOW)
    if is_new:
        shop.add(events=events, items=items)
        shop.train()
    return shop


def _made_up(name: str, folder: Path) -> tuple[Path, Path]:
    """(events, items): forty people, each of whom keeps to a category, one after another."""
    source = FOLDER / f"{name}.csv"
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row[CATEGORY[name]].split("|")[0], []).append(row["id"])
    members = [group for group in groups.values() if len(group) > 1]
    events = folder / f"{name}-events.csv"
    lines = [
        f"u{user},{group[step % len(group)]},click,{START + user * 1000 + step * 60}"
        for user in range(40)
        for group in [members[user % len(members)]]
        for step in range(user % 2, user % 2 + 3)
    ]
    events.write_text("\n".join(["user,item,kind,at", *lines]) + "\n", encoding="utf-8")
    return events, source
