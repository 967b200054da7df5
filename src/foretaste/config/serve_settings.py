"""In: the `[serve]` part of the settings. Out: how the service may be reached, and by whom."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from foretaste.domain.settings import Settings

_HOST_OF_ORIGIN = re.compile(r"(//(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?)?")


class ServeSettings(Settings):
    """How the HTTP service treats those who call it."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "rate": "requests_per_second",
        "tenants": "max_open_tenants",
    }

    requests_per_second: float = Field(default=200.0, ge=0)
    """Requests a second that one key may make on average, in each process or, with `limits_server`,
    in all together; more are refused with 429, first to the visitors who ask for more than their
    share. 0 is no limit."""
    burst: int = Field(default=400, ge=1)
    """Requests that one key may make at once after a pause."""
    limits_server: str | None = None
    """URL of a Redis, e.g. `redis://host:6379/0`, in which all processes and hosts count together
    what each key asks; needs `foretaste[streams]`. None: each process counts for itself. So it does
    while the Redis is away."""
    body_seconds: float = Field(default=30.0, gt=0)
    """In which the body of a request must have come; else it is refused with 408."""
    waiting_writes: int = Field(default=256, ge=0)
    """Calls that write and wait for their turn, in each process; more are refused with 503."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the service from a browser, e.g. `["https://shop.example"]`.
    None by default; `["*"]` lets every page."""
    image_origins: tuple[str, ...] = ("https:", "http:")
    """Where the pages of the service load pictures of items from besides the service itself:
    schemes or origins, e.g. `["https://cdn.shop.example"]`; none: pictures in `images.folder` and
    in the items alone."""
    hosts: tuple[str, ...] = ()
    """Names under which the service is reached, besides this machine's own and the address that it
    listens on, e.g. `["recommend.example"]`; `"*.example"` is every name below one, `"*"` any."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Proxies whose `X-Forwarded-For` is believed, as addresses or networks, e.g. `["10.0.0.5"]` or
    `["10.0.0.0/8"]`: visitors of one key are told apart by their addresses."""
    local_metrics: bool = True
    """Whether this machine may read /metrics without a key. Say false beside a proxy that adds no
    header of its own and sends what comes from elsewhere to this machine's name."""
    log_format: Literal["text", "json"] = "text"
    """"json" writes one object a line, for a log collector."""
    worker: bool = False
    """Keep the models fresh by a process beside the service, see [worker]; or run
    `foretaste worker` by itself."""
    traces: bool = False
    """Send OpenTelemetry traces, as the OTEL_EXPORTER_OTLP_… variables say; needs
    `foretaste[otel]`."""
    max_open_tenants: int = Field(default=64, ge=1)
    """Tenants held open in a process; past that, the one not asked for longest is closed."""

    @field_validator("limits_server")
    @classmethod
    def _limits_server(cls, address: str | None) -> str | None:
        if address is not None and not address.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("it is the URL of a Redis, like redis://host:6379/0")
        return address

    @field_validator("hosts")
    @classmethod
    def _host_names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            name = host.removeprefix("*.")
            if host != "*" and (not name or set(name) & set("/:*@ ")):
                raise ValueError("a host is like recommend.example, without https:// or a port")
        return hosts

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError:
                raise ValueError(
                    f"'{proxy}' is neither an address like 10.0.0.5 nor a network like 10.0.0.0/8"
                ) from None
        return proxies

    @field_validator("image_origins")
    @classmethod
    def _image_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            scheme, _, host = origin.partition(":")
            if scheme not in ("http", "https") or not _HOST_OF_ORIGIN.fullmatch(host):
                raise ValueError("an origin is like https: or https://cdn.shop.example")
        return origins

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            scheme, _, host = origin.partition("://")
            if origin != "*" and (scheme not in ("http", "https") or not host or "/" in host):
                raise ValueError("an origin is like https://shop.example, without a path")
        return origins
