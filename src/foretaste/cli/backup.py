"""`foretaste backup` and `restore`: a workspace into one file, and back."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, require_workspace

if TYPE_CHECKING:
    from foretaste.workspace.backup import Backup

File = Annotated[Path, typer.Argument(metavar="FILE", help="Like shop.zip.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    command(app, "backup")(backup)
    command(app, "restore")(restore)


def backup(
    file: File,
    workspace: Workspace = CURRENT_FOLDER,
    force: Annotated[bool, typer.Option("--force", help="Replace the file there is.")] = False,
    json: Json = False,
) -> None:
    """Write a workspace to one file.

    Settings, events, items, users, hashed keys and models, of its tenants too, as they are at this
    moment; the service may go on. Caches are left out.
    """
    require_workspace(workspace)
    from foretaste.workspace.backup import back_up

    _print_backup("wrote", back_up(workspace, file, now=time.time(), force=force), json=json)


def restore(
    file: File,
    workspace: Workspace = CURRENT_FOLDER,
    force: Annotated[
        bool, typer.Option("--force", help="Move what is there aside, and replace its database.")
    ] = False,
    erasures: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The list of who was erased since, if it is not beside the backup."
        ),
    ] = None,
    without_erasures: Annotated[
        bool,
        typer.Option(
            "--without-erasures",
            help="Bring back who was erased since, and API keys that were revoked.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Put a workspace back from such a file.

    Whole or not at all: it is checked and put together beside its place, and who was erased since
    is erased again, by the list beside the backup. Stop the service first.
    """
    from foretaste.workspace.backup import restore as put_back

    restored = put_back(
        file, workspace, force=force, erasures=erasures, without_erasures=without_erasures
    )
    _print_backup("restored", restored, json=json)


def _print_backup(verb: str, archive: "Backup", *, json: bool) -> None:
    if json:
        console.print_json(
            {
                "file": str(archive.file),
                "created": archive.created,
                "tenants": list(archive.tenants),
                "events": archive.events,
                "items": archive.items,
                "models": archive.models,
                "bytes": archive.size,
            }
            | ({} if archive.erased_again is None else {"erased_again": archive.erased_again})
        )
        return
    console.say(
        f"{verb} {archive.file}: {archive.events:,} events, {archive.items:,} items, "
        f"{archive.models} "
        f"models, {len(archive.tenants)} workspaces, {archive.size / 1e6:.1f} MB"
    )
    if archive.erased_again is not None:
        count = f"{archive.erased_again:,}" if archive.erased_again else "nobody"
        console.say(f"people erased since the backup was made, and now again: {count}")
