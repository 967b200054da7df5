"""Each recipe on a tiny data set of its field: settings, import, training, a list."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foretaste.config.load import Config, parse_config
from foretaste.errors import InputError, SettingsError
from foretaste.loop import Foretaste
from foretaste.recipes import NAMES, recipe, write

Row = dict[str, Any]
START = 1_700_000_000
PEOPLE = 24


def settings(name: str) -> Config:
    return parse_config(tomllib.loads(recipe(name)), name)


def shop() -> tuple[list[Row], list[Row]]:
    items = [
        {
            "id": f"{kind}-{n}",
            "title": f"{kind} {n}",
            "description": f"A good {kind} for every day, number {n}.",
            "category": kind,
            "brand": "Nord" if n % 2 else "Süd",
        }
        for kind in ("tent", "shoe")
        for n in range(8)
    ]
    return items, walked(
        [row["id"] for row in items], ("view", "add_to_cart", "purchase", "wishlist")
    )


def video() -> tuple[list[Row], list[Row]]:
    items = [
        {"movieId": n, "title": f"Film {n}", "genres": "Drama|War" if n < 8 else "Comedy"}
        for n in range(16)
    ]
    events = walked([str(n) for n in range(16)], ("rating",))
    named = [
        {"userId": e["user"], "movieId": e["item"], "rating": 4.5, "timestamp": e["at"]}
        for e in events
    ]
    return items, named


def news() -> tuple[list[Row], list[Row]]:
    items = [
        {
            "id": f"n{n}",
            "title": f"The {'cup' if n < 8 else 'vote'}, day {n}",
            "category": "sport" if n < 8 else "politics",
            "available_from": START,
        }
        for n in range(16)
    ]
    events = walked([str(row["id"]) for row in items], ("click", "read_to_end", "bounce"))
    return items, [{"session": e.pop("user"), **e} for e in events]  # nobody has signed in


def music() -> tuple[list[Row], list[Row]]:
    items = [
        {"id": f"t{n}", "title": f"Track {n}", "artist": "Anna" if n < 8 else "Ben"}
        for n in range(15)  # the events name one more
    ]
    return items, walked([f"t{n}" for n in range(16)], ("play", "skip", "play", "like"))


def walked(items: list[str], kinds: tuple[str, ...]) -> list[Row]:
    """People who each walk through one half of the items."""
    half = len(items) // 2
    return [
        {
            "user": f"u{person}",
            "item": items[(person // 2 + step) % half + half * (person % 2)],
            "kind": kinds[step % len(kinds)],
            "at": START + person * 5000 + step * 4000,  # longer than a reload or a pause
        }
        for person in range(PEOPLE)
        for step in range(5)
    ]


FIELDS: dict[str, Callable[[], tuple[list[Row], list[Row]]]] = {
    "shop": shop,
    "video": video,
    "news": news,
    "music": music,
}


def test_every_recipe_is_tried() -> None:
    assert set(FIELDS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_goes_from_data_to_a_list(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORETASTE_MODEL__SEQUENCE__EPOCHS", "2")
    monkeypatch.setenv("FORETASTE_LANGUAGE__THREADS", "1")
    write(name, tmp_path)
    items, events = FIELDS[name]()
    loop = Foretaste.open(tmp_path)
    for done in loop.add(items=items, events=events):
        assert done.rejected == 0, done.rejects
    loop.train()
    who = {"session": "u1"} if name == "news" else {"user": "u1"}
    history = loop.store.history(who.get("user"), who.get("session"))
    taken = {event.item for event in history if loop.weights[event.kind] > 0}
    found = loop.recommend(who.get("user"), session=who.get("session"), explain=True)
    loop.close()
    assert found.items
    assert len(found) <= loop.config.rank.n
    assert any(one.reason for one in found)
    again = taken & {one.id for one in found}
    assert bool(again) is (name == "music")  # only music is heard again


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_its_reason(name: str) -> None:
    """A comment stands above each setting, its table, or the group of its neighbours."""
    before = ["", ""]
    for line in recipe(name).splitlines():
        if "=" in line and not line.startswith(("#", "name")):
            above = before[0] if before[1].startswith("[") else before[1]
            assert above.startswith("#") or "=" in above, line
        before = [before[1], line]
    assert recipe(name).startswith("# Foretaste for a")


@pytest.mark.parametrize("name", NAMES)
def test_the_commented_examples_are_valid_too(name: str) -> None:
    """`# key = …` and `# [table]` are settings that someone will uncomment."""
    text = "".join(
        f"{line.removeprefix('# ')}\n"
        for line in recipe(name).splitlines()
        if not line.startswith("# ") or line[2:].startswith("[") or " = " in line[:20]
    )
    assert parse_config(tomllib.loads(text), name).behaviour.columns.items["id"]


@pytest.mark.parametrize(
    ("name", "counts", "item", "columns"),
    [
        ("news", True, "Artikel-ID", "Leser-Nr.;Artikel-ID;Zeitpunkt;Verweildauer (s);Scrolltiefe"),
        ("music", False, "track_id", "user_id;track_id;played_at;ms_played;client"),
    ],
)
def test_how_long_somebody_stayed_is_kept_and_counts_for_news(
    name: str, counts: bool, item: str, columns: str, tmp_path: Path
) -> None:
    """Every second visit is left after two seconds and scrolled down; the others last minutes."""
    write(name, tmp_path)
    (tmp_path / "items.csv").write_text(
        f"{item};title\n" + "".join(f"i{n};Story {n}\n" for n in range(10))
    )
    unit = 1000 if name == "music" else 1
    rows = [
        f"u{n // 10};i{n % 10};2026-11-02 {n // 60:02}:{n % 60:02}:00;{seconds * unit};100"
        for n in range(400)
        for seconds in [2 if n % 2 else 240 - n % 7]
    ]
    (tmp_path / "log.csv").write_text("\n".join([columns, *rows]))
    loop = Foretaste.open(tmp_path)
    try:
        loop.add(items=tmp_path / "items.csv")
        (result,) = loop.add(events=tmp_path / "log.csv")
        items = {entry.id: entry for _, entry in loop.store.items()}
        interactions, *_ = loop.interactions(items)
    finally:
        loop.close()
    is_left = interactions.item % 2 == 1
    assert interactions.value[is_left].max() < 0.05
    assert interactions.value[~is_left].min() > 0.9
    assert ("it counts, as [behaviour.value.click]" in " ".join(result.warnings)) is counts
    if counts:
        assert interactions.weight[is_left].max() < 0.15
        assert interactions.weight[~is_left].min() > 0.9
        assert interactions.worth is not None
        assert interactions.worth.min() > 0, "leaving early is no dislike"


def test_what_sets_the_fields_apart() -> None:
    assert not settings("music").rank.hide_seen
    assert settings("news").rank.hide_seen
    for name in NAMES:  # a fixed half-life is a trap where a shop sells little
        assert settings(name).model.popularity.half_life_days is None
    weights = settings("shop").behaviour.all_event_weights()
    assert weights["purchase"] > weights["add_to_cart"] > weights["view"] > 0 > weights["return"]


def test_a_misspelt_setting_in_a_recipe_is_named(tmp_path: Path) -> None:
    path = write("shop", tmp_path)
    path.write_text(path.read_text().replace("hide_seen", "hide_sen"))
    with pytest.raises(
        SettingsError, match=r"\[rank\] has no key 'hide_sen'; did you mean 'hide_seen'"
    ):
        Foretaste.open(tmp_path)


def test_an_unknown_recipe() -> None:
    with pytest.raises(InputError, match="did you mean 'music'"):
        recipe("musik")


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_says_what_holds_at_each_place(name: str) -> None:
    placements = settings(name).placements
    assert {"home", "item", "cart", "email"} <= set(placements)
    assert not placements["email"].explore  # what was sent cannot be taken back


def test_each_trade_has_what_it_needs_and_no_other_has() -> None:
    own = {name: settings(name).rank for name in NAMES}
    for setting, trades in {
        "freshness": {"news"},
        "replenish": {"shop"},
        "stock_attribute": {"shop"},
        "series": {"video"},
        "repeat_pause": {"music"},
    }.items():
        assert {name for name in NAMES if getattr(own[name], setting) is not None} == trades
    assert len({tuple(rank.spread) for rank in own.values()}) == len(NAMES)
    assert own["video"].policy.age is not None
    charges = {name: settings(name).behaviour.charges for name in NAMES}
    assert {name for name, ids in charges.items() if ids is None} == {"shop"}  # alone has orders
