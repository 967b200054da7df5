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
from foretaste.cli.progress import ProgressBars
from foretaste.config.load import SETTINGS_FILE, load_config
from foretaste.domain.data import Event, Recommendation, Request
from foretaste.domain.files import FOLDER_MODE
from foretaste.domain.titles import natural_title
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.model.artefacts import ModelRegistry
from foretaste.recipes import recipe

DEMO_NAME = "Foretaste demo"
"""The name in the settings: what marks a folder as the demo's own."""
RECIPE_CHANGES: Mapping[str, str] = {
    'name = "Video"': f'name = "{DEMO_NAME}"  # written by the demo, and again at its next run',
    "epochs = 60": """epochs = 12
# The demo has five minutes for two trainings on two cores; the recipe's own values learn more.
dim = 64
max_history_length = 100
negatives = 256
learning_rate = 0.002
batch_events = 384""",
    "exploration_rate = 0.02": "# The same list each time it is asked for.\nexploration_rate = 0.0",
}
"""Lines of the video recipe and what the demo has in their place."""
UNUSED_TABLE = "[rank.policy.age]"
"""Of the recipe, which the demo leaves out."""

PAGE_ADDRESS = "http://127.0.0.1:8000/"
"""Where `foretaste serve` shows the shop window, unless told otherwise."""
USER = "395"
"""23 ratings in the spring of 2000, most of them science fiction: one sees what the model sees."""
QUERY = "a slow film about space"
UNSEEN_GENRE = "Animation"
"""A genre the person has not touched: clicks on it show how the list follows."""
CLICK_COUNT = 3
LIST_LENGTH = 10


def run(folder: Path) -> None:
    """The demo, start to end."""
    start_time = time.monotonic()
    start_afresh(folder)
    with ProgressBars() as bars, open_loop(folder, bars) as loop:
        behaviour(loop)
        prepare(loop)
        language(loop)
        model(loop)
        old_list = rank(loop)
        feedback(loop, old_list)
    minutes, seconds = divmod(round(time.monotonic() - start_time), 60)
    next_steps(folder, f"{minutes} min {seconds} s")


def is_trained(folder: Path, name: str = DEMO_NAME) -> bool:
    """Whether the folder is the demo's of this name, with a model that answers."""
    if not (folder / SETTINGS_FILE).exists() or load_config(folder).name != name:
        return False
    return ModelRegistry(folder / "models").live_name() is not None


def start_afresh(folder: Path, name: str = DEMO_NAME, settings: str | None = None) -> None:
    """Settings for the demo of this name, and nothing of its last run but the vectors.

    Raises InputError where the folder holds somebody's own workspace.
    """
    has_files = folder.exists() and any(folder.iterdir())
    if has_files and not (folder / SETTINGS_FILE).exists():
        raise InputError(f"{folder} is not empty; name a new folder for the demo with --workspace")
    if has_files and load_config(folder).name != name:
        raise InputError(
            f"{folder} is a workspace of your own; name a new folder for the demo with --workspace"
        )
    if has_files:
        console.say(f"{folder}: starting afresh; texts that were read last time stay read")
        for path in folder.glob("behaviour.db*"):
            path.unlink()
        shutil.rmtree(folder / "models", ignore_errors=True)
    folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    (folder / SETTINGS_FILE).write_text(settings or demo_settings(), encoding="utf-8")


def demo_settings() -> str:
    """The video recipe with the demo's own lines."""
    text = recipe("video")
    for line, demo_line in RECIPE_CHANGES.items():
        head, matched_line, tail = text.partition(f"{line}\n")
        if not matched_line:
            raise InputError(f"the video recipe has no line '{line}' for the demo to change")
        text = f"{head}{demo_line}\n{tail}"
    head, _, tail = text.partition(f"{UNUSED_TABLE}\n")  # the films have no age ratings
    return head + tail[tail.index("\n[") + 1 :]


@contextmanager
def open_loop(folder: Path, bars: ProgressBars) -> Iterator[Foretaste]:
    """The loop, closed at the end."""
    loop = Foretaste.open(folder, progress=bars)
    try:
        yield loop
    finally:
        loop.close()


def behaviour(loop: Foretaste) -> None:
    """Ratings and films into the store."""
    console.print_heading("1  Behaviour: what people did goes into the store")
    with as_file(files("foretaste.data") / "ml-small") as data:
        imports = loop.add(items=data / "items.csv.gz", events=data / "ratings.csv.gz")
    finish_bars(loop)
    console.print_imports(imports)
    console.say("MovieLens small, GroupLens; its licence is beside the data")


def prepare(loop: Foretaste) -> None:
    """The data-quality report."""
    console.print_heading("2  Prepare: cleaned and checked, one history a person")
    quality = loop.quality()
    finish_bars(loop)
    console.print_wrapped(quality.text())


def language(loop: Foretaste, noun: str = "films") -> None:
    """Every item read. noun: what they are."""
    console.print_heading("3  Language: a language model reads every item")
    items = {item.id: item for _, item in loop.store.items()}
    start = time.monotonic()
    catalogue = loop.catalogue(items)
    finish_bars(loop)
    items_read, dim = catalogue.vectors.shape
    seconds = time.monotonic() - start
    console.say(f"{items_read:,} {noun} are vectors of {dim} numbers, in {seconds:.0f} s")
    console.print_wrapped(f"it reads: “{catalogue.full_texts[0]}”", indent=0)


