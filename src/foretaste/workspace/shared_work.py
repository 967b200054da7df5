"""What long works on a workspace share: a folder of what is done already, and who helps."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from platform import node

from foretaste.cluster.processes import ProcessPool
from foretaste.domain.cluster import WorkPool
from foretaste.domain.files import FOLDER_MODE
from foretaste.errors import InputError
from foretaste.loop import Foretaste

PARTIAL_SUFFIX, LOCK_FILE = ".partial", "lock"


@contextmanager
def exclusive_folder(folder: Path, option: str, result: str) -> Iterator[None]:
    """One run at a time that makes this result out of the folder. Raises InputError beside another,
    and where the folder cannot be made.
    """
    try:
        folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("a")
    except OSError as error:
        raise InputError(f"{option}: {folder} cannot be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another run is making {result}; wait for its end") from None
        yield


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """A file that is there with all it holds, or not at all."""
    partial_path = path.with_name(path.name + PARTIAL_SUFFIX)
    write(partial_path)
    partial_path.replace(path)


def open_here(workspace: Path) -> Foretaste:
    """The workspace in another process, perhaps of another machine."""
    if not workspace.is_dir():
        raise InputError(
            f"{workspace} is not there on {node()}, which is to work on it; all machines of the "
            "cluster must see the workspace under the same path"
        )
    return Foretaste.open(workspace)


def pool_of(loop: Foretaste, processes: int, parts: int, *, is_local: bool) -> WorkPool | None:
    """What works on so many parts: the cluster of the settings unless it is to be this machine, so
    many processes of it, or None, which is this process.
    """
    if not is_local and loop.cluster is not None:
        return loop.cluster
    count = min(processes, parts)
    return ProcessPool(count) if count > 1 else None
