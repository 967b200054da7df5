"""`foretaste doctor`: the lists that people get, looked at now."""

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, open_loop

EXIT_WARNINGS = 1
"""Exit code where something is wrong with the lists."""


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "doctor")(doctor)


def doctor(workspace: Workspace = CURRENT_FOLDER, json: Json = False) -> None:
    """Check the lists of 200 users, and hosts that share models, and say what is wrong.

    The live model is asked as the service asks it. Each warning comes with what to do. The exit
    code is 0 where nothing is wrong, 1 where something is.
    """
    with open_loop(workspace) as loop:
        from foretaste.online.list_health import look_at_live

        health, host_problems = look_at_live(loop), loop.models.host_problems()
    console.print_list_health(health, host_problems, json=json)
    if health.warnings or host_problems:
        raise typer.Exit(EXIT_WARNINGS)
