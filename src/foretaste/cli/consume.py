"""`foretaste consume`: events and items from a queue, a table or files, beside the service."""

import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, require_workspace


class ConsumedRecords(StrEnum):
    """What the rows of a source are."""

    EVENTS = "events"
    ITEMS = "items"
    USERS = "users"


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "consume")(consume)


def consume(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            envvar="FORETASTE_SOURCE",
            help="redis://host:6379/0?stream=NAME, nats://host:4222?stream=NAME, "
            "kafka://host:9092/TOPIC, "
            "postgresql://host/shop?table=NAME&cursor=COLUMN, s3://bucket/prefix, or a folder.",
        ),
    ],
    workspace: Workspace = CURRENT_FOLDER,
    records: Annotated[
        ConsumedRecords, typer.Option(help="What the rows are.")
    ] = ConsumedRecords.EVENTS,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ENTRY",
            help="Read again from this entry on, or 'beginning' [past what is stored].",
        ),
    ] = None,
    until_empty: Annotated[
        bool, typer.Option("--once", help="End when there is nothing left to read.")
    ] = False,
    batch: Annotated[
        int, typer.Option(min=1, max=10_000, help="Rows that are read and stored at once.")
    ] = 500,
    name: Annotated[
        str | None,
        typer.Option(
            help="Under which the position is kept, where two sources would have the same."
        ),
    ] = None,
) -> None:
    """Take in what others write to a queue, a table or a folder, until stopped.

    Each row is checked as over HTTP and stored exactly once, whichever end is killed; what is wrong
    goes to the folder 'rejects' of the workspace, with the reason. SIGTERM ends it after the batch
    in hand. Run one beside the service for each source.
    """
    require_workspace(workspace)
    _run(
        source,
        workspace.absolute(),
        records.value,
        name,
        start=start,
        until_empty=until_empty,
        batch=batch,
    )


def _run(
    address: str,
    folder: Path,
    record_type: str,
    name: str | None,
    *,
    start: str | None,
    until_empty: bool,
    batch: int,
) -> None:
    from foretaste.behaviour.opening import open_store
    from foretaste.config.load import load_config
    from foretaste.consume.consumer import Consumer, ConsumerSettings
    from foretaste.consume.source_table import open_source
    from foretaste.serve.http import logs

    config = load_config(folder)
    logs.log_to_stderr(config.serve.log_format)
    lease = config.worker.lease_seconds
    settings = ConsumerSettings(record_type, start, batch, until_empty, lease_seconds=lease)
    source = open_source(address, record_type, config.behaviour)
    if name is not None:
        source.name = name
    with open_store(config.behaviour, folder) as store:
        consumer = Consumer(store, config.behaviour, source, folder, settings)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: consumer.stop())
        try:
            status = consumer.run()
        finally:
            source.close()
    console.say(
        f"{status.name}: {status.accepted:,} new, {status.duplicate:,} known before, "
        f"{status.rejected:,} rejected"
    )
