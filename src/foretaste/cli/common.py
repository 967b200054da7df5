"""What every command shares: its options, the loop on a folder, and errors told in one line.

What goes wrong is one line on stderr: exit code 2 for an error, 130 when interrupted, and nothing
at all where the reader of a pipe has gone.
"""

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from foretaste.cli import console
from foretaste.errors import ForetasteError, InputError

if TYPE_CHECKING:
    from foretaste.behaviour.ingest import Ingestor
    from foretaste.loop import Foretaste

EXIT_ERROR, EXIT_INTERRUPTED, EXIT_PIPE_CLOSED = 2, 130, 141

Workspace = Annotated[
    Path,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        envvar="FORETASTE_WORKSPACE",
        help="The folder of settings, store, caches and models.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="auto|ADDRESS",
        help="A Ray cluster that does the work side by side [ray.address].",
    ),
]
CURRENT_FOLDER = Path()

P = ParamSpec("P")


def command(group: typer.Typer, name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Makes a function a command whose errors are told in one line."""

    def register(function: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
            with _report_errors():
                function(*args, **kwargs)
                sys.stdout.flush()  # a closed pipe shows here, and not when Python ends

        group.command(name)(wrapper)
        return function

    return register


@contextmanager
def _report_errors() -> Iterator[None]:
    """Errors in one line, with their exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # What Python still has to write when it ends must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(EXIT_PIPE_CLOSED) from None
    except KeyboardInterrupt:
        _fail("interrupted; what was stored stays, and the same command goes on from there")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except ForetasteError as error:
        _fail(f"error: {error}")
        raise typer.Exit(EXIT_ERROR) from None
    except OSError as error:
        _fail(f"error: {error.filename or type(error).__name__}: {error.strerror or error}")
        raise typer.Exit(EXIT_ERROR) from None
    except Exception as error:
        message = " ".join(str(error).split())
        _fail(
            f"error: {type(error).__name__}: {message}; this should not happen, run "
            "'foretaste --debug …' for the traceback and report it"
        )
        raise typer.Exit(EXIT_ERROR) from None


DEBUG = {"on": False}
"""Whether tracebacks are shown: set once, by `--debug`."""


def _fail(line: str) -> None:
    if DEBUG["on"]:
        traceback.print_exc()
    console.note(line.replace("\n", " "))


@contextmanager
def open_loop(
    folder: Path, *, create: bool = False, ray: str | None = None
) -> Iterator["Foretaste"]:
    """The loop on a folder. One that is no workspace is an error, unless it may be made. ray: a
    cluster in place of that of the settings.
    """
    if not create:
        require_workspace(folder)
    from foretaste.cli.progress import (
        ProgressBars,  # these take two seconds; whoever asks for help does not wait
    )
    from foretaste.loop import Foretaste

    with ProgressBars() as bars:
        settings = {} if ray is None else {"ray.address": ray}
        loop = Foretaste.open(folder, settings=settings, progress=bars)
        try:
            yield loop
        finally:
            bars.finish()
            loop.close()


def intake(loop: "Foretaste") -> "Ingestor":
    """The way in for events, items and users, which is that of the service."""
    from foretaste.behaviour.ingest import Ingestor
    from foretaste.feedback.attribution import attribute_events

    attribute = functools.partial(attribute_events, find_served=loop.store.recommendations_by_id)
    return Ingestor(loop.store, loop.config.behaviour, attribute)


def require_workspace(folder: Path) -> None:
    """Reading must not leave an empty store behind where a path was mistyped."""
    from foretaste.behaviour.store import STORE_FILE as STORE
    from foretaste.config.load import SETTINGS_FILE as SETTINGS
    from foretaste.config.load import load_config

    is_workspace = any((folder / name).exists() for name in (SETTINGS, STORE))
    if not is_workspace and not (folder.is_dir() and load_config(folder).behaviour.database):
        folder_text = "this folder" if folder == CURRENT_FOLDER else str(folder)
        raise InputError(
            f"{folder_text} is no workspace; name one with --workspace, or make one with "
            "'foretaste init' or 'foretaste import'"
        )


def require_writable(path: Path) -> None:
    """That a file cannot be written is said before the work, not after it."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it, e.g. {path / 'report.html'}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"{path} cannot be written; name a file in a folder that is yours")
