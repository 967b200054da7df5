"""In: the web address of a picture or clip, which anybody may have written. Out: its bytes.

Only public addresses are asked: a name is looked up once, every address it has must be public, and
the connection goes to the one that was checked, so that a name cannot lead elsewhere the second
time. A redirect is a new address and checked alike. No proxy is used.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import SplitResult, urljoin, urlsplit

from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.kinds import MediaKind

MAX_REDIRECTS = 3
REDIRECTS = frozenset((301, 302, 303, 307, 308))
CHUNK_BYTES = 1 << 16
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of version 6 that stand for any of version 4."""
USER_AGENT = "foretaste"
UNKNOWN_CONTENT_TYPE = "application/octet-stream"

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IsAllowed = Callable[[IpAddress], bool]


def is_public(address: IpAddress) -> bool:
    """Whether it belongs to a machine of the open internet, and stands for no other address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in TRANSLATED:
            return False
    return address.is_global and not address.is_multicast


def fetch_media(
    address: str,
    kind: MediaKind,
    *,
    timeout: float,
    max_bytes: int,
    is_allowed: IsAllowed = is_public,
) -> bytes:
    """timeout: seconds for all of it, redirects too. Raises UnusableMedia with the reason."""
    deadline = time.monotonic() + timeout
    for _ in range(MAX_REDIRECTS + 1):
        content, address = _fetch_once(address, kind, deadline, max_bytes, is_allowed)
        if content is not None:
            return content
    raise UnusableMedia(f"its address redirects more than {MAX_REDIRECTS} times")


def _fetch_once(
    address: str, kind: MediaKind, deadline: float, max_bytes: int, is_allowed: IsAllowed
) -> tuple[bytes | None, str]:
    """(content, address), or (None, where it redirects to)."""
    parts = _parts_of(address)
    connection = _PinnedConnection(parts, kind, deadline, is_allowed)
    timer = threading.Timer(max(deadline - time.monotonic(), 0), connection.cut)
    timer.start()  # a server that sends a byte a second is within every limit of a single read
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        accepted = ", ".join(
            f"{name}*" if name.endswith("/") else name for name in kind.content_types
        )
        headers = {"Accept": accepted, "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        location = response.getheader("Location")
        if response.status in REDIRECTS and location:
            return None, urljoin(address, location)
        if response.status != http.client.OK:
            raise UnusableMedia(f"its server answered {response.status}")
        content = _body(response, kind, max_bytes)
        if time.monotonic() >= deadline:  # cut off, which looks like its end
            raise TimeoutError
        return content, address
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline:
            raise UnusableMedia(f"it did not come within {kind.table}.timeout_seconds") from error
        raise UnusableMedia(f"it could not be fetched ({type(error).__name__})") from error
    finally:
        timer.cancel()
        connection.close()


def _body(response: http.client.HTTPResponse, kind: MediaKind, max_bytes: int) -> bytes:
    header = response.getheader("Content-Type") or UNKNOWN_CONTENT_TYPE
    content_type = header.split(";")[0].strip().lower()
    if not content_type.startswith((*kind.content_types, UNKNOWN_CONTENT_TYPE)):
        raise UnusableMedia(f"its server sent {content_type[:80]}, which is no {kind.noun}")
    content = bytearray()
    while chunk := response.read(CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            raise UnusableMedia(f"it has more bytes than {kind.table}.max_bytes = {max_bytes}")
    return bytes(content)


def _parts_of(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_usable = is_usable and parts.port != 0 and address.isascii() and address.isprintable()
    except ValueError:
        is_usable = False
    if not is_usable or " " in address:
        raise UnusableMedia("its address is no web address (http or https) as browsers send it")
    if parts.username is not None:
        raise UnusableMedia("its address has a user's name in it, which is not sent")
    return parts


class _PinnedConnection(http.client.HTTPConnection):
    """Connects to an address that was checked, whatever its name would lead to later."""

    def __init__(
        self, parts: SplitResult, kind: MediaKind, deadline: float, is_allowed: IsAllowed
    ) -> None:
        self._is_secure = parts.scheme == "https"
        super().__init__(parts.hostname or "", parts.port or (443 if self._is_secure else 80))
        self._kind, self._deadline, self._is_allowed = kind, deadline, is_allowed
        self._socket: socket.socket | None = None  # `sock` is gone while an answer is read

    def connect(self) -> None:
        family, address = self._checked_address()
        self.sock = self._socket = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(max(self._deadline - time.monotonic(), 0.001))
        self.sock.connect(address)
        if self._is_secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        self._socket = self.sock

    def _checked_address(self) -> tuple[int, tuple[str, int]]:
        try:
            records = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise UnusableMedia(f"there is no server '{self.host[:80]}'") from None
        for _, _, _, _, address in records:
            if not self._is_allowed(ipaddress.ip_address(str(address[0]).split("%")[0])):
                raise UnusableMedia(
                    f"'{self.host[:80]}' is not on the public internet; give the {self._kind.noun} "
                    f"as a file in {self._kind.table}.folder"
                )
        family, _, _, _, address = records[0]
        return family, (str(address[0]), int(address[1]))

    def cut(self) -> None:
        """End it from another thread."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
