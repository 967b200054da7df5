"""In: who asks, and when. Out: whether they may, or in how many seconds: token buckets.

Many visitors of a shop share the key of its page, and one of them must not use up what it may ask.
So the tokens of a key are shared out: a visitor who asks no more than a fair share of the rate is
let in, also where another has emptied the bucket. Whoever asks alone has all of it.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_BUCKETS = 100_000
"""Buckets kept; those not used for longest go first, which are full by then."""
MAX_VISITORS = 1_000
"""Visitors of a key who are told apart; those who have not asked for longest go first."""
ACTIVE_SECONDS = 10.0
"""Seconds after a request for which its visitor counts among those who share a key."""


@dataclass
class _Bucket:
    tokens: float
    filled_at: float

    def refill(self, now: float, rate: float, burst: float) -> None:
        self.tokens = min(burst, self.tokens + (now - self.filled_at) * rate)
        self.filled_at = now


@dataclass
class _SharedBucket(_Bucket):
    visitors: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)
    """By address, the one who asked last at the end."""


@dataclass(frozen=True, slots=True)
class VisitorShare:
    """What is left of the fair share of a visitor among those who asked lately."""

    tokens: float
    n_sharing: int

    @property
    def is_fair(self) -> bool:
        """Whether one more request is within it. Who asks alone has no share but all."""
        return self.tokens >= 1 and self.n_sharing > 1

    def missing_tokens(self, key_tokens: float) -> float:
        """How many must flow into the bucket of the key until there is one for the visitor."""
        missing = 1 - key_tokens
        if self.n_sharing > 1 and not self.is_fair:
            missing = min(missing, (1 - self.tokens) * self.n_sharing)
        return missing


class RateLimiter:
    """A bucket a name, in this process: `rate` tokens a second flow in, `burst` fit in."""

    def __init__(
        self, rate: float, burst: int, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate, self.burst, self._ticks = rate, burst, ticks
        self._buckets: OrderedDict[str, _SharedBucket] = OrderedDict()
        self._lock = threading.Lock()

    def take_token(self, name: str, visitor: str = "") -> int:
        """Take a token. → 0, or in how many whole seconds there is one.

        What a visitor takes as a fair share may be as much as another burst ahead of the rate.
        """
        if self.rate <= 0:
            return 0
        with self._lock:
            bucket, share = self._refilled(name, visitor)
            visitor_share = VisitorShare(share.tokens, len(bucket.visitors))
            if bucket.tokens >= 1 or (visitor_share.is_fair and bucket.tokens >= 1 - self.burst):
                bucket.tokens -= 1
                share.tokens = max(share.tokens - 1, 0.0)
                return 0
            return math.ceil(visitor_share.missing_tokens(bucket.tokens) / self.rate)

    async def wait_seconds(self, name: str, visitor: str = "") -> int:
        """`take_token`, for whoever waits for a limiter that is elsewhere."""
        return self.take_token(name, visitor)

    async def close(self) -> None:
        """Nothing is open."""

    def share_of(self, name: str, visitor: str) -> VisitorShare:
        """The share of a visitor of those that this process has seen."""
        with self._lock:
            bucket, share = self._refilled(name, visitor)
            return VisitorShare(share.tokens, len(bucket.visitors))

    def note_taken(self, name: str, visitor: str) -> None:
        """A visitor has taken a token of the key, as somebody else counts."""
        with self._lock:
            _, share = self._refilled(name, visitor)
            share.tokens = max(share.tokens - 1, 0.0)

    def _refilled(self, name: str, visitor: str) -> tuple[_SharedBucket, _Bucket]:
        now = self._ticks()
        bucket = self._refilled_bucket(name, now)
        return bucket, self._refilled_share(bucket, visitor, now)

    def _refilled_bucket(self, name: str, now: float) -> _SharedBucket:
        bucket = self._buckets.setdefault(name, _SharedBucket(float(self.burst), now))
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        bucket.refill(now, self.rate, self.burst)
        return bucket

    def _refilled_share(self, bucket: _SharedBucket, visitor: str, now: float) -> _Bucket:
        """What is left of the fair share of a visitor among those who asked lately."""
        visitors = bucket.visitors
        while visitors:
            idle = next(iter(visitors))
            if idle == visitor or now <= visitors[idle].filled_at + ACTIVE_SECONDS:
                break
            del visitors[idle]
        n_sharing = len(visitors) + (visitor not in visitors)
        rate, burst = self.rate / n_sharing, max(self.burst / n_sharing, 1.0)
        share = visitors.setdefault(visitor, _Bucket(burst, now))
        visitors.move_to_end(visitor)
        if len(visitors) > MAX_VISITORS:
            visitors.popitem(last=False)
        share.refill(now, rate, burst)
        return share
