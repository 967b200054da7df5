"""`foretaste audit`: whom and what the lists favour."""

from pathlib import Path
from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import (
    CURRENT_FOLDER,
    Json,
    Workspace,
    command,
    open_loop,
    require_writable,
)


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "audit")(audit)


def audit(
    workspace: Workspace = CURRENT_FOLDER,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="A column of the items, e.g. brand; again for more. By default all that say "
            "what kind an item is.",
        ),
    ] = None,
    user_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="An attribute of people, e.g. country. By default all."
        ),
    ] = None,
    people: Annotated[
        int | None, typer.Option(min=50, help="Whose lists are made; as in the settings.")
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option(
            "--simulate", help="Play ten rounds of lists and clicks as well; takes minutes."
        ),
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page as well, e.g. audit.html.")
    ] = None,
    json: Json = False,
) -> None:
    """Say whom and what the lists favour, and what to do.

    What is popular, each person's own mix, groups of items and groups of people: each figure with
    its interval, in plain words. The live model is neither changed nor trained.
    """
    if html is not None:
        require_writable(html)
    with open_loop(workspace) as loop:
        result = loop.audit(
            column or (), user_columns=user_column or (), people=people, simulate=simulate
        )
    if json:
        console.print_json(result.summary())
    else:
        console.say(result.text())
    if html is not None:
        result.html(html)
        console.note(f"wrote {html}")
