"""`foretaste import`: files in, under a number; what became of their rows out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, open_loop
from foretaste.cli.inspect_command import Files, FormatName, NamedFiles
from foretaste.errors import InputError

if TYPE_CHECKING:
    from foretaste.domain.imports import ImportResult
    from foretaste.loop import Foretaste

MAX_SAMPLED_ITEMS = 500
"""Of the catalogue, whose languages are told."""


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "import")(import_)


def import_(
    files: Files = None,
    workspace: Workspace = CURRENT_FOLDER,
    events: NamedFiles = None,
    items: NamedFiles = None,
    users: NamedFiles = None,
    gorse: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A dump of Gorse's, or its exported JSON Lines."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Store nothing of a file with a bad row.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Take the names offered for columns that have none."),
    ] = False,
    at_unit: Annotated[
        str | None,
        typer.Option(
            metavar="UNIT",
            help="What times that are numbers count: s, ms, us, ns, min, h, d or excel.",
        ),
    ] = None,
    format_name: FormatName = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Undo earlier imports of these files in the same step."),
    ] = False,
) -> None:
    """Import files: what people did, what there is, who they are.

    Which file is which is found out; where it is not, say it with --events, --items or --users.
    Items go in first, whatever the order. Bad rows go to a file in the workspace with the reason
    for each; good rows go in. The same file again adds nothing. A file of which no row could be
    used is an error. The import has a number, by which 'foretaste imports undo' takes it back.
    """
    if not (files or events or items or users or gorse):
        raise InputError(
            "nothing to import; name your files, or each with --events, --items or --users"
        )
    if gorse and replace:
        raise InputError("--replace cannot tell what a dump of Gorse's replaces; undo its import")
    options: dict[str, Any] = {"replace": replace, "strict": strict, "yes": yes, "at_unit": at_unit}
    options["format"] = format_name
    tables: dict[str, Any] = {"events": events, "items": items, "users": users}
    with open_loop(workspace, create=True) as loop:
        items_before = loop.store.counts()["items"]
        imports = loop.add(*files or (), announce=_announce, **tables, **options)
        if gorse:
            from foretaste.behaviour.gorse_dump import gorse_tables

            dump: dict[str, Any] = dict(gorse_tables(gorse).items())
            imports += loop.add(strict=strict, **dump)
        has_new_items = loop.store.counts()["items"] > items_before
        advice = _encoder_advice(loop) if has_new_items else ""
    console.print_imports(imports)
    if advice:
        console.note(advice)
    _check_usable(imports)


def _encoder_advice(loop: "Foretaste") -> str:
    """What to set so that the catalogue is read in its languages; "" where it is."""
    from foretaste.config.file_inspection import language_teller

    languages = language_teller(loop.config)(loop.store.items_page("", MAX_SAMPLED_ITEMS))
    return "" if languages is None else languages.advice


def _announce(lines: Sequence[str]) -> None:
    for line in lines:
        console.note(line)


def _check_usable(imports: Sequence["ImportResult"]) -> None:
    unusable = [result.file for result in imports if result.rejected == result.read > 0]
    if unusable:
        raise InputError(
            f"no row of {', '.join(unusable)} could be used; the reasons are above, mend the file "
            "or the settings and import it again"
        )
