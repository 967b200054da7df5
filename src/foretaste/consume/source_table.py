"""In: what was named on the command line. Out: the source. One line for each kind of source."""

from collections.abc import Callable, Mapping
from pathlib import Path

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.consume.stream_source import StreamSource
from foretaste.errors import InputError

Opener = Callable[[str, str, BehaviourSettings], StreamSource]
"""Address, what the rows are and how they are read → the source."""


def _open_redis(address: str, *_: object) -> StreamSource:
    from foretaste.consume.redis_stream import RedisStream

    return RedisStream(address)


def _open_nats(address: str, *_: object) -> StreamSource:
    from foretaste.consume.nats_stream import NatsStream

    return NatsStream(address)


def _open_kafka(address: str, record_type: str, _: BehaviourSettings) -> StreamSource:
    from foretaste.consume.kafka_topic import KafkaTopic

    return KafkaTopic(address, record_type)


def _open_table(address: str, record_type: str, settings: BehaviourSettings) -> StreamSource:
    from foretaste.consume.polled_table import PolledTable

    return PolledTable(address, record_type, settings)


def _open_bucket(address: str, record_type: str, settings: BehaviourSettings) -> StreamSource:
    from foretaste.consume.object_bucket import ObjectBucket

    return ObjectBucket(address, record_type, settings)


OPENERS: Mapping[str, Opener] = {
    "redis": _open_redis,
    "rediss": _open_redis,
    "nats": _open_nats,
    "tls": _open_nats,
    "kafka": _open_kafka,
    "kafkas": _open_kafka,
    "s3": _open_bucket,
    **dict.fromkeys(("postgresql", "postgres", "mysql", "mariadb", "sqlite"), _open_table),
}
"""Scheme of an address, without a driver → what opens it."""


def open_source(address: str, record_type: str, settings: BehaviourSettings) -> StreamSource:
    """The source of an address or of a folder. Raises InputError where it is neither."""
    scheme, separator, _ = address.partition("://")
    if not separator:
        from foretaste.consume.watched_folder import WatchedFolder

        return WatchedFolder(Path(address), record_type, settings)
    opener = OPENERS.get(scheme.lower().partition("+")[0])
    if opener is None and "table=" in address:
        opener = _open_table  # of whatever database SQLAlchemy has a dialect for
    if opener is None:
        known_schemes = ", ".join(f"{name}://" for name in OPENERS)
        raise InputError(f"{scheme}:// is not known; name a folder, or one of {known_schemes}")
    return opener(address, record_type, settings)
