"""`foretaste scrub`: the database's files, without what they still have of deleted rows."""

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, open_loop

CACHE_NOTE = "vectors of texts, in the folder 'cache': a training or a service uses it; try again"


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "scrub")(scrub)


def scrub(workspace: Workspace = CURRENT_FOLDER) -> None:
    """Overwrite what the database's files still hold of rows that were deleted.

    An erasure deletes rows, and frees their bytes. On PostgreSQL they stay in the files until
    something else is written there; on SQLite copies may stay in parts of the file that are not in
    use. This rewrites every table, and the cache of vectors, and locks each meanwhile: nobody can
    read or write it. Run it at night.
    """
    with open_loop(workspace) as loop:
        loop.store.purge_log()
        notes = loop.store.scrub()
        if not loop.data_encoder.rewrite_cache():
            notes.append(CACHE_NOTE)
        loop.recounter.close_receipts()
    console.say("every table was written anew")
    if notes:
        console.say("what may still hold something of deleted rows:")
    for note in notes:
        console.say(f"  {note}")
