"""`foretaste profile`: a user in, their taste and what they changed about their lists out."""

import json as jsonlib
from typing import Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, open_loop
from foretaste.errors import InputError

Filters = Annotated[
    list[str] | None,
    typer.Option(metavar="JSON", help='A filter, e.g. {"genres": "Drama"}; may be repeated.'),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    command(app, "profile")(profile)


def profile(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id.")],
    workspace: Workspace = CURRENT_FOLDER,
    wish: Annotated[
        str | None, typer.Option(help='In plain words: "more slow films, nothing violent".')
    ] = None,
    more: Filters = None,
    less: Filters = None,
    mute: Filters = None,
    only: Filters = None,
    remove: Filters = None,
    less_like: Annotated[
        list[str] | None, typer.Option(metavar="ITEM", help="Less like this item.")
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Take back all changes.")] = False,
    json: Json = False,
) -> None:
    """Show a user's taste, and change it.

    Without options it is shown. Each change holds from the next list on; --more makes items 2.7
    times as likely, --less the opposite.
    """
    acts = (
        ("--more", more, {"nats": 1.0}),
        ("--less", less, {"nats": -1.0}),
        ("--mute", mute, {"mute": True}),
        ("--only", only, {"only": True}),
        ("--remove", remove, {"remove": True}),
    )
    changes = [
        {"filter": _parse_filter(filter_text, option)} | act
        for option, filter_texts, act in acts
        for filter_text in filter_texts or ()
    ]
    with open_loop(workspace) as loop:
        preference_update = loop.steer(
            user, changes=changes, wish=wish, less_like=less_like or (), reset=reset
        )
        console.print_profile(
            loop.profile(user), loop.store.item, preference_update=preference_update, json=json
        )


def _parse_filter(text: str, option: str) -> Any:
    try:
        return jsonlib.loads(text)
    except ValueError as error:
        raise InputError(f"{option}: not JSON: {error}; put it in single quotes") from None
