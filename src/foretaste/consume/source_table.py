"""In: what was named on the command line. Out: the source. One line for each kind of source."""

from collections.abc import Callable, Mapping
from pathlib import Path

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.consume.stream_source import StreamSource
from foretaste.errors import InputError


def _open_redis(address: str) -> StreamSource:
    from foretaste.consume.redis_stream import RedisStream

    return RedisStream(address)


def _open_nats(address: str) -> StreamSource:
    from foretaste.consume.nats_stream import NatsStream

    return NatsStream(address)


OPENERS: Mapping[str, Callable[[str], StreamSource]] = {
    "redis": _open_redis,
    "rediss": _open_redis,
    "nats": _open_nats,
    "tls": _open_nats,
}
"""Scheme of an address → what opens it."""


def open_source(address: str, record_type: str, settings: BehaviourSettings) -> StreamSource:
    """The source of an address or of a folder. Raises InputError where it is neither."""
    scheme, separator, _ = address.partition("://")
    if not separator:
        from foretaste.consume.watched_folder import WatchedFolder

        return WatchedFolder(Path(address), record_type, settings)
    if scheme.lower() not in OPENERS:
        known_schemes = ", ".join(f"{name}://" for name in OPENERS)
        raise InputError(f"{scheme}:// is not known; name a folder, or one of {known_schemes}")
    return OPENERS[scheme.lower()](address)
