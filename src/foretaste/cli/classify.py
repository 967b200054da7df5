"""`foretaste classify`: a wide table in, a classifier of search histories and what it says out."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Json, Workspace, command
from foretaste.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from foretaste.classify.classifier import Classifier, ClassifierMetrics, LabelledSearch
    from foretaste.config.load import Config

CLASSIFIER_FOLDER = "classifier"
HISTORY_COLUMN = "search_history"
LABEL_COLUMNS = ("purchases", "clicks", "likes", "views", "label")
"""Columns of what was taken, the first that is there."""
MAX_HISTORY_CHARACTERS = 60
"""Characters of a history in a line."""


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "classify")(classify)


def classify(
    table: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="CSV, Parquet or JSON Lines, a row a user."),
    ] = None,
    workspace: Workspace = CURRENT_FOLDER,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help=f"The item that was consumed; else the first of {', '.join(LABEL_COLUMNS)}.",
        ),
    ] = None,
    history: Annotated[
        str, typer.Option(metavar="COLUMN", help="What was searched for.")
    ] = HISTORY_COLUMN,
    predict: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rows to predict for.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many items a row.")] = 5,
    json: Json = False,
) -> None:
    """Predict what users choose from what they searched for.

    Trains a tokenizer and a sequence classifier of Hugging Face on the rows of FILE, measures it
    on a fifth of them that it never sees, and keeps it in the workspace. With --predict it then
    reads other rows; without FILE by the classifier that is there.
    """
    if table is None and predict is None:
        raise InputError("nothing to do; name a FILE to train on, rows to --predict for, or both")
    from foretaste.classify.classifier import Classifier
    from foretaste.cli.progress import ProgressBars
    from foretaste.config.load import load_config

    config = load_config(workspace)
    output: dict[str, Any] = {}
    if table is not None:
        rows = [row for _, row in read_rows(table, history, label, config, labelled=True)]
        with ProgressBars() as bars:
            trained, measured = _train(rows, config, bars)
        trained.save(workspace / CLASSIFIER_FOLDER, measured)
        output["measured"] = asdict(measured)
        if not json:
            _print_measurement(measured, workspace / CLASSIFIER_FOLDER)
    if predict is not None:
        classifier = Classifier.load(workspace / CLASSIFIER_FOLDER)
        output["rows"] = _predict_rows(classifier, predict, history, config, n)
        if not json:
            _print_predictions(output["rows"])
    if json:
        console.print_json(output)


def _train(
    rows: list["LabelledSearch"], config: "Config", bars: Any
) -> "tuple[Classifier, ClassifierMetrics]":
    from foretaste.classify.classifier import Classifier
    from foretaste.language.weights import resolve_weights

    settings, language = config.model.classifier, config.language
    is_own_encoder = settings.backbone in ("", language.encoder)
    weights = resolve_weights(
        settings.backbone or language.encoder,
        language.revision if is_own_encoder else None,
        language.sha256 if is_own_encoder else None,
    )
    return Classifier.fit(rows, weights.path, settings, seed=config.model.seed, progress=bars)


def read_rows(
    path: Path, history: str, label: str | None, config: "Config", *, labelled: bool
) -> Iterator[tuple[int, "LabelledSearch"]]:
    """(line, row) of those with a history and, where it is `labelled`, something taken."""
    from foretaste.behaviour.rows import open_table
    from foretaste.classify.classifier import LabelledSearch
    from foretaste.domain.data import RejectedRow

    separator = config.behaviour.attribute_separator
    skipped: list[str] = []
    with open_table(path) as table:
        history = _find_column(history, table.columns, path, "--history")
        column = _label_column(label, table.columns, path) if labelled else None
        for line, row in table.rows:
            if isinstance(row, RejectedRow):
                skipped.append(str(row))
                continue
            text = ". ".join(cell_parts(row.get(history), separator, ("query", "text", "item")))
            labels = cell_parts(row.get(column), separator, ("item", "id")) if column else ()
            if text and (labels or not labelled):
                yield line, LabelledSearch(text, tuple(dict.fromkeys(labels)))
            else:
                missing = column if text else history
                skipped.append(f"{path.name}:{line}: '{missing}' is empty; fill it in")
    for message in skipped[: console.MAX_REJECTS]:
        console.note(message)
    if skipped:
        console.note(f"{path}: {len(skipped):,} rows were left out")


def cell_parts(cell: Any, separator: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a cell: a text, a list, a JSON list, 'a|b|c', or objects with one of `keys`."""
    from foretaste.behaviour.values import scalar_text, split_values

    texts = []
    for part in split_values(cell, separator):
        if isinstance(part, Mapping):
            part = next((part[key] for key in keys if part.get(key)), None)
        if part is not None and not isinstance(part, list | tuple | Mapping):
            texts.append(scalar_text(part, "a cell").strip())
    return tuple(filter(None, texts))


def _label_column(label: str | None, columns: tuple[str, ...], path: Path) -> str:
    if label is not None:
        return _find_column(label, columns, path, "--label")
    by_name = {column.lower(): column for column in columns}
    for name in LABEL_COLUMNS:
        if name in by_name:
            return by_name[name]
    raise InputError(
        f"{path}: no column of what was taken; name it with --label, one of {', '.join(columns)}"
    )


def _find_column(column: str, columns: tuple[str, ...], path: Path, option: str) -> str:
    """The column as the file spells it: search_history is also searchHistory."""
    from foretaste.behaviour.columns import normalise_column

    matching_column = next(
        (name for name in columns if normalise_column(name) == normalise_column(column)), None
    )
    if matching_column is None:
        hint = did_you_mean(column, columns)
        raise InputError(f"{path}: no column '{column}', name one with {option}; {hint}")
    return matching_column


def _predict_rows(
    classifier: "Classifier", path: Path, history: str, config: "Config", n: int
) -> list[dict[str, Any]]:
    rows = list(read_rows(path, history, None, config, labelled=False))
    predictions = classifier.predict_top([row.text for _, row in rows], n)
    return [
        {
            "line": line,
            "history": row.text,
            "items": [{"id": item, "probability": chance} for item, chance in top],
        }
        for (line, row), top in zip(rows, predictions, strict=True)
    ]


def _print_measurement(measured: "ClassifierMetrics", folder: Path) -> None:
    console.say(
        f"{measured.rows:,} rows, {measured.classes:,} items; measured on "
        f"{measured.held_out:,} rows that were held out"
    )
    rows = [
        ("classifier", f"{measured.accuracy_1:.3f}", f"{measured.accuracy_5:.3f}"),
        ("most frequent", f"{measured.frequent_1:.3f}", f"{measured.frequent_5:.3f}"),
    ]
    columns = ("accuracy@1", "accuracy@5")
    console.print_table(("", *columns), rows, right=columns)
    console.say(f"kept in {folder}")


def _print_predictions(rows: list[dict[str, Any]]) -> None:
    table_rows = [
        (
            str(row["line"]),
            row["history"][-MAX_HISTORY_CHARACTERS:],
            ", ".join(
                f"{prediction['id']} {prediction['probability']:.2f}" for prediction in row["items"]
            ),
        )
        for row in rows
    ]
    console.print_table(("line", "searched for", "will take"), table_rows, right=("line",))
