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
    from foretaste.behaviour.ingest import Intake
    from foretaste.loop import Foretaste

ERROR, INTERRUPTED, PIPE_CLOSED = 2, 130, 141

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
HERE = Path()

P = ParamSpec("P")


def command(group: typer.Typer, name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Makes a function a command whose errors are told in one line."""

    def register(work: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(work)
        def told(*args: P.args, **kwargs: P.kwargs) -> None:
            with _told():
                work(*args, **kwargs)
                sys.stdout.flush()  # a closed pipe shows here, and not when Python ends

        group.command(name)(told)
        return work

    return register


@contextmanager
def _told() -> Iterator[None]:
    """Errors in one line, with their exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # What Python still has to write when it ends must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(PIPE_CLOSED) from None
    except KeyboardInterrupt:
        _fail("interrupted; what was stored stays, and the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    except ForetasteError as error:
        _fail(f"error: {error}")
        raise typer.Exit(ERROR) from None
    except OSError as error:
        _fail(f"error: {error.filename or type(error).__name__}: {error.strerror or error}")
        raise typer.Exit(ERROR) from None
    except Exception as error:
        said = " ".join(str(error).split())
        _fail(
            f"error: {type(error).__name__}: {said}; this should not happen, run "
            "'foretaste --debug …' for the traceback and report it"
        )
        raise typer.Exit(ERROR) from None


DEBUG = {"on": False}
"""Whether tracebacks are shown: set once, by `--debug`."""


def _fail(line: str) -> None:
    if DEBUG["on"]:
        traceback.print_exc()
    console.note(line.replace("\n", " "))


@contextmanager
def opened(folder: Path, *, make: bool = False) -> Iterator["Foretaste"]:
    """The loop on a folder. One that is no workspace is an error, unless it may be made."""
    if not make:
        require(folder)
    from foretaste.cli.progress import (
        Bars,  # these take two seconds; whoever asks for help does not wait
    )
    from foretaste.loop import Foretaste

    with Bars() as bars:
        loop = Foretaste.open(folder, progress=bars)
        try:
            yield loop
        finally:
            bars.rest()
            loop.close()


def intake(loop: "Foretaste") -> "Intake":
    """The way in for events, items and users, which is that of the service."""
    from foretaste.behaviour.ingest import Intake
    from foretaste.feedback.attribution import attributed

    attribute = functools.partial(attributed, served=loop.store.served)
    return Intake(loop.store, loop.config.behaviour, attribute)


def require(folder: Path) -> None:
    """Reading must not leave an empty store behind where a path was mistyped."""
    from foretaste.behaviour.store import FILE as STORE
    from foretaste.config.load import FILE as SETTINGS
    from foretaste.config.load import load

    there = any((folder / name).exists() for name in (SETTINGS, STORE))
    if not there and not (folder.is_dir() and load(folder).behaviour.database):
        where = "this folder" if folder == HERE else str(folder)
        raise InputError(
            f"{where} is no workspace; name one with --workspace, or make one with "
            "'foretaste init' or 'foretaste import'"
        )
