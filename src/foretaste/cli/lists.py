"""`foretaste recommend`, `resume`, `search`, `similar`, `rank`, `trending`: words in, a list."""

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, open_loop
from foretaste.errors import InputError

ItemCount = Annotated[int | None, typer.Option("-n", "--n", min=1, help="How many items [rank.n].")]
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
Language = Annotated[
    str | None,
    typer.Option("--language", help="Of the reasons: en, de, fr, es or zh [reasons.language]."),
]

QueryFacets = Annotated[
    bool | None,
    typer.Option(
        "--query-facets/--no-query-facets",
        help="Read filters from the words: horror before 1980 [rank.query_facets].",
        show_default=False,
    ),
]
FillUp = Annotated[
    list[str] | None,
    typer.Option(
        "--fill-up",
        metavar="WHAT",
        help="Fills a short list: taken, unfiltered, unmatched, popular, outdated; may be repeated "
        "[rank.fill_up].",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    for function in (recommend, resume, search, similar, rank, trending):
        command(app, function.__name__)(function)


def _parse_json_option(text: str | None, option: str, empty: Any) -> Any:
    """JSON of an option."""
    if text is None:
        return empty
    try:
        return jsonlib.loads(text)
    except ValueError as error:
        raise InputError(f"{option}: not JSON: {error}; put it in single quotes") from None


def parse_list_options(
    filter: str | None,  # noqa: A002
    rules: str | None,
    diversity: float,
    language: str | None = None,
) -> dict[str, Any]:
    """What the options of a list ask for."""
    return {
        "filter": _parse_json_option(filter, "--filter", {}),
        "rules": tuple(_parse_json_option(rules, "--rules", ())),
        "diversity": diversity,
        "language": language,
    }


def recommend(
    user: Annotated[str | None, typer.Argument(metavar="USER", help="The user's id.")] = None,
    workspace: Workspace = CURRENT_FOLDER,
    n: ItemCount = None,
    query: Annotated[str | None, typer.Option(help="What the user asks for, in words.")] = None,
    query_facets: QueryFacets = None,
    session: Annotated[str | None, typer.Option(help="The id of an anonymous visit.")] = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    rules: Rules = None,
    diversity: Diversity = 0.0,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the terms of each score too.")
    ] = False,
    fill_up: FillUp = None,
    placement: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Where the list stands, e.g. home [placements]."),
    ] = None,
    language: Language = None,
    json: Json = False,
) -> None:
    """Recommend items to a user, with the reasons."""
    list_options = parse_list_options(filter, rules, diversity, language)
    list_options["query_facets"] = query_facets
    list_options["fill_up"] = tuple(fill_up) if fill_up else None
    if placement is not None:  # what is not asked for is the placement's to say
        list_options = {name: value for name, value in list_options.items() if value}
        list_options["placement"] = placement
    with open_loop(workspace) as loop:
        recommendation = loop.recommend(
            user, n=n, query=query, session=session, explain=True, **list_options
        )
        console.print_recommendation(
            recommendation, explain=explain, json=json, items=loop.store.item
        )


def resume(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id.")],
    workspace: Workspace = CURRENT_FOLDER,
    n: ItemCount = None,
    filter: Filter = None,  # noqa: A002
    language: Language = None,
    json: Json = False,
) -> None:
    """Show what a user began and has not finished, and the next parts of their series."""
    list_options = parse_list_options(filter, None, 0.0, language)
    with open_loop(workspace) as loop:
        recommendation = loop.resume(user, n=n, explain=True, **list_options)
        console.print_recommendation(recommendation, json=json, items=loop.store.item)


def search(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What is looked for.", show_default=False)
    ] = None,
    workspace: Workspace = CURRENT_FOLDER,
    user: Annotated[str | None, typer.Option(help="Who is looking.")] = None,
    image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A picture that is looked for.")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A clip that is listened for.")
    ] = None,
    n: ItemCount = None,
    filter: Filter = None,  # noqa: A002
    query_facets: QueryFacets = None,
    language: Language = None,
    json: Json = False,
) -> None:
    """Search the catalogue, in words, by a picture or by a clip, for a user if one is named."""
    list_options = parse_list_options(filter, None, 0.0, language)
    with open_loop(workspace) as loop:
        recommendation = loop.search(
            text,
            user=user,
            n=n,
            image=image,
            audio=audio,
            explain=True,
            query_facets=query_facets,
            **list_options,
        )
        console.print_recommendation(recommendation, json=json, items=loop.store.item)


def similar(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item's id.")],
    workspace: Workspace = CURRENT_FOLDER,
    n: ItemCount = None,
    filter: Filter = None,  # noqa: A002
    language: Language = None,
    json: Json = False,
) -> None:
    """Show what goes with an item."""
    list_options = parse_list_options(filter, None, 0.0, language)
    with open_loop(workspace) as loop:
        recommendation = loop.similar(item, n=n, explain=True, **list_options)
        console.print_recommendation(recommendation, json=json, items=loop.store.item)


def rank(
    items: Annotated[list[str], typer.Argument(metavar="ITEM…", help="The items' ids.")],
    workspace: Workspace = CURRENT_FOLDER,
    user: Annotated[str | None, typer.Option(help="For whom.")] = None,
    language: Language = None,
    json: Json = False,
) -> None:
    """Put items of yours into the order that suits a user."""
    with open_loop(workspace) as loop:
        recommendation = loop.rank(items, user, explain=True, language=language)
        console.print_recommendation(recommendation, json=json, items=loop.store.item)


def trending(
    workspace: Workspace = CURRENT_FOLDER,
    window: Annotated[str, typer.Option(help="Up to now: 24h, 7d, 2w, or seconds.")] = "7d",
    n: ItemCount = None,
    filter: Filter = None,  # noqa: A002
    language: Language = None,
    json: Json = False,
) -> None:
    """Show what most users chose lately."""
    list_options = parse_list_options(filter, None, 0.0, language)
    with open_loop(workspace) as loop:
        recommendation = loop.trending(window, **({} if n is None else {"n": n}), **list_options)
        console.print_recommendation(recommendation, json=json, items=loop.store.item)
