"""`foretaste privacy-report`: what is processed of people, why, how long, and where it goes."""

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
    command(app, "privacy-report")(privacy)


def privacy(
    workspace: Workspace = CURRENT_FOLDER,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page as well, e.g. privacy.html.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what is processed of people, why, how long, and where it goes.

    Written from the settings and the tables as they are, as Markdown: for a record of processing
    activities.
    """
    if html is not None:
        require_writable(html)
    with open_loop(workspace) as loop:
        from foretaste.workspace.privacy_report import privacy_report

        report = privacy_report(loop)
    if json:
        console.print_json(report.summary())
    else:
        console.say(report.text())
    if html is not None:
        report.html(html)
        console.note(f"wrote {html}")
