"""`foretaste worker`: reads what is new and keeps the models fresh, beside the service."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretaste.cli import console
from foretaste.cli.common import CURRENT_FOLDER, Workspace, command, require_workspace

if TYPE_CHECKING:
    from foretaste.worker import Worker

log = logging.getLogger("foretaste.worker")

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Read by the libraries when they are imported."""


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "worker")(worker)


def worker(
    workspace: Workspace = CURRENT_FOLDER,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, train if it is time, and end.")
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Train now, whatever the schedule says; with --once.")
    ] = False,
    exits_with_stdin: Annotated[
        bool, typer.Option("--tied", hidden=True, help="End when stdin does.")
    ] = False,
) -> None:
    """Keep the models fresh, until stopped.

    For a workspace and its tenants: new items are read; on a schedule, or after so many events, a
    model is trained. The promotion gate compares it with the live one on the newest events, and
    promotes it only if it is not worse. See [worker] in the settings.
    """
    require_workspace(workspace)
    from foretaste.config.load import load_config
    from foretaste.serve.http import logs

    config = load_config(workspace)
    _lower_priority(config.worker.nice, config.worker.threads)
    logs.log_to_stderr(config.serve.log_format)
    signal.signal(signal.SIGTERM, _exit_on_signal)
    if exits_with_stdin:
        threading.Thread(target=_exit_with_stdin, daemon=True).start()
    if once or now:
        _run_once(workspace, now=now)
    else:
        _run_forever(workspace)


def _lower_priority(nice: int, threads: int) -> None:
    """Requests come first: low priority and few threads."""
    os.nice(max(nice - os.nice(0), 0))
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    os.environ["FORETASTE_LANGUAGE__THREADS"] = str(threads)


def _exit_on_signal(*_: Any) -> None:
    """What holds a lock lets go of it on the way out. An exit of Python's own passes through what
    catches a failure, so that a training which is stopped does not count as one that failed.
    """
    raise SystemExit(0)


def _exit_with_stdin() -> None:
    """Whoever started it is gone, however it went."""
    sys.stdin.buffer.read()
    signal.raise_signal(signal.SIGTERM)


def _run_once(root: Path, *, now: bool) -> None:
    """One look at each workspace. Raises Busy where another worker is at one of them."""
    for name in _tenant_names(root):
        tenant_worker = _open_worker(root, name)
        try:
            with tenant_worker.lock(wait=False) as lock:
                retention = tenant_worker.delete_old_events()
                if retention is not None:
                    total = sum(retention.deleted.values())
                    console.say(f"{name}: deleted {total:,} events that were kept long enough")
                tenant_worker.read_new_items()
                reason = "asked for" if now else tenant_worker.training_reason()
                if reason is None:
                    console.say(f"{name}: nothing is to be done")
                    continue
                outcome = tenant_worker.train(lock)
                console.say(f"{name}: {outcome.what}: {outcome.why}")
        finally:
            tenant_worker.close()


def _run_forever(root: Path) -> None:
    """Look at every workspace again and again; new tenants are found by themselves."""
    from foretaste.worker import WorkspaceWorkers

    rounds = WorkspaceWorkers(lambda: _tenant_names(root), lambda name: _open_worker(root, name))
    try:
        rounds.run()
    finally:
        rounds.close()


def _tenant_names(root: Path) -> list[str]:
    from foretaste.workspace.tenants import tenant_names

    return list(tenant_names(root))


def _open_worker(root: Path, name: str) -> "Worker":
    import torch

    from foretaste.loop import Foretaste
    from foretaste.worker import Worker
    from foretaste.workspace.tenants import tenant_folder

    loop = Foretaste.open(tenant_folder(root, name))
    torch.set_num_threads(loop.config.worker.threads)
    return Worker(loop)
