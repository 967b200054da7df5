"""Two trades on real data, where ../shared/data has them: music by play counts, a real feed."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from foretaste.loop import Foretaste
from foretaste.recipes import write

pytestmark = pytest.mark.slow

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
LISTENERS = 150
SETTINGS = {
    "language.threads": 1,
    "model.sequence.epochs": 1,
    "model.sequence.dim": 16,
    "rank.exploration_rate": 0.0,
}


def rows_of(path: Path, names: Sequence[str] | None = None) -> list[dict[str, str]]:
    """A table with tabs; skips the test, and says why, where it is not there."""
    if not path.exists():
        pytest.skip(f"{path} is not there; this test needs ../shared/data")
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.DictReader(file, names, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [{column: (cell or "").strip() for column, cell in row.items()} for row in rows]


@pytest.fixture
def music(tmp_path: Path) -> Iterator[Foretaste]:
    """What 150 listeners of Last.fm played most; there are no times, so the order is by counts."""
    plays = rows_of(SHARED / "lastfm-hetrec" / "user_artists.dat", ("userID", "artistID", "weight"))
    names = {row["id"]: row["name"] for row in rows_of(SHARED / "lastfm-hetrec" / "artists.dat")}
    listeners = sorted({row["userID"] for row in plays}, key=int)[:LISTENERS]
    events: list[dict[str, Any]] = [
        {"user": user, "item": row["artistID"], "event_type": "play", "at": 1.7e9 + 60 * step}
        for user in listeners
        for step, row in enumerate(
            sorted(
                (row for row in plays if row["userID"] == user), key=lambda row: int(row["weight"])
            )
        )
    ]
    used = dict.fromkeys(event["item"] for event in events)
    write("music", tmp_path)
    loop = Foretaste.open(tmp_path, settings=SETTINGS)
    loop.add(
        items=[
            {"id": item, "title": names.get(item, item), "artist": names.get(item, item)}
            for item in used
        ],
        events=events,
    )
    loop.train()
    yield loop
    loop.close()


def test_music_plays_again_and_goes_on(music: Foretaste) -> None:
    user = next(event.user for _, event in music.store.events())
    played = music.store.history(user, None)[0].item
    assert played is not None
    assert not music.why_not(played, user).filters  # an artist who was heard may come again
    by_name = {item.title: item.id for _, item in music.store.items()}
    playlist = [by_name[name] for name in ("Muse", "Radiohead", "Coldplay") if name in by_name]
    assert playlist
    shown = [item.title for item in music.continuation(playlist, n=25)]
    assert not set(shown) & {"Muse", "Radiohead", "Coldplay"}
    neighbours = {
        "Placebo",
        "Arctic Monkeys",
        "The Killers",
        "Oasis",
        "The Beatles",
        "Keane",
        "Travis",
    }
    assert len(neighbours & set(shown)) >= 2
    assert {"Muse"} <= {item.title for item in music.search("Muse", n=5)}


def test_a_real_feed_of_a_shop_is_searched_and_filtered(tmp_path: Path) -> None:
    path = SHARED / "saleor-demo-images" / "products.json"
    if not path.exists():
        pytest.skip(f"{path} is not there; this test needs ../shared/data")
    products = json.loads(path.read_text())
    write("shop", tmp_path)
    loop = Foretaste.open(tmp_path, settings=SETTINGS)
    items = [
        {
            "id": str(number),
            "title": product["name"],
            "description": str(product.get("description") or ""),
            "category": str(product.get("category") or ""),
            "in_stock": "no" if number == 0 else "yes",
        }
        for number, product in enumerate(products)
    ]
    loop.add(
        items=items,
        events=[
            {
                "user": f"u{user}",
                "item": items[(user + step) % len(items)]["id"],
                "event_type": ("view", "purchase")[step % 2],
                "at": 1.7e9 + user * 5_000 + step * 900,
            }
            for user in range(60)
            for step in range(4)
        ],
    )
    loop.train()
    shown = loop.recommend("u3", n=len(items), placement="home")
    assert len(shown) > 5
    assert "0" not in {item.id for item in shown}  # sold out
    juice = loop.search("juice", n=3)
    assert any("juice" in item.title.lower() for item in juice)
    assert loop.recommend(items=("5",), kind="bought_together", n=3).items
    loop.close()
