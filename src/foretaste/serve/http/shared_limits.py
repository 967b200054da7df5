"""In: who asks. Out: whether they may, counted in one place for all processes and hosts: a Redis.

It has a token bucket for each key, by its own clock. Which visitor of a key asks for no more than a
fair share is known to each process of those it sees itself; no address leaves it. While the Redis
is away each process counts for itself, as without one, and says so.
"""

import logging
import math
import time
from collections.abc import Callable

from foretaste.errors import InputError, MissingExtra
from foretaste.serve.http.limits import RateLimiter

try:
    import redis.asyncio as redis
except ModuleNotFoundError:
    raise MissingExtra("redis", "streams") from None

log = logging.getLogger("foretaste.serve")

ANSWER_SECONDS = 0.1
"""After which a Redis that says nothing is taken to be away: every request waits for it."""
PAUSE_SECONDS = 1.0
"""Seconds in which it is not asked again."""
MAX_CONNECTIONS = 64
"""Requests that ask it at once; more are counted by the process alone."""
KEY_PREFIX = "foretaste:limit:"
TAKE_TOKEN = """
local rate, burst, least = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(now - at, 0) * rate)
local is_taken = 0
if tokens >= least then
  tokens, is_taken = tokens - 1, 1
end
local tokens_text = string.format('%.17g', tokens)
redis.call('HSET', KEYS[1], 'tokens', tokens_text, 'at', string.format('%.17g', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / rate * 1000) + 1000)
return {is_taken, tokens_text}
"""
"""One step of the bucket `KEYS[1]`: tokens flow in, and one is taken where at least `ARGV[3]` are
there. A bucket that is full again is forgotten."""


class SharedRateLimiter:
    """The same limits as those of a `RateLimiter`, for all that name the same Redis."""

    def __init__(
        self,
        address: str,
        local: RateLimiter,
        *,
        note_local: Callable[[], None] = lambda: None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """note_local: called for each request that this process counted alone."""
        self._local, self._note_local, self._ticks = local, note_local, ticks
        self._paused_until = float("-inf")
        self._is_away = False
        try:
            pool = redis.ConnectionPool.from_url(
                address,
                max_connections=MAX_CONNECTIONS,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
                protocol=2,
            )
        except (ValueError, TypeError) as error:
            raise InputError(f"serve.limits_server cannot be used: {error}") from None
        self._client = redis.Redis(connection_pool=pool)
        self._take = self._client.register_script(TAKE_TOKEN)

    async def wait_seconds(self, name: str, visitor: str = "") -> int:
        """Take a token. → 0, or in how many whole seconds there is one."""
        rate, burst = self._local.rate, self._local.burst
        if rate <= 0:
            return 0
        if self._ticks() < self._paused_until:
            return self._count_alone(name, visitor)
        share = self._local.share_of(name, visitor)
        least = 1 - burst if share.is_fair else 1
        try:
            is_taken, tokens = await self._take(
                keys=[f"{KEY_PREFIX}{name}"], args=[rate, burst, least]
            )
        except (redis.RedisError, OSError) as error:
            self._pause(error)
            return self._count_alone(name, visitor)
        if self._is_away:
            self._is_away = False
            log.warning("the Redis of serve.limits_server is back")
        if is_taken:
            self._local.note_taken(name, visitor)
            return 0
        return math.ceil(share.missing_tokens(float(tokens)) / rate)

    async def close(self) -> None:
        """Give back every connection."""
        await self._client.aclose(close_connection_pool=True)

    def _count_alone(self, name: str, visitor: str) -> int:
        self._note_local()
        return self._local.take_token(name, visitor)

    def _pause(self, error: Exception) -> None:
        self._paused_until = self._ticks() + PAUSE_SECONDS
        if not self._is_away:
            self._is_away = True
            log.warning(
                "the Redis of serve.limits_server is away, so each process counts for itself what "
                "a key asks: %s",
                error,
            )
