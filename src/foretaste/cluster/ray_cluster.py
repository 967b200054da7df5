"""A Ray cluster. In: functions and parts; out: results, whichever workers die on the way.

Each worker is an actor with a core, or with a GPU where the cluster has any. It keeps what it was
prepared with, so that a model is loaded once however many calls there are. The parts that a dead
worker had are given to others, and another worker is started in its place.
"""

import importlib.util
import logging
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from foretaste.cluster.ray_worker import WATCH_GROUP, RayWorker, WorkerDied, run_together
from foretaste.cluster.settings import RaySettings
from foretaste.domain.cluster import PartT, ResultT, Seat, StateT
from foretaste.domain.ports import Progress
from foretaste.errors import ClusterError, ForetasteError, MissingExtra

PARTS_PER_WORKER = 2
"""Parts that a worker has at a time: the next one is there when one is done."""
MAX_ATTEMPTS = 4
"""Workers that may die over the same part before it is given up."""
MAX_START_SECONDS = 60.0
"""Seconds in which a worker has found a core, or does without."""
TOO_MANY_DEATHS = (
    "{} workers of the Ray cluster died over the same piece of work, perhaps for want of memory; "
    "see the logs of Ray"
)
log = logging.getLogger(__name__)


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

    def replicate(self, work: Callable[[Seat, Progress], ResultT], progress: Progress) -> ResultT:
        """As `Cluster.replicate`."""
        self.require()
        import ray

        self._start()
        call = ray.put(ray.cloudpickle.dumps(work))
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                log.warning("a worker of the Ray cluster died; going on from the last checkpoint")
                self._stop_workers()
                self._start()
            try:
                result: ResultT = run_together(self._reachable(), call, progress)
                return result
            except WorkerDied:
                continue
        raise ClusterError(TOO_MANY_DEATHS.format(MAX_ATTEMPTS))

    def _reachable(self) -> list[Any]:
        """Workers that answer; one that has found no place in time is given up."""
        import ray

        worker_by_ping = {worker.ping.remote(): worker for worker in self._workers}
        pings = list(worker_by_ping)
        replies, _ = ray.wait(pings, num_returns=len(pings), timeout=MAX_START_SECONDS)
        if not replies:
            raise ClusterError(
                f"the Ray cluster gave no worker a place in {MAX_START_SECONDS:.0f} s; see "
                "'ray status'"
            )
        return [worker_by_ping[reply] for reply in replies]

    def release(self) -> None:
        """Give the workers back, if there are any: the next piece of work asks for others."""
        if not (self._workers or self._is_mine):
            return
        self._stop_workers()
        if self._is_mine:
            import ray

            ray.shutdown()
            self._is_mine = False

    def _stop_workers(self) -> None:
        import ray

        for worker in self._workers:
            ray.kill(worker)
        self._workers.clear()

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
        actor = ray.remote(concurrency_groups={WATCH_GROUP: 1})(RayWorker)
        return actor.options(num_cpus=1, num_gpus=gpus, max_restarts=0).remote()


class _Parts:
    """The parts of one work: waiting, with a worker, or done."""

    def __init__(self, cluster: RayCluster, call: Any, parts: Iterable[Any]) -> None:
        self._cluster, self._call = cluster, call
        self._parts = enumerate(parts)
        self._again: deque[tuple[int, Any]] = deque()
        self._attempts: dict[int, int] = {}
        self._free = cluster.workers * PARTS_PER_WORKER  # so that few parts go to many
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
        self._free = [actor for actor in self._free if actor is not worker]
        if part is not None:
            self._again.append(part)
            attempts = self._attempts[part[0]] = self._attempts.get(part[0], 0) + 1
            if attempts == MAX_ATTEMPTS:
                raise ClusterError(TOO_MANY_DEATHS.format(attempts))
        new_worker = self._cluster.replace_worker(worker)
        if new_worker is not None:
            self._running[new_worker.ping.remote()] = new_worker, None


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray sets a handler of SIGTERM, by which a worker of ours would end in another way."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
