"""`foretaste classify`: a wide table in, a classifier of search histories and what it says out."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import HERE, Json, Workspace, command
from foretaste.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from foretaste.classify.classifier import Classifier, Measured, Told
    from foretaste.config.load import Config

FOLDER = "classifier"
HISTORY = "search_history"
TAKEN = ("purchases", "clicks", "likes", "views", "label")
"""Columns of what was taken, the first that is there."""
SHOWN = 60
"""Characters of a history in a line."""


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "classify")(classify)


def classify(
    table: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="CSV, Parquet or JSON Lines, a row a user."),
    ] = None,
    workspace: Workspace = HERE,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help=f"What was taken; else the first of {', '.join(TAKEN)}."
        ),
    ] = None,
    history: Annotated[
        str, typer.Option(metavar="COLUMN", help="What was searched for.")
    ] = HISTORY,
    predict: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rows to predict for.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many items a row.")] = 5,
    json: Json = False,
) -> None:
    """Predict what is taken from the search history.

    Trains a tokenizer and a sequence classifier of Hugging Face on the rows of FILE, measures it
    on a fifth of them that it never sees, and keeps it in the workspace. With --predict it then
    reads other rows; without FILE by the classifier that is there.
    """
    if table is None and predict is None:
        raise InputError("nothing to do; name a FILE to train on, rows to --predict for, or both")
    from foretaste.classify.classifier import Classifier
    from foretaste.cli.progress import Bars
    from foretaste.config.load import load

    config = load(workspace)
    said: dict[str, Any] = {}
    if table is not None:
        rows = [row for _, row in told(table, history, label, config, labelled=True)]
        with Bars() as bars:
            trained, measured = _trained(rows, config, bars)
        trained.save(workspace / FOLDER, measured)
        said["measured"] = asdict(measured)
        if not json:
            _say(measured, workspace / FOLDER)
    if predict is not None:
        known = Classifier.load(workspace / FOLDER)
        said["rows"] = _predicted(known, predict, history, config, n)
        if not json:
            _show(said["rows"])
    if json:
        console.as_json(said)


def _trained(rows: list["Told"], config: "Config", bars: Any) -> "tuple[Classifier, Measured]":
    from foretaste.classify.classifier import Classifier
    from foretaste.language.weights import resolve

    settings, language = config.model.classifier, config.language
    own = settings.backbone in ("", language.encoder)
    weights = resolve(
        settings.backbone or language.encoder,
        language.revision if own else None,
        language.sha256 if own else None,
    )
    return Classifier.fit(rows, weights.path, settings, seed=config.model.seed, progress=bars)


def told(
    path: Path, history: str, label: str | None, config: "Config", *, labelled: bool
) -> Iterator[tuple[int, "Told"]]:
    """(line, row) of those with a history and, where it is `labelled`, something taken."""
    from foretaste.behaviour.rows import read
    from foretaste.classify.classifier import Told
    from foretaste.domain.data import Reject

    mark = config.behaviour.attribute_separator
    skipped: list[str] = []
    with read(path) as table:
        history = _there(history, table.columns, path, "--history")
        column = _label(label, table.columns, path) if labelled else None
        for line, row in table.rows:
            if isinstance(row, Reject):
                skipped.append(str(row))
                continue
            text = ". ".join(parts(row.get(history), mark, ("query", "text", "item")))
            taken = parts(row.get(column), mark, ("item", "id")) if column else ()
            if text and (taken or not labelled):
                yield line, Told(text, tuple(dict.fromkeys(taken)))
            else:
                missing = column if text else history
                skipped.append(f"{path.name}:{line}: '{missing}' is empty; fill it in")
    for one in skipped[: console.SHOWN]:
        console.note(one)
    if skipped:
        console.note(f"{path}: {len(skipped):,} rows were left out")


def parts(cell: Any, separator: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a cell: a text, a list, a JSON list, 'a|b|c', or objects with one of `keys`."""
    from foretaste.behaviour.values import listed, plain

    found = []
    for part in listed(cell, separator):
        if isinstance(part, Mapping):
            part = next((part[key] for key in keys if part.get(key)), None)
        if part is not None and not isinstance(part, list | tuple | Mapping):
            found.append(plain(part, "a cell").strip())
    return tuple(filter(None, found))


def _label(label: str | None, columns: tuple[str, ...], path: Path) -> str:
    if label is not None:
        return _there(label, columns, path, "--label")
    by_name = {column.lower(): column for column in columns}
    for name in TAKEN:
        if name in by_name:
            return by_name[name]
    raise InputError(
        f"{path}: no column of what was taken; name it with --label, one of {', '.join(columns)}"
    )


def _there(column: str, columns: tuple[str, ...], path: Path, option: str) -> str:
    """The column as the file spells it: search_history is also searchHistory."""
    from foretaste.behaviour.columns import squeezed

    found = next((name for name in columns if squeezed(name) == squeezed(column)), None)
    if found is None:
        hint = did_you_mean(column, columns)
        raise InputError(f"{path}: no column '{column}', name one with {option}; {hint}")
    return found


def _predicted(
    known: "Classifier", path: Path, history: str, config: "Config", n: int
) -> list[dict[str, Any]]:
    rows = list(told(path, history, None, config, labelled=False))
    found = known.top([row.text for _, row in rows], n)
    return [
        {
            "line": line,
            "history": row.text,
            "items": [{"id": item, "probability": chance} for item, chance in top],
        }
        for (line, row), top in zip(rows, found, strict=True)
    ]


def _say(measured: "Measured", folder: Path) -> None:
    console.say(
        f"{measured.rows:,} rows, {measured.classes:,} items; measured on "
        f"{measured.held_out:,} rows that were held out"
    )
    rows = [
        ("classifier", f"{measured.accuracy_1:.3f}", f"{measured.accuracy_5:.3f}"),
        ("most frequent", f"{measured.frequent_1:.3f}", f"{measured.frequent_5:.3f}"),
    ]
    columns = ("accuracy@1", "accuracy@5")
    console.table(("", *columns), rows, right=columns)
    console.say(f"kept in {folder}")


def _show(rows: list[dict[str, Any]]) -> None:
    shown = [
        (
            str(row["line"]),
            row["history"][-SHOWN:],
            ", ".join(f"{one['id']} {one['probability']:.2f}" for one in row["items"]),
        )
        for row in rows
    ]
    console.table(("line", "searched for", "will take"), shown, right=("line",))
