"""`foretaste demo`: one turn of the whole loop on the bundled film ratings, told as it happens.

In: a folder of its own. Out: on the screen the seven steps of the loop; in the folder a workspace
that the other commands go on with. Run again, it starts afresh but reads no text twice.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from foretaste.cli import console
from foretaste.cli.progress import Bars
from foretaste.config.load import FILE, load
from foretaste.domain.data import Event, Recommendation, Request
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.recipes import recipe

NAME = "Foretaste demo"
"""The name in the settings: what marks a folder as the demo's own."""
CHANGES: Mapping[str, str] = {
    'name = "Video"': f'name = "{NAME}"  # written by the demo, and again at its next run',
    "epochs = 60": """epochs = 12
# The demo has five minutes for two trainings on two cores; the recipe's own values learn more.
dim = 64
length = 100
negatives = 256
learning_rate = 0.002
batch_events = 384""",
}
"""Lines of the video recipe and what the demo has in their place."""

PERSON = "395"
"""23 ratings in the spring of 2000, most of them science fiction: one sees what the model sees."""
QUERY = "a slow film about space"
OTHER = "Animation"
"""A genre the person has not touched: clicks on it show how the list follows."""
CLICKS = 3
LIST = 10


def run(folder: Path) -> None:
    """The demo, start to end."""
    started = time.monotonic()
    afresh(folder)
    with Bars() as bars, opened(folder, bars) as loop:
        behaviour(loop)
        prepare(loop)
        language(loop)
        model(loop)
        before = rank(loop)
        feedback(loop, before)
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    next_steps(folder, f"{minutes} min {seconds} s")


