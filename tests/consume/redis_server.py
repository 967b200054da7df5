"""A real Redis server that can be killed and started again, and keeps what it has acknowledged."""

import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from serve.workspace import until

BINARY = shutil.which("redis-server")
NEEDS_REDIS = pytest.mark.skipif(
    BINARY is None, reason="no redis-server here: install Debian's package redis-server"
)


class RedisServer:
    """One server on a port and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.client: Any = redis.Redis(port=self.port, socket_timeout=10.0, protocol=2)

    def start(self) -> None:
        """Until it answers; with all that it had."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(BINARY), *options], stdout=log, stderr=subprocess.STDOUT
            )

        def answers() -> bool:
            with suppress(redis.ConnectionError, redis.BusyLoadingError):
                return bool(self.client.ping())
            return False

        until(answers, "the Redis server")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """For good."""
        self.client.close()
        self.kill()

    def address(self, stream: str = "events", group: str = "foretaste") -> str:
        """Of a stream."""
        return f"redis://127.0.0.1:{self.port}/0?stream={stream}&group={group}"
