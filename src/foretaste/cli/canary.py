"""`foretaste models canary`: a version that is tried on some people, beside the live one."""

from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, open_loop
from foretaste.errors import InputError


def register(models: typer.Typer) -> None:
    """Add the command to those of the models."""
    command(models, "canary")(models_canary)


def models_canary(
    version: Annotated[str | None, typer.Argument(metavar="[VERSION]")] = None,
    workspace: Workspace = CURRENT_FOLDER,
    share: Annotated[
        float, typer.Option(min=0.001, max=1.0, help="Of the people whom it answers.")
    ] = 0.1,
    end: Annotated[bool, typer.Option("--end", help="Try none any more.")] = False,
) -> None:
    """Let a version answer some people, the same ones each time; the live one answers the others.

    What came of the lists of each is told apart by version in the console and at /v1/outcomes.
    'models promote' makes it the live one. Without a version it says which one is tried.
    """
    from foretaste.model.canary import Canary

    if end and version is not None:
        raise InputError("--end takes no version: there is one canary at a time")
    with open_loop(workspace) as loop:
        if end:
            loop.models.set_canary(None)
        elif version is not None:
            loop.models.set_canary(Canary(loop.models.current_name(version), share))
        canary = loop.models.canary()
    if canary is None:
        console.say("no version is tried")
    else:
        console.say(f"model {canary.version} answers {canary.share:.1%} of the people")
