"""What lives in a process of a Ray cluster, and how several of them do one work together."""

import fcntl
import os
import pickle
import socket
import struct
from collections import deque
from typing import Any

from foretaste.domain.cluster import Seat
from foretaste.domain.ports import Progress
from foretaste.errors import ForetasteError

WATCH_GROUP = "watch"
"""Calls that are answered beside a work: how far it is."""
WATCH_SECONDS = 1.0
"""Between two looks at how far a work is."""
END_SECONDS = 30.0
"""In which the others end whose partner has died: their connection to it breaks."""


INTERFACE_VARIABLES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
"""Name the interface by which workers of several machines speak: gloo would take that of the host's
name, which is often the loopback."""
INTERFACE_ADDRESS = 0x8915
"""SIOCGIFADDR of Linux."""


class WorkerDied(Exception):
    """One of those who work together is gone."""


class RayWorker:
    """Made an actor by the cluster."""

    def __init__(self) -> None:
        self._states: dict[bytes, Any] = {}
        self._reports: deque[tuple[str, int, int, str]] = deque()

    def ping(self) -> None:
        """Answers as soon as there is somebody to answer."""

    def work(self, call: tuple[bytes, bytes], part: Any) -> Any:
        """call: (what to begin with, what to do), each pickled."""
        prepare, work = call
        if prepare not in self._states:
            self._states[prepare] = pickle.loads(prepare)()
        return pickle.loads(work)(self._states[prepare], part)

    def meeting_place(self) -> str:
        """host:port of this machine that nobody listens at."""
        import ray

        host: str = ray.util.get_node_ip_address()
        with socket.socket() as probe:
            probe.bind((host, 0))
            return f"{host}:{probe.getsockname()[1]}"

    def join(self, call: bytes, seat: Seat) -> Any:
        """Its part of a work that several do together; only the first one's result is sent."""
        import ray

        self._reports.clear()
        interface = interface_of(ray.util.get_node_ip_address())
        if interface is not None:
            for variable in INTERFACE_VARIABLES:
                os.environ.setdefault(variable, interface)
        result = pickle.loads(call)(seat, self._report)
        return result if seat.rank == 0 else None

    def _report(self, task: str, done: int, total: int, note: str = "") -> None:
        self._reports.append((task, done, total, note))

    def reports(self) -> list[tuple[str, int, int, str]]:
        """What was said since the last time."""
        return [self._reports.popleft() for _ in range(len(self._reports))]


def interface_of(address: str) -> str | None:
    """The network interface of this machine that has the address; None where none has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            question = struct.pack("256s", name.encode()[:15])
            try:
                entry = fcntl.ioctl(probe.fileno(), INTERFACE_ADDRESS, question)
            except OSError:  # it has none
                continue
            if socket.inet_ntoa(entry[20:24]) == address:
                return name
    return None


def run_together(workers: list[Any], call: Any, progress: Progress) -> Any:
    """The first worker's result. Raises WorkerDied, and what the work raises."""
    import ray

    try:
        address = ray.get(workers[0].meeting_place.remote())
        running = [
            worker.join.remote(call, Seat(rank, len(workers), address))
            for rank, worker in enumerate(workers)
        ]
        waiting, ended = list(running), list[Any]()
        while waiting and not any(map(_has_failed, ended)):
            ended, waiting = ray.wait(running, num_returns=len(running), timeout=WATCH_SECONDS)
            if running[0] in waiting:
                _show(workers[0], progress)
        if waiting:
            ended, _ = ray.wait(running, num_returns=len(running), timeout=END_SECONDS)
        else:
            _show(workers[0], progress)
    except ray.exceptions.RayActorError:
        raise WorkerDied from None
    failures = [failure for failure in map(_failure, ended) if failure is not None]
    for failure in failures:
        if isinstance(failure, ForetasteError):
            raise failure
    if any(isinstance(failure, ray.exceptions.RayActorError) for failure in failures):
        raise WorkerDied
    if failures:
        raise failures[0]
    return ray.get(running[0])


def _show(worker: Any, progress: Progress) -> None:
    """What the worker said since the last time."""
    import ray

    reports = worker.reports.options(concurrency_group=WATCH_GROUP).remote()
    for report in ray.get(reports):
        progress(*report)


def _has_failed(reference: Any) -> bool:
    return _failure(reference) is not None


def _failure(reference: Any) -> Exception | None:
    """What went wrong in a call that has ended."""
    import ray

    try:
        ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        return error.cause if isinstance(error.cause, ForetasteError) else error
    except ray.exceptions.RayActorError as error:
        return error
    return None
