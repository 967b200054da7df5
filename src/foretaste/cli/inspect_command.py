"""`foretaste inspect`: files in, what their columns are taken for out. Nothing is stored."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command
from foretaste.errors import InputError

if TYPE_CHECKING:
    from foretaste.behaviour.inspection.inspection_report import FileInspection

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE…", help="Which is events, items or users is found out."),
]
NamedFiles = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="CSV, JSON, Parquet or a spreadsheet; also packed."),
]


FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="The shop system, tracker or data set they are of, e.g. shopify, ga4, movielens; a "
        "wrong name lists them.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "inspect")(inspect)


def inspect(
    files: Files = None,
    workspace: Workspace = CURRENT_FOLDER,
    events: NamedFiles = None,
    items: NamedFiles = None,
    users: NamedFiles = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the mapping into foretaste.toml.")
    ] = False,
    json: Json = False,
    format_name: FormatName = None,
) -> None:
    """Show how files would be read, column by column.

    Which file is events, items or users; what each column is, why, and what looks wrong; how many
    events name items that are known. Nothing is stored.
    """
    from foretaste.behaviour.inspection.sources import sources_of
    from foretaste.cli.progress import ProgressBars
    from foretaste.config.file_inspection import inspect_for_workspace, write_mapping

    tables = sources_of(
        files or (), {"items": items, "users": users, "events": events}, format_name
    )
    if not tables:
        raise InputError("nothing to inspect; name a file")
    with ProgressBars() as bars:
        inspection = inspect_for_workspace(workspace, tables, progress=bars)
        bars.finish()
    if json:
        console.print_json(inspection.to_dict())
    else:
        for file in inspection.files:
            print_inspection(file)
    if write:
        console.note(f"wrote {write_mapping(workspace, inspection)}")
    if inspection.problems:
        raise InputError("; ".join(inspection.problems))


def print_inspection(file: "FileInspection") -> None:
    """One file: what it is, its columns, what looks wrong."""
    from foretaste.behaviour.inspection.inspection_report import COLUMN_HEADINGS

    console.print_heading(file.heading())
    for fact in file.facts():
        console.say(fact)
    if file.columns:
        console.say()
        console.print_table(COLUMN_HEADINGS, file.column_rows(), right=("filled",))
    for remark in file.remarks():
        if remark != file.problem:
            console.say(f"! {remark}")
