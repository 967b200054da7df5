"""`foretaste imports`: what came in by which import, and how one is undone."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command, open_loop
from foretaste.domain.imports import ImportRecord, UndoCounts
from foretaste.errors import InputError

if TYPE_CHECKING:
    from foretaste.loop import Foretaste

imports = typer.Typer(help="What came in by which import: list, show, undo.")

Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER…", help="The imports' numbers.")]
UNDO_WORDS = {
    "events": "{:,} events taken out",
    "items": "{:,} items taken out",
    "users": "{:,} users' attributes taken out",
    "restored_items": "{:,} items as they were before",
    "restored_users": "{:,} users' attributes as they were before",
    "left_items": "{:,} items changed or deleted since, left as they are",
    "left_users": "{:,} users changed or erased since, left as they are",
    "shared": "{:,} rows left, as another import or event has them too",
}
"""A count of an undo → what is said of it."""


def register(app: typer.Typer) -> None:
    """Add the commands to the others."""
    app.add_typer(imports, name="imports", no_args_is_help=True)
    command(imports, "list")(imports_list)
    command(imports, "show")(imports_show)
    command(imports, "undo")(imports_undo)


def imports_list(workspace: Workspace = CURRENT_FOLDER, json: Json = False) -> None:
    """Every import there was, with its number."""
    with open_loop(workspace) as loop:
        records = loop.imports()
    if json:
        from foretaste.cli.json_output import import_json

        console.print_json({"imports": [import_json(record) for record in records]})
    elif records:
        console.print_import_records(records)
    else:
        console.say("nothing was imported yet; 'foretaste import FILE…' does")


def imports_show(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The import's number.")],
    workspace: Workspace = CURRENT_FOLDER,
    json: Json = False,
) -> None:
    """The receipt of an import: its files, and what became of their rows."""
    with open_loop(workspace) as loop:
        (record,) = _records(loop, [number])
    if json:
        from foretaste.cli.json_output import import_json

        console.print_json(import_json(record))
    else:
        console.print_import_record(record)


def imports_undo(
    numbers: Numbers,
    workspace: Workspace = CURRENT_FOLDER,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take imports back, as if they had never been.

    Their events go, items and users are as they were before, and models count anew without them. A
    running service notices by itself. What another import has as well stays; what was changed since
    by something else is left as it is, and said.
    """
    with open_loop(workspace) as loop:
        records = [record for record in _records(loop, numbers) if record.undone is None]
        if records and not yes:
            console.print_import_records(records)
            _confirm(len(records))
        receipt = loop.undo_import(*numbers)
    for number in sorted({*numbers} - {*receipt.numbers}):
        console.say(f"import {number} had been undone before")
    if receipt.numbers:
        console.say(f"undone: import {', '.join(map(str, receipt.numbers))}")
        for line in undo_lines(receipt.counts):
            console.say(f"  {line}")
    for version in receipt.recounted_versions:
        console.say(f"model {version} was counted anew without them")
    for pending_note in receipt.pending_notes:
        console.say(f"still to be done: {pending_note}")


def undo_lines(counts: UndoCounts) -> list[str]:
    """What an undo changed, a line for each count."""
    lines = [
        words.format(count)
        for name, words in UNDO_WORDS.items()
        if (count := getattr(counts, name))
    ]
    return lines or ["nothing of them was in the store"]


def _records(loop: "Foretaste", numbers: list[int]) -> list[ImportRecord]:
    records = {record.number: record for record in loop.imports()}
    for number in numbers:
        if number not in records:
            raise InputError(
                f"there is no import {number}; 'foretaste imports list' says which there are"
            )
    return [records[number] for number in dict.fromkeys(numbers)]


def _confirm(count: int) -> None:
    if not sys.stdin.isatty():
        raise InputError("nothing was undone: there is nobody to ask here; add --yes")
    question = "Undo this import?" if count == 1 else f"Undo these {count} imports?"
    if not typer.confirm(question):
        raise InputError("nothing was undone")
