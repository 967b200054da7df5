"""`foretaste scrub`: the database's files, without what they still have of deleted rows."""

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, open_loop


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "scrub")(scrub)


def scrub(workspace: Workspace = CURRENT_FOLDER) -> None:
    """Overwrite what the database's files still hold of rows that were deleted.

    An erasure deletes rows, and frees their bytes; on PostgreSQL they stay in the files until
    something else is written there. This rewrites every table, and locks each meanwhile: nobody can
    read or write it. Run it at night.
    """
    with open_loop(workspace) as loop:
        loop.store.purge_log()
        notes = loop.store.scrub()
    console.say("every table was written anew")
    if notes:
        console.say("what may still hold something of deleted rows:")
    for note in notes:
        console.say(f"  {note}")
