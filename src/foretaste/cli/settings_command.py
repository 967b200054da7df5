"""`foretaste settings`: a key in; what it does and what it is set to out."""

from pathlib import Path
from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "settings")(settings)


def settings(
    key: Annotated[
        str | None,
        typer.Argument(metavar="KEY", help="e.g. model.sequence.epochs, rank, half_life_days."),
    ] = None,
    workspace: Workspace = CURRENT_FOLDER,
) -> None:
    """Explain settings.

    Without a key: those that differ from their defaults. With one: what it does, its default, and
    what it is set to here; with a group, such as model.sequence, every setting of it.
    """
    from foretaste.config.changed_settings import changed_settings
    from foretaste.config.load import load_config
    from foretaste.config.settings_reference import explain_setting
    from foretaste.display.words import toml_value

    changes = changed_settings(load_config(Path(workspace)))
    if key is None:
        for name, value in changes.items():
            console.say(f"{name} = {toml_value(value)}")
        if not changes:
            console.say("every setting is as it comes; 'foretaste settings rank' says what some do")
        return
    for entry in explain_setting(key):
        value = toml_value(changes[entry.key]) if entry.key in changes else entry.default
        changed = f" (here; else {entry.default})" if entry.key in changes else ""
        console.say(f"{entry.key} = {value}{changed}")
        console.print_wrapped(f"  {entry.description or 'No more is known of it.'}", indent=2)
        console.print_wrapped(f"  {entry.type_text}", indent=2)
