"""`foretaste demo --recipe news`: the loop on invented data of one trade, and what the trade needs.

In: a recipe and a folder of its own. Out: on the screen where the data come from, what was learnt
and the lists of one person before and after something happens; in the folder a workspace.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from foretaste.cli import console
from foretaste.cli.demo import (
    PAGE_ADDRESS,
    command_name,
    finish_bars,
    language,
    open_loop,
    prepare,
    start_afresh,
)
from foretaste.cli.progress import ProgressBars
from foretaste.data.invented import INVENTED_DATA, InventedData
from foretaste.domain.data import Event
from foretaste.loop import Foretaste
from foretaste.recipes import recipe

LIST_LENGTH = 10
SECONDS_PER_DAY, SECONDS_PER_HOUR = 86_400.0, 3_600.0
SMALL_NETWORK = """[model.sequence]
# The demo has a minute for a training on two cores; a recipe without these lines learns more.
dim = 32
negatives = 128
batch_events = 384
"""


class TradeStory(NamedTuple):
    """What is told of one trade."""

    subject: str
    """What its data are of."""
    query: str
    scene: Callable[[Foretaste, InventedData], None]
    """What this trade needs, seen at work."""


def demo_name(name: str) -> str:
    """In the settings: what marks a folder as this demo's own."""
    return f"Foretaste demo of {name}"


def demo_settings(name: str) -> str:
    """The recipe with the demo's name and a small network."""
    text = recipe(name)
    lines = [
        f'name = "{demo_name(name)}"  # written by the demo, and again at its next run'
        if line.startswith("name = ")
        else "epochs = 8"
        if line.startswith("epochs = ")
        else line
        for line in text.splitlines()
    ]
    return "\n".join(lines).replace("[model.sequence]\n", SMALL_NETWORK) + "\n"


def run(name: str, folder: Path) -> None:
    """The demo of a trade, start to end."""
    start_time = time.monotonic()
    start_afresh(folder, demo_name(name), demo_settings(name))
    now = time.time()
    data, story = INVENTED_DATA[name](now), TRADE_STORIES[name]
    with ProgressBars() as bars, open_loop(folder, bars) as loop:
        _behaviour(loop, data, story)
        prepare(loop)
        language(loop, "items")
        _model(loop)
        _lists(loop, data, story)
        console.print_heading(f"7  Feedback, and what {name} needs")
        story.scene(loop, data)
        finish_bars(loop)
    minutes, seconds = divmod(round(time.monotonic() - start_time), 60)
    _next_steps(name, folder, data.example_user, story.query, f"{minutes} min {seconds} s")


def _behaviour(loop: Foretaste, data: InventedData, story: TradeStory) -> None:
    console.print_heading("1  Behaviour: what people did goes into the store")
    imports = loop.add(items=data.items, events=data.events, users=data.users or None)
    finish_bars(loop)
    console.print_imports(imports)
    console.print_wrapped(
        f"All of it is invented: {story.subject}. No person, title or maker is real; the rhythms, "
        "when people come and what they come back for, are made like those of real services. "
        "Figures on these data say how Foretaste works, and nothing of how good it is on yours.",
        indent=0,
    )


def _model(loop: Foretaste) -> None:
    console.print_heading("4  Model: P(R|U) as a product of experts, trained on the histories")
    version = loop.train()
    finish_bars(loop)
    console.say(f"model {version.name} is live")
    half_life = version.data["list_habits"].get("freshness_half_life")
    if half_life is not None:
        hours = half_life / SECONDS_PER_HOUR
        console.print_wrapped(
            f"Learnt from the clicks: an item is half as interesting after {hours:.0f} hours, "
            "beside what the experts know.",
            indent=0,
        )
    intervals = version.data["list_habits"].get("replenish_intervals", {})
    if intervals:
        titles = loop.store.items_by_id(list(intervals)[:3])
        named = ", ".join(
            f"{titles[item].title} after {intervals[item] / SECONDS_PER_DAY:.0f} days"
            for item in titles
        )
        console.print_wrapped(
            f"Learnt from the orders: {len(intervals)} products are used up; {named}.", indent=0
        )


def _lists(loop: Foretaste, data: InventedData, story: TradeStory) -> None:
    user = data.example_user
    console.print_heading(f"5  Generate, 6  Rank: what {user} wants, and why")
    console.print_items(loop.recommend(user, n=LIST_LENGTH, placement="home"))
    finish_bars(loop)
    console.say()
    console.say(f"Somebody of whom nothing is known searches for “{story.query}”:")
    console.print_items(loop.search(story.query, n=5))


def _record(loop: Foretaste, user: str, items: list[str], kind: str, value: float | None) -> None:
    now = loop.clock()
    loop.record(
        [
            Event(f"demo-{now}-{step}", kind, now - len(items) + step, user, item=item, value=value)
            for step, item in enumerate(items)
        ]
    )


