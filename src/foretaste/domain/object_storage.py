"""In: the address of a bucket, `s3://bucket/prefix`. Out: a file system on it.

Who may read it comes from the environment alone (AWS_ACCESS_KEY_ID, AWS_PROFILE, the role of the
machine, …), as for every other program: an address is printed and kept.
"""

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from foretaste.errors import InputError

SCHEME = "s3"
CONNECT_SECONDS, ANSWER_SECONDS = 5, 30
"""After which a server that says nothing is taken to be away."""
ATTEMPTS = 3
_EXAMPLE = "write it like s3://bucket/prefix?endpoint=http://minio:9000"


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """What of which bucket."""

    bucket: str
    prefix: str
    """Without a slash at either end; empty is the whole bucket."""
    endpoint: str | None
    """URL of the server; None is Amazon's."""
    region: str | None

    @property
    def path(self) -> str:
        """As the file system knows it."""
        return f"{self.bucket}/{self.prefix}" if self.prefix else self.bucket

    @classmethod
    def of(cls, text: str) -> "BucketAddress":
        """Raises InputError where it is none, or has a password in it."""
        parts = urlsplit(text)
        if "@" in parts.netloc:
            raise InputError(
                "the address of a bucket has no keys in it; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY in the environment"
            )
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = options.pop("endpoint", None) or environment_endpoint()
        region = options.pop("region", None)
        if parts.scheme != SCHEME or not parts.netloc or options:
            raise InputError(f"this is no address of a bucket; {_EXAMPLE}")
        if endpoint is not None and not urlsplit(endpoint).netloc:
            raise InputError(f"endpoint={endpoint} is no URL; {_EXAMPLE}")
        return cls(parts.netloc, parts.path.strip("/"), endpoint, region)


def environment_endpoint() -> str | None:
    """The server that the environment names, as for Amazon's own programs."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def open_bucket(address: BucketAddress) -> Any:
    """A `pyarrow.fs.FileSystem`, on which paths begin with the bucket's name. It raises OSError
    where the server does not answer or refuses.
    """
    from pyarrow import fs  # a tenth of a second that others do not need

    options: dict[str, Any] = {}
    if address.endpoint is not None:
        server = urlsplit(address.endpoint)
        options = {"endpoint_override": server.netloc, "scheme": server.scheme}
        if not any(map(os.environ.get, ("AWS_REGION", "AWS_DEFAULT_REGION"))):
            options["region"] = "us-east-1"  # servers of one's own have none, and ask for some
    if address.region is not None:
        options["region"] = address.region
    return fs.S3FileSystem(
        connect_timeout=CONNECT_SECONDS,
        request_timeout=ANSWER_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        allow_bucket_creation=False,
        **options,
    )
