"""A Ray cluster. In: functions and parts; out: results, whichever workers die on the way.

Each worker is an actor with a core, or with a GPU where the cluster has any. It keeps what it was
prepared with, so that a model is loaded once however many calls there are. The parts that a dead
worker had are given to others, and another worker is started in its place.
"""

import importlib.util
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from foretaste.cluster.settings import RaySettings
from foretaste.domain.cluster import PartT, ResultT, StateT
from foretaste.errors import ClusterError, ForetasteError, MissingExtra

PARTS_PER_WORKER = 2
"""Parts that a worker has at a time: the next one is there when one is done."""
MAX_ATTEMPTS = 4
"""Workers that may die over the same part before it is given up."""


def open_cluster(settings: RaySettings) -> "RayCluster | None":
    """The cluster of the settings, to which nothing is said before there is work; None where they
    name none.
    """
    return RayCluster(settings) if settings.address else None


@contextmanager
def engaged(cluster: "RayCluster | None") -> Iterator[None]:
    """For the time of a long work, at whose end the workers are given back. MissingExtra without
    Ray.
    """
    if cluster is None:
        yield
        return
    cluster.require()
    cluster.is_engaged = True
    try:
        yield
    finally:
        cluster.is_engaged = False
        cluster.release()


class _Worker:
    """What lives in a process of the cluster."""

    def __init__(self) -> None:
        self._states: dict[bytes, Any] = {}

    def ready(self) -> None:
        """Answers as soon as there is somebody to answer."""

    def work(self, call: tuple[bytes, bytes], part: Any) -> Any:
        """call: (what to begin with, what to do), each pickled."""
        prepare, work = call
        if prepare not in self._states:
            self._states[prepare] = pickle.loads(prepare)()
        return pickle.loads(work)(self._states[prepare], part)


class RayCluster:
    """Workers of a Ray cluster, started when there is work and let go of by `release`."""

    def __init__(self, settings: RaySettings) -> None:
        self._settings = settings
        self.is_engaged = False
        """Whether a long work goes on, of which parts may be given to workers."""
        self._workers: list[Any] = []
        self._is_mine = False

    def require(self) -> None:
        """MissingExtra where Ray is not installed."""
        if importlib.util.find_spec("ray") is None:
            raise MissingExtra("Ray, which ray.address needs,", "ray")

    def map(
        self,
        prepare: Callable[[], StateT],
        work: Callable[[StateT, PartT], ResultT],
        parts: Iterable[PartT],
    ) -> Iterator[tuple[int, ResultT]]:
        """As `WorkPool.map`."""
        self.require()
        import ray

        self._start()
        call = ray.put((ray.cloudpickle.dumps(prepare), ray.cloudpickle.dumps(work)))
        return _Parts(self, call, parts).results()

    def release(self) -> None:
        """Give the workers back, if there are any: the next piece of work asks for others."""
        if not (self._workers or self._is_mine):
            return
        import ray

        for worker in self._workers:
            ray.kill(worker)
        self._workers.clear()
        if self._is_mine:
            ray.shutdown()
            self._is_mine = False

    @property
    def workers(self) -> list[Any]:
        """Those that were not seen to die."""
        return list(self._workers)

    def replace_worker(self, worker: Any) -> Any:
        """Another one in the place of a dead one; None where that has happened already."""
        if worker not in self._workers:
            return None
        self._workers.remove(worker)
        self._workers.append(self._new_worker())
        return self._workers[-1]

    def _start(self) -> None:
        import ray

        if not ray.is_initialized():
            self._connect()
            self._is_mine = True
        while len(self._workers) < self._size():
            self._workers.append(self._new_worker())

    def _connect(self) -> None:
        import ray

        address, options = self._settings.address, {"log_to_driver": False}
        own_options = {
            "num_cpus": self._settings.workers,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
        with _own_signals():
            try:
                if address == "auto":
                    try:
                        ray.init(address="auto", **options)
                    except ConnectionError:
                        ray.init(address="local", **own_options, **options)
                elif address == "local":
                    ray.init(address="local", **own_options, **options)
                else:
                    ray.init(address=address, **options)
            except (ConnectionError, ValueError, RuntimeError) as error:
                problem = str(error).strip().splitlines()[0]
                raise ClusterError(
                    f"no Ray cluster answers at '{address}' (ray.address): {problem}; start one "
                    "with 'ray start --head', or say 'auto'"
                ) from None

    def _size(self) -> int:
        import ray

        resources = ray.cluster_resources()
        count = int(resources.get("GPU", 0)) or int(resources.get("CPU", 1))
        return max(1, min(count, self._settings.workers or count))

    def _new_worker(self) -> Any:
        import ray

        gpus = 1 if ray.cluster_resources().get("GPU", 0) >= 1 else 0
        return ray.remote(_Worker).options(num_cpus=1, num_gpus=gpus, max_restarts=0).remote()


class _Parts:
    """The parts of one work: waiting, with a worker, or done."""

    def __init__(self, cluster: RayCluster, call: Any, parts: Iterable[Any]) -> None:
        self._cluster, self._call = cluster, call
        self._parts = enumerate(parts)
        self._again: deque[tuple[int, Any]] = deque()
        self._attempts: dict[int, int] = {}
        self._free = [w for w in cluster.workers for _ in range(PARTS_PER_WORKER)]
        self._running: dict[Any, tuple[Any, tuple[int, Any] | None]] = {}

    def results(self) -> Iterator[tuple[int, Any]]:
        """(number, result) of each part, as they are done."""
        import ray

        while self._hand_out():
            (done,), _ = ray.wait(list(self._running), num_returns=1)
            worker, part = self._running.pop(done)
            try:
                result = ray.get(done)
            except ray.exceptions.RayActorError:
                self._bury(worker, part)
                continue
            except ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, ForetasteError):
                    raise error.cause from None
                raise
            if part is None:  # a new worker is there
                self._free += [worker] * PARTS_PER_WORKER
            else:
                self._free.append(worker)
                yield part[0], result

    def _hand_out(self) -> bool:
        """Give parts to who is free. → whether any part is still with a worker."""
        while self._free:
            part = self._again.popleft() if self._again else next(self._parts, None)
            if part is None:
                break
            worker = self._free.pop(0)
            self._running[worker.work.remote(self._call, part[1])] = worker, part
        return bool(self._again) or any(part is not None for _, part in self._running.values())

    def _bury(self, worker: Any, part: tuple[int, Any] | None) -> None:
        """What a dead worker had is for others, and another takes its place."""
        self._free = [other for other in self._free if other is not worker]
        if part is not None:
            self._again.append(part)
            attempts = self._attempts[part[0]] = self._attempts.get(part[0], 0) + 1
            if attempts == MAX_ATTEMPTS:
                raise ClusterError(
                    f"{attempts} workers of the Ray cluster died over the same piece of work, "
                    "perhaps for want of memory; see the logs of Ray"
                )
        new_worker = self._cluster.replace_worker(worker)
        if new_worker is not None:
            self._running[new_worker.ready.remote()] = new_worker, None


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray sets a handler of SIGTERM, by which a worker of ours would end in another way."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