def _print_titles(loop: Foretaste, ids: list[str], note: Mapping[str, str]) -> None:
    items = loop.store.items_by_id(ids)
    rows = [(str(n), items[own].title, note.get(own, "")) for n, own in enumerate(ids, 1)]
    console.print_table(("#", "item", ""), rows, right=("#",))


def _news_scene(loop: Foretaste, data: InventedData) -> None:
    user, now = data.example_user, loop.clock()
    last = loop.store.item(loop.recommend(user, n=1).items[0].id)
    assert last is not None
    title = f"Breaking: {last.title}"
    console.print_wrapped(f"An article comes in now: “{title}”. No training in between:", indent=0)
    row = {"id": "breaking", "title": title, "available_from": now - 1}
    section = {column: values[0] for column, values in last.attributes.items()}
    loop.add(items=[{**row, **section}])
    finish_bars(loop)
    published = {item["id"]: item["available_from"] for item in data.items} | {"breaking": now}
    front_page = [item.id for item in loop.recommend(user, n=LIST_LENGTH, placement="now")]
    ages = {item: f"{(now - published[item]) / SECONDS_PER_HOUR:.0f} h old" for item in front_page}
    console.say("The ticker, the placement “now”, has nothing of yesterday:")
    _print_titles(loop, front_page, ages)


def _shop_scene(loop: Foretaste, data: InventedData) -> None:
    user = data.example_user
    first = loop.recommend(user, n=1).items[0]
    console.print_wrapped(
        f"“{first.title}” leads the list of {user}: {'; '.join(first.reason)}. They buy it. "
        "There is enough of it now, so it goes, until it is due again:",
        indent=0,
    )
    _record(loop, user, [first.id], "purchase", None)
    console.print_items(loop.recommend(user, n=5))
    console.say()
    console.say("What goes with it in a cart:")
    console.print_items(loop.recommend(items=(first.id,), kind="bought_together", n=3))


def _video_scene(loop: Foretaste, data: InventedData) -> None:
    user = data.example_user
    titles = {item["id"]: item for item in data.items}
    episode = next(item.id for item in loop.recommend(user, n=50) if titles[item.id].get("episode"))
    title = titles[episode]["title"]
    console.print_wrapped(f"{user} watches “{title}” to its end; the next episode:", indent=0)
    _record(loop, user, [episode], "view", 1.0)
    console.print_items(loop.recommend(user, n=5))
    child = next(row for row in data.users if row["age"] < 10)
    console.say()
    console.say(f"A child of {child['age']}, by the age that their profile states:")
    console.print_items(loop.recommend(child["id"], n=5))


def _music_scene(loop: Foretaste, data: InventedData) -> None:
    user = data.example_user
    tracks = [item.id for item in loop.recommend(user, n=3)]
    console.say("A session of three tracks, which pause now; and what goes on from it:")
    _record(loop, user, tracks, "play", None)
    _print_titles(loop, tracks, {})
    artists = {item["id"]: item["artist"] for item in data.items}
    shown = [item.id for item in loop.continuation(user=user, n=LIST_LENGTH)]
    _print_titles(loop, shown, artists)


TRADE_STORIES: Mapping[str, TradeStory] = {
    "shop": TradeStory(
        "a shop for home and kitchen with 200 products, and eight months of its orders",
        "a warm blanket",
        _shop_scene,
    ),
    "video": TradeStory(
        "a video service with films and series, and three months of its views",
        "a film about space",
        _video_scene,
    ),
    "news": TradeStory(
        "a newspaper with 60 articles a day, and two weeks of its readers",
        "football",
        _news_scene,
    ),
    "music": TradeStory(
        "a music service with 120 artists, and two months of its plays",
        "quiet piano",
        _music_scene,
    ),
}


PAGE_NAMES = {
    "news": "the front page",
    "music": "the listeners' page",
    "video": "the viewers' page",
}
"""What the page of the demo is called in trades that have no shop window."""


def _next_steps(name: str, folder: Path, user: str, query: str, duration: str) -> None:
    console.print_heading(f"The loop has turned once, in {duration}. Go on with it:")
    command = command_name()
    for arguments, purpose in (
        (f"recommend {user} --explain", "every term of every score"),
        (f'search "{query}"', "the same words, nobody in particular"),
        ("serve", "the same over HTTP"),
    ):
        console.say(f"  {command} {arguments} --workspace {folder}")
        console.say(f"      {purpose}")
    console.say(f"The settings and why: {folder / 'foretaste.toml'} and docs/trades.md.")
    console.say(f"Look at it: {command} demo --recipe {name} --open --workspace {folder}")
    page = PAGE_NAMES.get(name, "the shop window")
    console.say(f"      serves it and opens {page} at {PAGE_ADDRESS}")
