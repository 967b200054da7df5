"""`foretaste batch`: the lists of all people into a file or a table, for e-mails and caches."""

from pathlib import Path
from typing import Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Ray, Workspace, command, open_loop
from foretaste.cli.lists import Diversity, Filter, ItemCount, Language, Rules, parse_list_options
from foretaste.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "batch")(batch)


def batch(
    out: Annotated[
        str,
        typer.Option(
            help="A file that ends in .jsonl, .csv or .parquet, or the address of a database."
        ),
    ],
    workspace: Workspace = CURRENT_FOLDER,
    people: Annotated[
        Path | None,
        typer.Option(help="A file of user ids, one a line [all users with events or attributes]."),
    ] = None,
    n: ItemCount = None,
    filter: Filter = None,  # noqa: A002
    rules: Rules = None,
    diversity: Diversity = 0.0,
    placement: Annotated[
        str | None, typer.Option(help="The placement whose settings hold, e.g. email.")
    ] = None,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Say why each item is there; takes longer.")
    ] = False,
    language: Language = None,
    log: Annotated[
        bool,
        typer.Option("--log", help="Keep the lists: clicks on them are attributed to them."),
    ] = False,
    table: Annotated[
        str | None, typer.Option(help="Of the database; it is replaced [foretaste_lists].")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Of this machine that work side by side [one a core]."),
    ] = None,
    ray: Ray = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Throw away what an unfinished run made.")
    ] = False,
) -> None:
    """Make the lists of all users; after an interruption the same command goes on."""
    options = parse_list_options(filter, rules, diversity, language)
    options |= {"n": n, "placement": placement}
    fields: dict[str, Any] = {name: value for name, value in options.items() if value}
    names = None if people is None else _read_people(people)
    if ray is not None and processes is not None:
        raise InputError("--ray and --processes exclude each other; give one of them")
    with open_loop(workspace, ray=ray) as loop:
        from foretaste.workspace.batch_run import BatchJob, run_batch

        job = BatchJob(out, fields, table=table, with_reasons=reasons, keep=log)
        report = run_batch(
            loop, job, names, processes=processes, restart=restart, progress=loop.progress
        )
        console.note(report.text())


def _read_people(path: Path) -> list[str]:
    """The ids, one a line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--people: {path} cannot be read: {error}") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise InputError(f"--people: {path} names nobody; write one user id a line")
    return names
