"""In: what the service does. Out: Prometheus metrics of it, in the text format.

What is counted (requests, answers, events, freshness) is summed over the processes of a server with
several workers. What is looked up when it is asked for (items, lag, age of the model) is that of
the process that answers, and of the tenants it has open.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from threading import Lock
from typing import ParamSpec, Protocol

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

from foretaste.behaviour.keys import DEFAULT_TENANT
from foretaste.errors import ForetasteError
from foretaste.serve.http.activity import ActivityWindows

log = logging.getLogger(__name__)

P = ParamSpec("P")

METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder through which the processes of one server add up what they count."""
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
HTTP_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
MAX_WAITING_BATCHES = 10_000
"""Events that are followed at once from their acceptance to their being learnt."""


class GaugeSource(Protocol):
    """What is looked up of a tenant."""

    def gauges(self) -> Mapping[str, float]:
        """Name of a gauge, or `name:label:label` where it has more → its value. The last label may
        have colons in it.

        Raises ForetasteError where it cannot be known.
        """


LendServices = Callable[[], AbstractContextManager[Mapping[str, GaugeSource]]]
"""→ the tenants that are open, by name, for as long as they are looked at."""


def _without_failing(note: Callable[P, None]) -> Callable[P, None]:
    """The same, but a count that cannot be kept is only logged: the folder that several processes
    count in may have been swept away, and no answer is cut off for that.
    """

    @wraps(note)
    def note_or_log(*arguments: P.args, **named_arguments: P.kwargs) -> None:
        try:
            note(*arguments, **named_arguments)
        except OSError as error:
            log.warning("not counted in the metrics: %s; start the service again", error)

    return note_or_log


class Metrics:
    """The metrics of one application."""

    def __init__(self, lend_services: LendServices) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Histogram(
            "foretaste_request_seconds",
            "Time from a request to the end of its answer",
            ("method", "route", "status"),
            buckets=BUCKETS_SECONDS,
            registry=registry,
        )
        self.recommendations = Counter(
            "foretaste_recommendations",
            "Lists, by the fallback level that scored them",
            ("tenant", "fallback_level"),
            registry=registry,
        )
        self.old_recommendations = Counter(
            "foretaste_answers",
            "The old name of foretaste_recommendations, for one release",
            ("tenant", "rung"),
            registry=registry,
        )
        self.events = Counter(
            "foretaste_received_events",
            "Events received: accepted, duplicate, rejected",
            ("tenant", "outcome"),
            registry=registry,
        )
        self.old_events = Counter(
            "foretaste_events",
            "The old name of foretaste_received_events, for one release",
            ("tenant", "outcome"),
            registry=registry,
        )
        self.local_limits = Counter(
            "foretaste_local_limits",
            "Requests that a process counted alone, as the Redis of serve.limits_server was away",
            ("reason",),  # a count without labels would need its folder at once
            registry=registry,
        )
        self.freshness = Histogram(
            "foretaste_freshness_seconds",
            "Time from the acceptance of an event to its being learnt, in the process it came to",
            ("tenant",),
            buckets=BUCKETS_SECONDS,
            registry=registry,
        )
        self._gauges = _Gauges(lend_services)
        self.activity = ActivityWindows()
        """The last hour of this process, for the console."""

    @_without_failing
    def observe_request(
        self, method: str, route: str, status: int, seconds: float, tenant: str | None = None
    ) -> None:
        """A request of a tenant has been answered."""
        self.activity.of_tenant(tenant or DEFAULT_TENANT).note_request(route, status, seconds)
        if method not in HTTP_METHODS:  # whoever makes one up must not make up a series
            method = "other"
        self.requests.labels(method, route, str(status)).observe(seconds)

    @_without_failing
    def note_local_limit(self) -> None:
        """The rate of a request was counted by this process alone."""
        self.local_limits.labels("away").inc()

    def exposition(self) -> bytes:
        """All of them, as Prometheus reads them."""
        registry = self._registry
        if os.environ.get(MULTIPROCESS_VARIABLE):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it registers itself
        counter_text = generate_latest(registry)
        gauge_registry = CollectorRegistry()
        gauge_registry.register(self._gauges)
        ProcessCollector(registry=gauge_registry)
        return counter_text + generate_latest(gauge_registry)


