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
from foretaste.cli.common import HERE, Workspace, command, require

if TYPE_CHECKING:
    from foretaste.worker import Worker

log = logging.getLogger("foretaste.worker")

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Read by the libraries when they are imported."""


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "worker")(worker)


def worker(
    workspace: Workspace = HERE,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, train if it is time, and end.")
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Train now, whatever the schedule says; with --once.")
    ] = False,
    tied: Annotated[bool, typer.Option("--tied", hidden=True, help="End when stdin does.")] = False,
) -> None:
    """Keep the models fresh, until stopped.

    For a workspace and its tenants: new items are read; on a schedule, or after so many events, a
    model is trained, compared with the live one on the newest events, and promoted only if it is
    not worse. See [worker] in the settings.
    """
    require(workspace)
    from foretaste.config.load import load
    from foretaste.serve.http import logs

    config = load(workspace)
    _stand_back(config.worker.nice, config.worker.threads)
    logs.to_stderr(config.serve.log_format)
    signal.signal(signal.SIGTERM, _stop)
    if tied:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    if once or now:
        _once(workspace, now=now)
    else:
        _go_on(workspace)


def _stand_back(nice: int, threads: int) -> None:
    """Requests come first: low priority and few threads."""
    os.nice(max(nice - os.nice(0), 0))
    for name in THREADS:
        os.environ[name] = str(threads)
    os.environ["FORETASTE_LANGUAGE__THREADS"] = str(threads)


def _stop(*_: Any) -> None:
    raise typer.Exit  # what holds a lock lets go of it on the way out


def _end_with_stdin() -> None:
    """Whoever started it is gone, however it went."""
    sys.stdin.buffer.read()
    signal.raise_signal(signal.SIGTERM)


def _once(root: Path, *, now: bool) -> None:
    """One look at each workspace. Raises Busy where another worker is at one of them."""
    for name in _names(root):
        one = _opened(root, name)
        try:
            with one.lock(wait=False) as lock:
                one.read()
                why = "asked for" if now else one.due()
                if why is None:
                    console.say(f"{name}: nothing is to be done")
                    continue
                outcome = one.train(lock)
                console.say(f"{name}: {outcome.what}: {outcome.why}")
        finally:
            one.close()


def _go_on(root: Path) -> None:
    """Look at every workspace again and again; new tenants are found by themselves."""
    from foretaste.worker import Rounds

    rounds = Rounds(lambda: _names(root), lambda name: _opened(root, name))
    try:
        rounds.run()
    finally:
        rounds.close()


def _names(root: Path) -> list[str]:
    from foretaste.workspace.tenants import names

    return list(names(root))


def _opened(root: Path, name: str) -> "Worker":
    import torch

    from foretaste.loop import Foretaste
    from foretaste.worker import Worker
    from foretaste.workspace.tenants import home

    loop = Foretaste.open(home(root, name))
    torch.set_num_threads(loop.config.worker.threads)
    return Worker(loop)
