"""A real NATS server with JetStream that can be killed and started again."""

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js.errors import NotFoundError

from serve.workspace import until

BINARY = shutil.which("nats-server")
NEEDS_NATS = pytest.mark.skipif(
    BINARY is None, reason="no nats-server here: install Debian's package nats-server"
)


class NatsServer:
    """One server on a port and a folder of its own, with a stream EVENTS."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"nats://127.0.0.1:{self._port}"
        self.address = f"{self.url}?stream=EVENTS"

    def start(self) -> None:
        """Until it takes connections; with all that it had."""
        options = ["--jetstream", "--addr", "127.0.0.1", "--port", str(self._port)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(BINARY), *options, "--store_dir", str(self._folder)],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

        def listens() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return True
            return False

        until(listens, "the NATS server")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    close = kill

    def publish(self, messages: Sequence[Any], *, anew: bool = False) -> None:
        """As JSON, or bytes as they are, each acknowledged. anew: the stream is deleted first."""

        async def send() -> None:
            connection = await nats.connect(self.url, connect_timeout=10)
            jetstream = connection.jetstream()
            if anew:
                with suppress(NotFoundError):
                    await jetstream.delete_stream("EVENTS")
            await jetstream.add_stream(name="EVENTS", subjects=["shop.*"])
            for message in messages:
                data = message if isinstance(message, bytes) else json.dumps(message).encode()
                await jetstream.publish("shop.clicks", data)
            await connection.close()

        asyncio.run(send())

    def purge(self, *, up_to: int) -> None:
        """Have the stream forget its messages up to a sequence, as its limits do."""

        async def send() -> None:
            connection = await nats.connect(self.url, connect_timeout=10)
            await connection.jetstream().purge_stream("EVENTS", seq=up_to + 1)
            await connection.close()

        asyncio.run(send())
