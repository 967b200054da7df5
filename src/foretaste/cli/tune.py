"""`foretaste tune`: settings that make better lists, searched on behaviour that is held out."""

from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Ray, Workspace, command, open_loop
from foretaste.errors import InputError

if TYPE_CHECKING:
    from foretaste.workspace.settings_search import SearchJob, SearchReport

SHOWN_TRIALS = 5


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "tune")(tune)


def tune(
    workspace: Workspace = CURRENT_FOLDER,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help="What is searched, e.g. model.sequence.dim=64,128 or "
            "model.sequence.dropout=0.1..0.4; may be repeated [eleven that matter most].",
        ),
    ] = None,
    trials: Annotated[int, typer.Option(help="How many settings are tried.")] = 20,
    minutes: Annotated[
        float | None, typer.Option(help="No trial begins after so long [no limit].")
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="How often the best and the present settings are fitted at the end.")
    ] = 2,
    protocol: Annotated[
        str, typer.Option(help="leave-one-out or time: how behaviour is held out.")
    ] = "leave-one-out",
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write them to foretaste.toml, if they are better for certain."
        ),
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Of this machine that try side by side [one].")
    ] = None,
    ray: Ray = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Throw away the trials of earlier runs.")
    ] = False,
    json: Json = False,
) -> None:
    """Search settings of the model that make better lists; each trial costs a training.

    One half of the people chooses the best of the trials, the other half says whether it is better
    than the settings as they are. After an interruption the same command goes on; with more
    --trials it goes on from those there are. The live model stays.
    """
    if ray is not None and processes is not None:
        raise InputError("--ray and --processes exclude each other; give one of them")
    job = _job(setting or (), trials, seeds, protocol, minutes)
    with open_loop(workspace, ray=ray) as loop:
        from foretaste.workspace.settings_search import search_settings

        report = search_settings(
            loop, job, processes=processes, restart=restart, progress=loop.progress
        )
    _tell(report, workspace, write=write, json=json)


def _job(
    settings: Sequence[str], trials: int, seeds: int, protocol: str, minutes: float | None
) -> "SearchJob":
    """Wrong numbers are told before the workspace is opened."""
    from foretaste.workspace.settings_search import SearchJob

    return SearchJob(tuple(settings), trials, seeds, protocol=protocol, max_minutes=minutes)


def _tell(report: "SearchReport", workspace: Path, *, write: bool, json: bool) -> None:
    """Print it, and write the settings where they are better and wanted."""
    from foretaste.config.settings_file import write_settings

    is_written = write and report.is_better
    if is_written:
        write_settings(workspace, report.settings)
    if json:
        console.print_json(report.summary() | {"written": is_written})
        return
    _print(report)
    if is_written:
        console.note("written to foretaste.toml; 'foretaste train' makes a model with them")
    elif write:
        console.note("nothing is written: they are not better for certain")


def _print(report: "SearchReport") -> None:
    """The best trials, what they come to, and the settings as the file has them."""
    from foretaste.display.words import toml_value

    rows = [
        ("failed" if isnan(score) else f"{score:.4f}", _changes_text(trial.changes))
        for trial, score in zip(report.trials, report.scores, strict=True)
    ]
    present = next(row for row, trial in zip(rows, report.trials, strict=True) if not trial.changes)
    leading_rows = rows[:SHOWN_TRIALS]
    console.print_table(
        ("NDCG@10", "settings"),
        leading_rows if present in leading_rows else [*leading_rows, present],
    )
    tried = len(report.trials)
    if tried < report.planned:
        console.say(f"{tried} of {report.planned} trials, for want of time")
    for problem in sorted({trial.problem for trial in report.trials if trial.result is None}):
        console.say(f"could not be trained: {problem}")
    if report.comparison is None:
        console.say(f"No settings of {tried} were better than those as they are.")
        return
    sentence = str(report.comparison)
    console.say(sentence[0].upper() + sentence[1:])
    for key, value in report.settings.items() if report.is_better else ():
        console.say(f"{key} = {toml_value(value)}")


def _changes_text(changes: dict[str, Any]) -> str:
    """Without the groups, which are long and the same."""
    from foretaste.display.words import toml_value

    names = [
        f"{'.'.join(key.split('.')[1:])} {toml_value(value)}" for key, value in changes.items()
    ]
    return ", ".join(names) or "as they are"
