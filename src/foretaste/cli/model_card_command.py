"""`foretaste model-card`: what there is to be known of a model version."""

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
    command(app, "model-card")(model_card)


def model_card(
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="By default the one that answers.")
    ] = None,
    workspace: Workspace = CURRENT_FOLDER,
    audit: Annotated[
        bool,
        typer.Option("--audit", help="Audit its lists as well; only of the one that answers."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there and not to stdout.")
    ] = None,
    json: Json = False,
) -> None:
    """Say of a model what it is, what it learnt from, how good it is, for whom, and its limits.

    As Markdown; each training writes it beside the model. With --audit it says whom and what the
    lists favour.
    """
    if out is not None:
        require_writable(out)
    with open_loop(workspace) as loop:
        card = loop.model_card(version, audit=audit)
    if json:
        console.print_json(card.summary())
    elif out is not None:
        out.write_text(card.text(), encoding="utf-8")
        console.note(f"wrote {out}")
    else:
        console.say(card.text())
