"""A store, and real servers of the sources."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore

from .nats_server import NatsServer
from .redis_server import RedisServer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(tmp_path / "behaviour.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def _redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis") / "data")
    server.start()
    yield server
    server.close()


@pytest.fixture
def redis_server(_redis: RedisServer) -> RedisServer:
    """One that has nothing in it."""
    _redis.client.flushall()
    return _redis


@pytest.fixture(scope="session")
def _nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("nats") / "data")
    server.start()
    yield server
    server.close()


@pytest.fixture
def nats_server(_nats: NatsServer) -> NatsServer:
    """One whose stream is new and empty."""
    _nats.publish([], anew=True)
    return _nats
