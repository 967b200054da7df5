"""In: who asks, and when. Out: whether they may, or in how many seconds: a token bucket each."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_BUCKETS = 100_000
"""Buckets kept; those not used for longest go first, which are full by then."""


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class RateLimiter:
    """A bucket a name, in this process: `rate` tokens a second flow in, `burst` fit in."""

    def __init__(
        self, rate: float, burst: int, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._ticks = rate, burst, ticks
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take_token(self, name: str) -> int:
        """Take a token. → 0, or in how many whole seconds there is one."""
        if self._rate <= 0:
            return 0
        with self._lock:
            bucket = self._refilled_bucket(name)
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0
            return math.ceil((1 - bucket.tokens) / self._rate)

    def _refilled_bucket(self, name: str) -> _Bucket:
        now = self._ticks()
        bucket = self._buckets.setdefault(name, _Bucket(float(self._burst), now))
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._rate)
        bucket.filled_at = now
        return bucket
