"""`foretaste backup` and `restore`: a workspace into one file, and back."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import HERE, Json, Workspace, command, require

if TYPE_CHECKING:
    from foretaste.workspace.backup import Backup

File = Annotated[Path, typer.Argument(metavar="FILE", help="Like shop.zip.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    command(app, "backup")(backup)
    command(app, "restore")(restore)


def backup(
    file: File,
    workspace: Workspace = HERE,
    force: Annotated[bool, typer.Option("--force", help="Replace the file there is.")] = False,
    json: Json = False,
) -> None:
    """Write a workspace to one file.

    Settings, events, items, people, hashed keys and models, of its tenants too, as they are at this
    moment; the service may go on. Caches are left out.
    """
    require(workspace)
    from foretaste.workspace.backup import back_up

    _told("wrote", back_up(workspace, file, now=time.time(), force=force), json=json)


def restore(
    file: File,
    workspace: Workspace = HERE,
    force: Annotated[
        bool, typer.Option("--force", help="Move what is there aside, and replace its database.")
    ] = False,
    json: Json = False,
) -> None:
    """Put a workspace back from such a file.

    Whole or not at all: it is checked and put together beside its place. Stop the service first.
    """
    from foretaste.workspace.backup import restore as put_back

    _told("restored", put_back(file, workspace, force=force), json=json)


def _told(verb: str, found: "Backup", *, json: bool) -> None:
    if json:
        console.as_json(
            {
                "file": str(found.file),
                "created": found.created,
                "tenants": list(found.tenants),
                "events": found.events,
                "items": found.items,
                "models": found.models,
                "bytes": found.size,
            }
        )
        return
    console.say(
        f"{verb} {found.file}: {found.events:,} events, {found.items:,} items, {found.models} "
        f"models, {len(found.tenants)} workspaces, {found.size / 1e6:.1f} MB"
    )