def afresh(folder: Path) -> None:
    """Settings for the demo, and nothing of its last run but the vectors.

    Raises InputError where the folder holds somebody's own workspace.
    """
    there = folder.exists() and any(folder.iterdir())
    if there and not (folder / FILE).exists():
        raise InputError(f"{folder} is not empty; name a new folder for the demo with --workspace")
    if there and load(folder).name != NAME:
        raise InputError(
            f"{folder} is a workspace of your own; name a new folder for the demo with --workspace"
        )
    if there:
        console.say(f"{folder}: starting afresh; texts that were read last time stay read")
        for path in folder.glob("behaviour.db*"):
            path.unlink()
        shutil.rmtree(folder / "models", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(settings(), encoding="utf-8")


def settings() -> str:
    """The video recipe with the demo's own lines."""
    text = recipe("video")
    for line, ours in CHANGES.items():
        before, found, after = text.partition(f"{line}\n")
        if not found:
            raise InputError(f"the video recipe has no line '{line}' for the demo to change")
        text = f"{before}{ours}\n{after}"
    return text


@contextmanager
def opened(folder: Path, bars: Bars) -> Iterator[Foretaste]:
    """The loop, closed at the end."""
    loop = Foretaste.open(folder, progress=bars)
    try:
        yield loop
    finally:
        loop.close()


def behaviour(loop: Foretaste) -> None:
    """Ratings and films into the store."""
    console.heading("1  Behaviour: what people did goes into the store")
    with as_file(files("foretaste.data") / "ml-small") as data:
        done = loop.add(items=data / "items.csv.gz", events=data / "ratings.csv.gz")
    _rest(loop)
    console.imported(done)
    console.say("MovieLens small, GroupLens; its licence is beside the data")


def prepare(loop: Foretaste) -> None:
    """The data-quality report."""
    console.heading("2  Prepare: cleaned and checked, one history a person")
    quality = loop.quality()
    _rest(loop)
    console.report(quality.text())


def language(loop: Foretaste) -> None:
    """Every film read."""
    console.heading("3  Language: a language model reads every item")
    items = {item.id: item for _, item in loop.store.items()}
    start = time.monotonic()
    shelf = loop.catalogue(items)
    _rest(loop)
    items_read, dim = shelf.vectors.shape
    took = time.monotonic() - start
    console.say(f"{items_read:,} films are vectors of {dim} numbers, in {took:.0f} s")
    console.report(f"it reads: “{shelf.readings[0]}”", indent=0)


def model(loop: Foretaste) -> None:
    """Judged on behaviour kept from it; then trained on all there is."""
    console.heading("4  Model: P(R|U) as a product of experts, trained on the histories")
    console.say("First it must predict each person's last film, which is kept from it:")
    evaluation = loop.evaluate("leave-one-out")
    _rest(loop)
    console.evaluation(evaluation)
    console.say()
    console.say("Now it learns from everything, to answer:")
    version = loop.train()
    _rest(loop)
    console.say(f"model {version.name} is live; the lists of 200 people were looked at:")
    console.checks(version.metrics["checks"])
    if not version.metrics["checks"]:
        console.say("nothing is wrong with them")


def rank(loop: Foretaste) -> Recommendation:
    """A person, their list, and an answer to a search of theirs."""
    console.heading(f"5  Generate, 6  Rank: what person {PERSON} wants, and why")
    past = watched(loop, PERSON)
    console.say(f"{len(past)} ratings, the last of them:")
    _films(loop, past[-12:])
    console.say()
    console.say("The list. Each reason is a part of the score, in nats:")
    found = loop.recommend(PERSON, n=LIST, explain=True)
    _rest(loop)
    console.ranked(found)
    console.say()
    console.say(f"The same person searches for “{QUERY}”:")
    console.ranked(loop.search(QUERY, PERSON, n=5, explain=True))
    return found


def watched(loop: Foretaste, user: str) -> list[Event]:
    """What a person did with films, oldest first."""
    return [event for event in loop.store.history(user, None) if event.item is not None]


def _films(loop: Foretaste, events: Sequence[Event]) -> None:
    rows = []
    for event in events:
        item = loop.store.item(event.item or "")
        genres = ", ".join(item.attributes.get("genres", ())) if item else ""
        stars = "" if event.value is None else f"{event.value:g}"
        rows.append((console.moment(event.at)[:10], item.title if item else "", genres, stars))
    console.table(("rated", "film", "genres", "stars"), rows, right=("stars",))


def feedback(loop: Foretaste, before: Recommendation) -> None:
    """Three clicks, and the list before and after."""
    console.heading("7  Feedback: three clicks go back in, and the next list knows them")
    # The data end in 2016. The clicks come right after, as they would in a service: years of
    # silence in between would tell the model that everything it knows is old.
    last = max(event.at for _, event in loop.store.events())
    loop.clock = lambda: last + 60
    shown = loop.recommend(Request(user=PERSON, n=CLICKS, filter={"genres": (OTHER,)}))
    clicks = clicks_on(shown, PERSON, last)
    loop.record(clicks)
    titles = ", ".join(f"“{one.title}”" for one in shown)
    console.report(f"Shown {OTHER.lower()} for once, the person clicks {titles}.", indent=0)
    console.say("No training in between:")
    after = loop.recommend(PERSON, n=LIST)
    _rest(loop)
    console.table(("#", "before", "after", "moved"), side_by_side(before, after), right=("#",))


def clicks_on(shown: Recommendation, user: str, at: float) -> list[Event]:
    """A click on each item of a list, a second apart, attributed to it."""
    return [
        Event(
            event_id=f"{shown.recommendation_id}-{one.position}",
            kind="click",
            at=at + one.position,
            user=user,
            item=one.id,
            recommendation_id=shown.recommendation_id,
            position=one.position,
        )
        for one in shown
    ]


def side_by_side(
    before: Recommendation, after: Recommendation
) -> Iterator[tuple[str, str, str, str]]:
    """(place, before, after, how the latter moved) for every place of two lists."""
    places = {one.id: one.position for one in before}
    for old, new in zip(before, after, strict=False):
        was = places.get(new.id)
        if was is None:
            moved = "new"
        elif was == new.position:
            moved = ""
        else:
            moved = f"{'up' if was > new.position else 'down'} {abs(was - new.position)}"
        yield str(new.position), old.title, new.title, moved


def next_steps(folder: Path, took: str) -> None:
    """What to type next."""
    console.heading(f"The loop has turned once, in {took}. Go on with it:")
    command = own_name()
    for arguments, why in (
        (f"recommend {PERSON} --explain", "every term of every score"),
        ('search "heist with a twist" --user 15', "the same words, another person"),
        ("similar 1", "what goes with Toy Story"),
        (f"record {PERSON} 1 --kind hide", "it leaves the list; ask again"),
        ("serve", "the same over HTTP; a page to try it on is at /"),
    ):
        console.say(f"  {command} {arguments} --workspace {folder}")
        console.say(f"      {why}")
    console.say("Your own data: 'foretaste init --help', then 'foretaste import --help'.")


def own_name() -> str:
    """How this command can be typed: by its path where the shell does not find it."""
    if shutil.which("foretaste") is not None or not sys.argv[0].endswith("foretaste"):
        return "foretaste"
    return os.path.relpath(sys.argv[0])


def _rest(loop: Foretaste) -> None:
    """End the bars, so that what is said next does not run into them."""
    if isinstance(loop.progress, Bars):
        loop.progress.rest()
