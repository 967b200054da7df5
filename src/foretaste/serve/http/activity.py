"""What a process answered in the last hour, by minute: requests in; counts and latencies out.

Kept in memory, for the console: metrics are for whoever has something that scrapes and keeps them.
It is of bounded size whatever is asked: minutes, kinds of requests and tenants are few.
"""

import threading
import time
from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

MINUTES = 60
"""Minutes that are kept."""
MAX_TENANTS = 100
"""Tenants whose minutes are kept: those that were asked last."""
BOUND_COUNT = 60
BOUNDS_MS = tuple(0.1 * 1.26**step for step in range(BOUND_COUNT))
"""Milliseconds up to which a request falls into each bucket: an eighth of a decade, to 80 s."""
LIST_PATHS = (
    "/v1/recommend",
    "/v1/rank",
    "/v1/similar",
    "/v1/search",
    "/v1/trending",
    "/v1/page",
    "/v1/bought-together",
)
EVENT_PATHS = ("/v1/events",)
UNCOUNTED_PATHS = ("/healthz", "/readyz", "/metrics", "/api/health/", "/static/", "/v1/status")
"""What machines ask again and again, and says nothing of what people get."""

RequestGroup = Literal["lists", "events", "remaining"]
REQUEST_GROUPS: tuple[RequestGroup, ...] = ("lists", "events", "remaining")


def request_group_of(route: str) -> RequestGroup:
    """What a route is for."""
    if route in LIST_PATHS or route.startswith("/api/recommend"):
        return "lists"
    return "events" if route in EVENT_PATHS or route == "/api/feedback" else "remaining"


@dataclass(slots=True)
class RequestCounts:
    """Requests of one group in one minute."""

    requests: int = 0
    refused: int = 0
    """With a status of 400 to 499: whoever asked made a mistake."""
    failed: int = 0
    """With 500 or more: the service did."""
    buckets: list[int] = field(default_factory=lambda: [0] * (BOUND_COUNT + 1))

    def add(self, addend: "RequestCounts") -> None:
        """Count what another minute has as well."""
        self.requests += addend.requests
        self.refused += addend.refused
        self.failed += addend.failed
        self.buckets = [
            own + added for own, added in zip(self.buckets, addend.buckets, strict=True)
        ]

    def quantile_ms(self, share: float) -> float | None:
        """Milliseconds within which so many were answered, to an eighth; None without requests."""
        target_count, count = share * self.requests, 0
        for position, bucket in enumerate(self.buckets):
            count += bucket
            if bucket and count >= target_count:
                return round(BOUNDS_MS[min(position, BOUND_COUNT - 1)], 2)
        return None


@dataclass(slots=True)
class MinuteActivity:
    """What happened in one minute."""

    start: float
    """Seconds since 1970."""
    requests: dict[RequestGroup, RequestCounts] = field(
        default_factory=lambda: {group: RequestCounts() for group in REQUEST_GROUPS}
    )
    accepted_events: int = 0
    duplicate_events: int = 0
    rejected_events: int = 0


class ActivityWindow:
    """The last hour of one tenant. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._minutes: deque[MinuteActivity] = deque(maxlen=MINUTES)

    def note_request(self, route: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        if route.startswith(UNCOUNTED_PATHS):
            return
        with self._lock:
            counts = self._current().requests[request_group_of(route)]
            counts.requests += 1
            counts.refused += 400 <= status < 500
            counts.failed += status >= 500
            counts.buckets[bisect_left(BOUNDS_MS, seconds * 1000)] += 1

    def note_events(self, *, accepted: int, duplicates: int, rejected: int) -> None:
        """A batch of events came in."""
        with self._lock:
            minute = self._current()
            minute.accepted_events += accepted
            minute.duplicate_events += duplicates
            minute.rejected_events += rejected

    def minutes(self) -> list[MinuteActivity]:
        """Copies of the minutes in which something happened, of the last hour, oldest first."""
        oldest = self._clock() - MINUTES * 60
        with self._lock:
            return [
                MinuteActivity(
                    minute.start,
                    {group: _copy(counts) for group, counts in minute.requests.items()},
                    minute.accepted_events,
                    minute.duplicate_events,
                    minute.rejected_events,
                )
                for minute in self._minutes
                if minute.start > oldest
            ]

    def _current(self) -> MinuteActivity:
        start = self._clock() // 60 * 60
        if not self._minutes or self._minutes[-1].start < start:
            self._minutes.append(MinuteActivity(start))
        return self._minutes[-1]


class ActivityWindows:
    """Those of all tenants of a process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._windows: OrderedDict[str, ActivityWindow] = OrderedDict()

    def of_tenant(self, tenant: str) -> ActivityWindow:
        """Its last hour, begun when it is first asked for."""
        with self._lock:
            window = self._windows.get(tenant)
            if window is None:
                window = self._windows[tenant] = ActivityWindow(self._clock)
            self._windows.move_to_end(tenant)
            while len(self._windows) > MAX_TENANTS:
                self._windows.popitem(last=False)
            return window


def _copy(counts: RequestCounts) -> RequestCounts:
    return RequestCounts(counts.requests, counts.refused, counts.failed, list(counts.buckets))
