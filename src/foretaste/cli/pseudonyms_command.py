"""`foretaste pseudonymise` and `foretaste pseudonym`: ids of people as keyed hashes, at rest."""

from pathlib import Path
from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, require_workspace
from foretaste.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    command(app, "pseudonymise")(pseudonymise)
    command(app, "pseudonym")(pseudonym)


def pseudonymise(workspace: Workspace = CURRENT_FOLDER) -> None:
    """Put pseudonyms in the place of every id of a person or session in the store, for good.

    Their key is that of behaviour.pseudonym_key_file. Stop the service and the worker before. It
    cannot be taken back: keep a backup until you have seen that all is well, then delete it.
    """
    from foretaste.behaviour.presence import nobody_in
    from foretaste.behaviour.pseudonym_move import move_to_pseudonyms
    from foretaste.behaviour.pseudonyms import PSEUDONYMS_FACT, Pseudonyms
    from foretaste.behaviour.rejected_rows import forget_rejected_cells
    from foretaste.behaviour.store import SqlStore, store_url
    from foretaste.config.load import load_config

    require_workspace(workspace)
    settings = load_config(workspace).behaviour
    pseudonyms = Pseudonyms.of_file(_key_file(settings.pseudonym_key_file), workspace)
    with nobody_in([workspace]), SqlStore(store_url(settings, workspace)) as store:
        if store.meta_text(PSEUDONYMS_FACT) is not None:
            raise InputError("the ids in this store are pseudonyms already; nothing is to be done")
        move = move_to_pseudonyms(store, pseudonyms)
    console.say(f"{move.users:,} users and {move.sessions:,} sessions have pseudonyms now")
    if rejected := forget_rejected_cells(workspace):
        console.say(f"{rejected:,} rejected rows are known by their line alone now")
    console.say("what may still hold their ids:")
    for note in (*move.notes, "your backups of before: delete them, and make a new one"):
        console.say(f"  {note}")


def pseudonym(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id.")],
    workspace: Workspace = CURRENT_FOLDER,
    session: Annotated[bool, typer.Option("--session", help="It is a session's id.")] = False,
) -> None:
    """Print what stands for an id in the store, e.g. to find it in a list of batch."""
    from foretaste.behaviour.pseudonyms import Pseudonyms
    from foretaste.config.load import load_config

    require_workspace(workspace)
    key_file = load_config(workspace).behaviour.pseudonym_key_file
    pseudonyms = Pseudonyms.of_file(_key_file(key_file), workspace)
    console.say(pseudonyms.session(user) if session else pseudonyms.user(user))


def _key_file(path: str | None) -> Path:
    if path is None:
        raise InputError(
            "behaviour.pseudonym_key_file is not set; make a key with 'openssl rand -hex 32' in a "
            "file outside of the workspace, and name it"
        )
    return Path(path)
