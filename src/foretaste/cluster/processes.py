"""Processes of this machine. In: functions and parts; out: results."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

from foretaste.domain.cluster import PartT, ResultT, StateT
from foretaste.errors import ClusterError

WAITING_PARTS_PER_PROCESS = 2
"""Parts handed to the processes before one is done: parts are not all made at once."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ProcessPool:
    """So many processes, which compute in one thread each and end with this one."""

    def __init__(self, size: int) -> None:
        self._size = size

    def map(
        self,
        prepare: Callable[[], StateT],
        work: Callable[[StateT, PartT], ResultT],
        parts: Iterable[PartT],
    ) -> Iterator[tuple[int, ResultT]]:
        """As `WorkPool.map`."""
        with _executor(self._size, prepare) as executor:
            numbers, waiting = dict[Future[ResultT], int](), enumerate(parts)
            try:
                while True:
                    for number, part in waiting:
                        numbers[executor.submit(_work_here, work, part)] = number
                        if len(numbers) >= WAITING_PARTS_PER_PROCESS * self._size:
                            break
                    if not numbers:
                        return
                    for future in wait(numbers, return_when=FIRST_COMPLETED).done:
                        yield numbers.pop(future), future.result()
            except BrokenProcessPool:
                raise ClusterError(
                    "a process was ended from outside, perhaps for want of memory"
                ) from None
            finally:
                executor.shutdown(cancel_futures=True)


@contextmanager
def _executor(size: int, prepare: Callable[[], Any]) -> Iterator[ProcessPoolExecutor]:
    own_values = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))  # for the processes that start now
    context = get_context("spawn")
    try:
        with ProcessPoolExecutor(size, context, _begin, (prepare,)) as executor:
            yield executor
    finally:
        for name, value in own_values.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


_STATES: list[Any] = []
"""What this process began with, where it is one of a pool."""


def _begin(prepare: Callable[[], Any]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _STATES.append(prepare())


def _end_with_parent() -> None:
    """A killed run leaves no process behind."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        sys.stderr.flush()
        os._exit(1)


def _work_here(work: Callable[[Any, Any], Any], part: Any) -> Any:
    return work(_STATES[0], part)
