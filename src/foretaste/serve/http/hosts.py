"""In: a request. Out: whether the name it was sent to is one of this service, and whether it was
sent on this machine.

A page elsewhere can make its own name lead to 127.0.0.1 and then talk to what listens there as if
it were its own server (DNS rebinding). The browser still says the name it was given, in `Host`.
"""

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from foretaste.behaviour.values import display_text
from foretaste.serve.http.problems import problem_response

ANY_HOST = "*"
LOCAL_HEADERS = frozenset(
    (
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "x-prometheus-scrape-timeout-seconds",
    )
)
"""What Prometheus and curl send themselves: any other header may be that of a proxy."""


class HostMiddleware:
    """Refuses what was sent to another name: this machine's own names and addresses are known, and
    those of the settings. A service that other machines reach is known by every address as well,
    because only a name can be made to lead elsewhere.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Sequence[str], listens_on: str | None = None
    ) -> None:
        """hosts: "recommend.example", "*.example" for whatever is below it, "*" for every name.
        listens_on: the name or address that the service listens on, where that is known.
        """
        listen_names = [] if listens_on is None else [listens_on]
        self._app, self._hosts = app, [host.lower() for host in [*hosts, *listen_names]]
        self._is_reachable = any(not is_loopback_host(name) for name in listen_names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or self._is_known(scope):
            await self._app(scope, receive, send)
            return
        host = host_name(scope)
        response = problem_response(
            "wrong-host", _refusal_detail(host), request_id=scope.get("foretaste.request_id")
        )
        await response(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        if ANY_HOST in self._hosts:
            return True
        host = host_name(scope)
        if host is None:
            return False
        return (
            is_loopback_host(host)
            or host == _local_address(scope)
            or any(_matches(host, pattern) for pattern in self._hosts)
            or (_is_address(host) and (self._is_reachable or _is_public(_local_address(scope))))
        )


def _refusal_detail(host: str | None) -> str:
    if host is None:
        return (
            "the header Host is missing, or is there twice; send the name of this service (those "
            "of serve.hosts, or localhost)"
        )
    return (
        f"'{display_text(host)}' is not a name of this service; use one that is, or, if you run "
        "it, add this one to serve.hosts: in foretaste.toml, under [serve], "
        f'hosts = ["{display_text(host)}"]'
    )


def _local_address(scope: Scope) -> str:
    """The address of our end of the connection."""
    return str((scope.get("server") or ("",))[0]).lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(address: str) -> bool:
    """Whether other machines can send to it, as far as the address says."""
    return _is_address(address) and not is_loopback_host(address)


def _matches(host: str, pattern: str) -> bool:
    return host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def host_name(scope: Scope) -> str | None:
    """The name or address that a request was sent to, without the port; None unless it says one."""
    host_headers = [value for name, value in scope["headers"] if name == b"host"]
    if len(host_headers) != 1:
        return None
    host: str = host_headers[0].decode("latin-1").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0] or None
    return host.partition(":")[0].removesuffix(".") or None


def is_local_request(scope: Scope) -> bool:
    """Whether it was sent on this machine, to this machine, by what looks like no proxy.

    A proxy here passes on what comes from elsewhere. It adds a header, keeps the name of the site,
    or speaks HTTP/1.0 or closes the connection as nginx does when it is told nothing.
    """
    headers = Headers(scope=scope)
    return (
        is_loopback_host((scope.get("client") or ("", 0))[0])
        and is_loopback_host(host_name(scope) or "")
        and scope.get("http_version", "1.1") != "1.0"
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
        and LOCAL_HEADERS.issuperset(headers.keys())
    )


def is_loopback_host(host: str) -> bool:
    """Whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name: where it leads is for others to decide
        return False