def model(loop: Foretaste) -> None:
    """Judged on behaviour kept from it; then trained on all there is."""
    console.print_heading("4  Model: P(R|U) as a product of experts, trained on the histories")
    console.say("First it must predict each person's last film, which is kept from it:")
    evaluation = loop.evaluate("leave-one-out")
    finish_bars(loop)
    console.print_evaluation(evaluation)
    console.say()
    console.say("Now it learns from everything, to answer:")
    version = loop.train()
    finish_bars(loop)
    console.say(f"model {version.name} is live; the lists of 200 people were looked at:")
    console.print_checks(version.metrics["checks"])
    if not version.metrics["checks"]:
        console.say("nothing is wrong with them")


def rank(loop: Foretaste) -> Recommendation:
    """A person, their list, and an answer to a search of theirs."""
    console.print_heading(f"5  Generate, 6  Rank: what person {USER} wants, and why")
    past = user_events(loop, USER)
    console.say(f"{len(past)} ratings, the last of them:")
    _print_films(loop, past[-12:])
    console.say()
    console.say("The list. The number of a reason is its contribution to the score:")
    recommendation = loop.recommend(USER, n=LIST_LENGTH, explain=True)
    finish_bars(loop)
    console.print_items(recommendation)
    console.say()
    console.say(f"The same person searches for “{QUERY}”:")
    console.print_items(loop.search(QUERY, USER, n=5, explain=True))
    return recommendation


def user_events(loop: Foretaste, user: str) -> list[Event]:
    """What a person did with films, oldest first."""
    return [event for event in loop.store.history(user, None) if event.item is not None]


def _print_films(loop: Foretaste, events: Sequence[Event]) -> None:
    rows = []
    for event in events:
        item = loop.store.item(event.item or "")
        genres = ", ".join(item.attributes.get("genres", ())) if item else ""
        stars = "" if event.value is None else f"{event.value:g}"
        title = natural_title(item.title) if item else ""
        rows.append((console.format_time(event.at)[:10], title, genres, stars))
    console.print_table(("rated", "film", "genres", "stars"), rows, right=("stars",))


def feedback(loop: Foretaste, old_list: Recommendation) -> None:
    """Three clicks, and the list before and after."""
    console.print_heading("7  Feedback: three clicks go back in, and the next list knows them")
    # The data end in 2016. The clicks come right after, as they would in a service: years of
    # silence in between would tell the model that everything it knows is old.
    last_time = max(event.at for _, event in loop.store.events())
    loop.clock = lambda: last_time + 60
    genre_list = loop.recommend(
        Request(user=USER, n=CLICK_COUNT, filter={"genres": (UNSEEN_GENRE,)})
    )
    clicks = clicks_on(genre_list, USER, last_time)
    loop.record(clicks)
    titles = ", ".join(f"“{natural_title(item.title)}”" for item in genre_list)
    console.print_wrapped(
        f"Shown {UNSEEN_GENRE.lower()} for once, the person clicks {titles}.", indent=0
    )
    console.say("No training in between:")
    new_list = loop.recommend(USER, n=LIST_LENGTH)
    finish_bars(loop)
    console.print_table(
        ("#", "before", "after", "moved"), side_by_side(old_list, new_list), right=("#",)
    )


def clicks_on(shown_list: Recommendation, user: str, at: float) -> list[Event]:
    """A click on each item of a list, a second apart, attributed to it."""
    return [
        Event(
            event_id=f"{shown_list.recommendation_id}-{item.position}",
            kind="click",
            at=at + item.position,
            user=user,
            item=item.id,
            recommendation_id=shown_list.recommendation_id,
            position=item.position,
        )
        for item in shown_list
    ]


def side_by_side(
    old_list: Recommendation, new_list: Recommendation
) -> Iterator[tuple[str, str, str, str]]:
    """(place, before, after, how the latter moved) for every place of two lists."""
    old_positions = {item.id: item.position for item in old_list}
    for old, new in zip(old_list, new_list, strict=False):
        old_position = old_positions.get(new.id)
        if old_position is None:
            movement = "new"
        elif old_position == new.position:
            movement = ""
        else:
            movement = (
                f"{'up' if old_position > new.position else 'down'} "
                f"{abs(old_position - new.position)}"
            )
        yield str(new.position), natural_title(old.title), natural_title(new.title), movement


def next_steps(folder: Path, duration: str) -> None:
    """What to type next."""
    console.print_heading(f"The loop has turned once, in {duration}. Go on with it:")
    command = command_name()
    for arguments, purpose in (
        (f"recommend {USER} --explain", "every term of every score"),
        ('search "heist with a twist" --user 15', "the same words, another person"),
        ("similar 1", "what goes with Toy Story"),
        (f"record {USER} 1 --event-type hide", "it leaves the list; ask again"),
        ("serve", "the same over HTTP"),
    ):
        console.say(f"  {command} {arguments} --workspace {folder}")
        console.say(f"      {purpose}")
    console.say("Your own data: 'foretaste init --help', then 'foretaste import --help'.")
    console.say(f"Look at it: {command} demo --open --workspace {folder}")
    console.say(f"      serves it and opens the shop window at {PAGE_ADDRESS}")


def command_name() -> str:
    """How this command can be typed: by its path where the shell does not find it."""
    if shutil.which("foretaste") is not None or not sys.argv[0].endswith("foretaste"):
        return "foretaste"
    return os.path.relpath(sys.argv[0])


def finish_bars(loop: Foretaste) -> None:
    """End the bars, so that what is said next does not run into them."""
    if isinstance(loop.progress, ProgressBars):
        loop.progress.finish()
