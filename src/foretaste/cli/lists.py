"""`foretaste recommend`, `search`, `similar`, `rank` and `trending`: words in, a list out."""

import json as jsonlib
from typing import Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import HERE, Json, Workspace, command, opened
from foretaste.errors import InputError

Many = Annotated[int | None, typer.Option("-n", "--n", min=1, help="How many items [rank.n].")]
Filter = Annotated[
    str | None,
    typer.Option(
        "--filter", metavar="JSON", help='e.g. {"genres": "Drama", "year": {"gte": 1990}}'
    ),
]
Rules = Annotated[
    str | None,
    typer.Option("--rules", metavar="JSON", help='e.g. [{"pin": "31", "at": 1}]'),
]
Diversity = Annotated[
    float, typer.Option(min=0, max=1, help="From 0, the order of the scores, to 1.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    for work in (recommend, search, similar, rank, trending):
        command(app, work.__name__)(work)


def _read(text: str | None, option: str, empty: Any) -> Any:
    """JSON of an option."""
    if text is None:
        return empty
    try:
        return jsonlib.loads(text)
    except ValueError as error:
        raise InputError(f"{option}: not JSON: {error}; put it in single quotes") from None


def asked_of(filter: str | None, rules: str | None, diversity: float) -> dict[str, Any]:  # noqa: A002
    """What the options of a list ask for."""
    return {
        "filter": _read(filter, "--filter", {}),
        "rules": tuple(_read(rules, "--rules", ())),
        "diversity": diversity,
    }


def recommend(
    user: Annotated[str | None, typer.Argument(metavar="USER", help="The person's id.")] = None,
    workspace: Workspace = HERE,
    n: Many = None,
    query: Annotated[str | None, typer.Option(help="What they ask for now.")] = None,
    session: Annotated[str | None, typer.Option(help="An anonymous visit.")] = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    rules: Rules = None,
    diversity: Diversity = 0.0,
    explain: Annotated[
        bool, typer.Option("--explain", help="The terms of each score as well.")
    ] = False,
    json: Json = False,
) -> None:
    """The list for a person, with the reason for each item."""
    asked = asked_of(filter, rules, diversity)
    with opened(workspace) as loop:
        found = loop.recommend(user, n=n, query=query, session=session, explain=True, **asked)
        console.answer(found, explain=explain, json=json, items=loop.store.item)


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is looked for.")],
    workspace: Workspace = HERE,
    user: Annotated[str | None, typer.Option(help="Who is looking.")] = None,
    n: Many = None,
    filter: Filter = None,  # noqa: A002
    json: Json = False,
) -> None:
    """What answers these words, for this person where one is named."""
    asked = asked_of(filter, None, 0.0)
    with opened(workspace) as loop:
        found = loop.search(text, user=user, n=n, explain=True, **asked)
        console.answer(found, json=json, items=loop.store.item)


def similar(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item's id.")],
    workspace: Workspace = HERE,
    n: Many = None,
    filter: Filter = None,  # noqa: A002
    json: Json = False,
) -> None:
    """What goes with an item, for whoever looks at it."""
    asked = asked_of(filter, None, 0.0)
    with opened(workspace) as loop:
        found = loop.similar(item, n=n, explain=True, **asked)
        console.answer(found, json=json, items=loop.store.item)


def rank(
    items: Annotated[list[str], typer.Argument(metavar="ITEM…", help="The items' ids.")],
    workspace: Workspace = HERE,
    user: Annotated[str | None, typer.Option(help="For whom.")] = None,
    json: Json = False,
) -> None:
    """A list of yours in the order that suits a person."""
    with opened(workspace) as loop:
        found = loop.rank(items, user, explain=True)
        console.answer(found, json=json, items=loop.store.item)


def trending(
    workspace: Workspace = HERE,
    window: Annotated[str, typer.Option(help="Up to now: 24h, 7d, 2w, or seconds.")] = "7d",
    n: Many = None,
    filter: Filter = None,  # noqa: A002
    json: Json = False,
) -> None:
    """What most people took lately."""
    asked = asked_of(filter, None, 0.0)
    with opened(workspace) as loop:
        found = loop.trending(window, **({} if n is None else {"n": n}), **asked)
        console.answer(found, json=json, items=loop.store.item)
