"""In: what the service does. Out: Prometheus metrics of it, in the text format.

What is counted (requests, answers, events, freshness) is summed over the processes of a server with
several workers. What is looked up when it is asked for (items, lag, age of the model) is that of
the process that answers, and of the tenants it has open.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from foretaste.errors import ForetasteError

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder through which the processes of one server add up what they count."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
WAITING = 10_000
"""Events that are followed at once from their acceptance to their being learnt."""


class State(Protocol):
    """What is looked up of a tenant."""

    def state(self) -> Mapping[str, float]:
        """Name of a gauge, or `name:label` where it has one more → its value.

        Raises ForetasteError where it cannot be known.
        """


Opened = Callable[[], AbstractContextManager[Mapping[str, State]]]
"""→ the tenants that are open, by name, for as long as they are looked at."""


class Metrics:
    """The metrics of one application."""

    def __init__(self, opened: Opened) -> None:
        own = self._own = CollectorRegistry()
        self.requests = Histogram(
            "foretaste_request_seconds",
            "Time from a request to the end of its answer",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=own,
        )
        self.answers = Counter(
            "foretaste_answers",
            "Lists, by the rung of the fallback ladder",
            ("tenant", "rung"),
            registry=own,
        )
        self.events = Counter(
            "foretaste_events",
            "Events received: accepted, known already, rejected",
            ("tenant", "outcome"),
            registry=own,
        )
        self.freshness = Histogram(
            "foretaste_freshness_seconds",
            "Time from the acceptance of an event to its being learnt, in the process it came to",
            ("tenant",),
            buckets=SECONDS,
            registry=own,
        )
        self._gauges = _Gauges(opened)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        if method not in METHODS:  # whoever makes one up must not make up a series
            method = "other"
        self.requests.labels(method, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        registry = self._own
        if os.environ.get(SHARED):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it registers itself
        told = generate_latest(registry)
        looked = CollectorRegistry()
        looked.register(self._gauges)
        ProcessCollector(registry=looked)
        return told + generate_latest(looked)


class Watch:
    """What one tenant's service tells of what it does."""

    def __init__(
        self, metrics: Metrics, tenant: str, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics, self._tenant, self._ticks = metrics, tenant, ticks
        self._waiting: deque[tuple[int, int, float]] = deque(maxlen=WAITING)
        self._lock = Lock()

    def took(self, *, accepted: int, known: int, rejected: int, last: int) -> None:
        """A batch of events came in; `last` is the number of the newest in the store now."""
        for outcome, count in (("accepted", accepted), ("known", known), ("rejected", rejected)):
            if count:
                self._metrics.events.labels(self._tenant, outcome).inc(count)
        if accepted:
            with self._lock:
                self._waiting.append((last, accepted, self._ticks()))

    def answered(self, rung: str, learnt: int) -> None:
        """A list went out, by a model that had learnt the events up to a number."""
        self._metrics.answers.labels(self._tenant, rung).inc()
        self.learnt(learnt)

    def learnt(self, number: int) -> None:
        """The events up to a number are learnt."""
        now = self._ticks()
        with self._lock:
            while self._waiting and self._waiting[0][0] <= number:
                _, count, came = self._waiting.popleft()
                freshness = self._metrics.freshness.labels(self._tenant)
                for _ in range(count):
                    freshness.observe(now - came)


class _Gauges(Collector):
    """What is looked up when it is asked for."""

    HELP: Mapping[str, str] = {
        "foretaste_ready": "1 where the tenant can be answered",
        "foretaste_items": "Items in the catalogue",
        "foretaste_event_lag": "Events accepted and not learnt yet, by the process that is asked",
        "foretaste_model_age_seconds": "Time since the model that answers was trained",
        "foretaste_model_instead": "1 where another version answers than the one that was promoted",
        "foretaste_worker_seconds": "Time since the worker's last training ended",
        "foretaste_worker_outcome": "1 for what the worker's last training came to, by outcome",
    }
    LABELS: Mapping[str, tuple[str, ...]] = {"foretaste_worker_outcome": ("outcome",)}

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def collect(self) -> Iterator[Metric]:
        """The gauges of every tenant that is open."""
        families = {
            name: GaugeMetricFamily(name, text, labels=["tenant", *self.LABELS.get(name, ())])
            for name, text in self.HELP.items()
        }
        with self._opened() as services:
            for tenant, service in sorted(services.items()):
                try:
                    state = service.state()
                except ForetasteError:
                    state = {"foretaste_ready": 0.0}
                for told, value in state.items():
                    name, *labels = told.split(":")
                    families[name].add_metric([tenant, *labels], value)
        yield from families.values()