class TenantMetrics:
    """What one tenant's service tells of what it does."""

    def __init__(
        self, metrics: Metrics, tenant: str, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics, self._tenant, self._ticks = metrics, tenant, ticks
        self._unlearnt_batches: deque[tuple[int, int, float]] = deque(maxlen=MAX_WAITING_BATCHES)
        self._lock = Lock()

    @_without_failing
    def record_events(
        self, *, accepted: int, duplicates: int, rejected: int, last_event: int
    ) -> None:
        """A batch of events came in; `last_event` is the number of the newest in the store now."""
        self._metrics.activity.of_tenant(self._tenant).note_events(
            accepted=accepted, duplicates=duplicates, rejected=rejected
        )
        for outcome, old_outcome, count in (
            ("accepted", "accepted", accepted),
            ("duplicate", "known", duplicates),
            ("rejected", "rejected", rejected),
        ):
            if count:
                self._metrics.events.labels(self._tenant, outcome).inc(count)
                self._metrics.old_events.labels(self._tenant, old_outcome).inc(count)
        if accepted:
            with self._lock:
                self._unlearnt_batches.append((last_event, accepted, self._ticks()))

    @_without_failing
    def record_answer(self, fallback_level: str, learnt_event: int) -> None:
        """A list went out, by a model that had learnt the events up to a number."""
        self._metrics.recommendations.labels(self._tenant, fallback_level).inc()
        self._metrics.old_recommendations.labels(self._tenant, fallback_level).inc()
        self.record_learnt(learnt_event)

    @_without_failing
    def record_learnt(self, learnt_event: int) -> None:
        """The events up to a number are learnt."""
        now = self._ticks()
        with self._lock:
            while self._unlearnt_batches and self._unlearnt_batches[0][0] <= learnt_event:
                _, count, accepted_at = self._unlearnt_batches.popleft()
                freshness = self._metrics.freshness.labels(self._tenant)
                for _ in range(count):
                    freshness.observe(now - accepted_at)


class _Gauges(Collector):
    """What is looked up when it is asked for."""

    HELP: Mapping[str, str] = {
        "foretaste_ready": "1 where the tenant can be answered",
        "foretaste_items": "Items in the catalogue",
        "foretaste_event_lag": "Events accepted and not learnt yet, by the process that is asked",
        "foretaste_model_age_seconds": "Time since the model that answers was trained",
        "foretaste_model_substituted": "1 where another version answers than was promoted",
        "foretaste_model_instead": "The old name of foretaste_model_substituted, for one release",
        "foretaste_model_hosts": "Hosts that share models, by whether they have what is live",
        "foretaste_worker_seconds": "Time since the worker's last training ended",
        "foretaste_worker_outcome": "1 for what the worker's last training came to, by outcome",
        "foretaste_consumer_lag": "Entries or files that a consumer has not read, by source",
        "foretaste_consumer_rows": "Rows that a consumer took, by outcome and source",
        "foretaste_consumer_seconds": "Time since a consumer's last sign of life, by source",
        "foretaste_consumer_failing": "1 while a consumer cannot read or store, by source",
        "foretaste_exposure_share": "Share of the latest lists that a target of exposure has",
        "foretaste_exposure_price": "Probability that is added to each of its items for it",
    }
    LABELS: Mapping[str, tuple[str, ...]] = {
        "foretaste_model_hosts": ("state",),
        "foretaste_worker_outcome": ("outcome",),
        "foretaste_consumer_lag": ("source",),
        "foretaste_consumer_rows": ("outcome", "source"),
        "foretaste_consumer_seconds": ("source",),
        "foretaste_consumer_failing": ("source",),
        "foretaste_exposure_share": ("target",),
        "foretaste_exposure_price": ("target",),
    }

    def __init__(self, lend_services: LendServices) -> None:
        self._lend_services = lend_services

    def collect(self) -> Iterator[Metric]:
        """The gauges of every tenant that is open."""
        families = {
            name: GaugeMetricFamily(name, text, labels=["tenant", *self.LABELS.get(name, ())])
            for name, text in self.HELP.items()
        }
        with self._lend_services() as services:
            for tenant, service in sorted(services.items()):
                try:
                    gauges = service.gauges()
                except ForetasteError:
                    gauges = {"foretaste_ready": 0.0}
                for labelled_name, value in gauges.items():
                    name, _, labels_text = labelled_name.partition(":")
                    more_splits = len(self.LABELS.get(name, ())) - 1
                    labels = labels_text.split(":", more_splits) if labels_text else []
                    families[name].add_metric([tenant, *labels], value)
        yield from families.values()
