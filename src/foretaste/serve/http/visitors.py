"""In: a request. Out: the address of whoever sent it, also through proxies that are trusted.

A proxy writes into `X-Forwarded-For` from whom it has a request. Anybody else can write there too,
so the header is read from its end, as far as those who wrote it are trusted.
"""

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
VISITOR_PREFIX_BITS = 64
"""Bits of an IPv6 address that tell visitors apart: a home has all addresses that share them."""
UNKNOWN_ADDRESS = "unknown"
"""Whoever sends through something that has no address, as a Unix socket."""


class TrustedProxies:
    """The proxies whose word of the sender is believed."""

    def __init__(self, proxies: Sequence[str]) -> None:
        """proxies: addresses, or networks like "10.0.0.0/8"."""
        self._networks: list[Network] = [ipaddress.ip_network(proxy) for proxy in proxies]

    def client_address(self, scope: Scope) -> str:
        """The address of the nearest sender who is no trusted proxy, without a port."""
        peer = str((scope.get("client") or (UNKNOWN_ADDRESS,))[0])
        senders = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        address = parse_address(peer) or peer
        while senders and self._is_trusted(address):
            sender = parse_address(senders.pop())
            if sender is None:
                break
            address = sender
        return address

    def visitor(self, scope: Scope) -> str:
        """Whom a request counts for."""
        address = self.client_address(scope)
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return address
        if parsed.version == 4:
            return address
        return str(ipaddress.ip_network((parsed, VISITOR_PREFIX_BITS), strict=False))

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


NO_PROXIES = TrustedProxies(())
"""Where whoever is connected is the sender."""


def parse_address(text: str) -> str | None:
    """The address in a part of the header, which some write with a port; None where there is none.

    An IPv4 address that is written as IPv6 is the IPv4 address.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
