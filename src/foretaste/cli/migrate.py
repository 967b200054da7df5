"""`foretaste migrate`: the newest tables, before the processes that answer start."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, require_workspace

if TYPE_CHECKING:
    from foretaste.workspace.migrate import Migration


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "migrate")(migrate)


def migrate(workspace: Workspace = CURRENT_FOLDER, json: Json = False) -> None:
    """Bring the tables of a workspace and its tenants to the newest form.

    Every command that opens a store does so too. This one does nothing else: for the step before
    the services of a new version start.
    """
    require_workspace(workspace)
    from foretaste.workspace.migrate import migrate_stores

    migrations = migrate_stores(workspace)
    if json:
        console.print_json({"tenants": [asdict(migration) for migration in migrations]})
        return
    for migration in migrations:
        console.say(_describe(migration))


def _describe(migration: "Migration") -> str:
    if migration.old_revision is None:
        return f"{migration.tenant}: made the tables, revision {migration.revision}"
    if migration.old_revision == migration.revision:
        return f"{migration.tenant}: the tables have revision {migration.revision} already"
    return (
        f"{migration.tenant}: the tables had revision {migration.old_revision} "
        f"and have {migration.revision} now"
    )
