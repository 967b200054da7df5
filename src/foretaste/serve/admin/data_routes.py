"""The addresses of the data. In: nothing, or the number of an import. Out: how good they are, what
came in by which import, and what was wrong with it.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response

from foretaste.behaviour.import_log import last_imports
from foretaste.domain.data import ImportResult
from foretaste.domain.order_charges import CHARGE_COLUMN
from foretaste.domain.store import ItemColumns
from foretaste.domain.words import is_companion
from foretaste.errors import InputError
from foretaste.online.snapshot import Snapshot
from foretaste.serve.admin.desk import OperatorDesk
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example
from foretaste.serve.http.body import OperatorRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.data_schemas import (
    ColumnMappingOut,
    DataHealthAnswer,
    DataHealthQuery,
    DataQualityAnswer,
    DataQualityQuery,
    DayHealthOut,
    ImportNoteOut,
    ImportOut,
    ImportsAnswer,
    UndoneImportAnswer,
)

SECONDS_PER_DAY = 86_400.0
MAX_IMPORTS = 100
REJECT_COLUMNS = ("file", "line", "column", "problem", "remedy")

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["operation"])


@v1.get("/data-health", dependencies=[ADMIN], responses=answer_example("data-health"))
def data_health(
    query: Annotated[DataHealthQuery, Query()], service: ServiceDep
) -> DataHealthAnswer:
    """What is wrong with the events of each of the last days up to the newest event: those without
    an item, of items that are not in the catalogue, of nobody; and how many name the list they came
    from.
    """
    reads = service.workspace.store.operator
    end = min(service.now(), reads.newest_event_time() or service.now())
    last_day = end // SECONDS_PER_DAY * SECONDS_PER_DAY
    starts = [last_day - day * SECONDS_PER_DAY for day in reversed(range(query.days))]
    days = reads.day_health(starts, SECONDS_PER_DAY)
    return DataHealthAnswer(
        days=[DayHealthOut.model_validate(day, from_attributes=True) for day in days]
    )


@v1.get("/data-quality", dependencies=[ADMIN], responses=answer_example("data-quality"))
def data_quality(
    query: Annotated[DataQualityQuery, Query()], request: Request, service: ServiceDep
) -> DataQualityAnswer:
    """How good the data are, as `foretaste report` says it. Measuring reads all of them, in a
    process of its own: the first call begins it, and later ones tell what came of it.
    """
    desk: OperatorDesk = request.app.state.desk
    measurement = desk.quality(service, is_renewed=query.renew)
    return DataQualityAnswer(
        state=measurement.state,
        measured_at=measurement.measured_at or None,
        is_current=measurement.position == service.workspace.store.log_position(),
        problem=measurement.problem,
        report=measurement.report or None,
    )


@v1.get("/imports", dependencies=[ADMIN], responses=answer_example("imports"))
def imports(service: ServiceDep) -> ImportsAnswer:
    """The receipts of the last imports, what was wrong with their rows, and as what each column of
    the items was taken.
    """
    workspace = service.workspace
    records = sorted(workspace.imports(), key=lambda record: -record.number)[:MAX_IMPORTS]
    return ImportsAnswer(
        imports=[ImportOut.of(record) for record in records],
        notes=[_import_note(result) for result in reversed(last_imports(workspace.store))],
        columns=list(column_mappings(workspace.store.item_columns(), workspace.manager.snapshot)),
    )


def _import_note(result: ImportResult) -> ImportNoteOut:
    rejects = [
        {name: value for name, value in asdict(reject).items() if name in REJECT_COLUMNS}
        for reject in result.rejects
    ]
    return ImportNoteOut(
        file=result.file,
        warnings=list(result.warnings),
        rejected=result.rejected,
        has_rejects_file=_rejects_path(result) is not None,
        rejects=rejects,
    )


def _rejects_path(result: ImportResult) -> FilePath | None:
    """The file in which the import wrote all of them, as long as it is there."""
    path = None if result.rejects_file is None else FilePath(result.rejects_file)
    return path if path is not None and path.is_file() else None


def column_mappings(columns: ItemColumns, snapshot: Snapshot | None) -> Iterator[ColumnMappingOut]:
    """What each column of the items was taken for; none of those that we made ourselves."""
    features = {} if snapshot is None else {f.column: f for f in snapshot.catalogue.features}
    named_columns = {*columns.attributes, *columns.texts}
    for name in sorted(columns.attributes):
        if name == CHARGE_COLUMN or is_companion(name, named_columns):
            continue  # ours, and no column of a file
        feature = features.get(name)
        yield ColumnMappingOut(
            column=name,
            role="attribute",
            type=None if feature is None else str(feature.feature_type),
            items=None if feature is None else int((np.diff(feature.offsets) > 0).sum()),
        )
    for name in sorted(columns.texts - columns.attributes):
        yield ColumnMappingOut(column=name, role="text", type=None, items=None)


@v1.get("/imports/rejects", dependencies=[ADMIN], include_in_schema=False)
def rejects(service: ServiceDep, file: Annotated[str, Query(max_length=1000)]) -> Response:
    """The rows of a file that did not go in, with what is wrong with each: as the import wrote
    them, or the first twenty where that file is gone.
    """
    results = {result.file: result for result in last_imports(service.workspace.store)}
    result = results.get(file)
    if result is None or not result.rejected:
        raise ProblemError("not-found", "no row of a file of this name was rejected")
    path = _rejects_path(result)
    if path is not None:
        return FileResponse(path, filename=path.name, media_type="application/octet-stream")
    text = io.StringIO()
    writer = csv.DictWriter(text, REJECT_COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(
        {name: getattr(row, name) for name in REJECT_COLUMNS} for row in result.rejects
    )
    headers = {"Content-Disposition": 'attachment; filename="rejects.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@v1.post("/imports/{number}/undo", dependencies=[ADMIN], responses=answer_example("undone-import"))
def undo_import(
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The import's number.")],
    service: ServiceDep,
) -> UndoneImportAnswer:
    """Take an import back, as if it had never been: its events go, items and users are as they were
    before, and the models count anew without them.
    """
    workspace = service.workspace
    if number not in {record.number for record in workspace.imports()}:
        raise InputError(f"number: there is no import {number}; '/v1/imports' says which there are")
    receipt = workspace.undo_import(number)
    return UndoneImportAnswer(
        numbers=list(receipt.numbers),
        counts=asdict(receipt.counts),
        recounted_versions=list(receipt.recounted_versions),
        pending=list(receipt.pending_notes),
    )
