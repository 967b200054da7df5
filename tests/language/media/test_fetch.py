"""Pictures at web addresses, from real servers on this machine, which no public address is."""

import ipaddress
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.fetch import IpAddress, fetch_media, is_public
from foretaste.language.media.kinds import CLIP, PICTURE

CONTENT = b"\xff\xd8picture"


CONTENT_TYPES = {"page": "text/html", "a.mp3": "audio/mpeg"}


class Handler(BaseHTTPRequestHandler):
    """Answers as its path says."""

    def do_GET(self) -> None:
        name = self.path.strip("/").partition("?")[0]
        if name == "moved":
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        self.send_response(404 if name == "gone" else 200)
        self.send_header("Content-Type", CONTENT_TYPES.get(name, "image/jpeg"))
        self.end_headers()
        if name in ("endless", "slow"):
            self.drip(b"x" * 65_536 if name == "endless" else b"x")
        else:
            self.wfile.write(CONTENT)

    def drip(self, chunk: bytes) -> None:
        """Bytes without an end, until whoever asked has gone."""
        try:
            while not self.server.stopped.wait(0.05):  # type: ignore[attr-defined]
                self.wfile.write(chunk)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.stopped = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.stopped.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


def here_only(address: IpAddress) -> bool:
    """As if 127.0.0.1 alone were public."""
    return str(address) == "127.0.0.1"


def fetched(address: str, timeout: float = 20, max_bytes: int = 200_000) -> bytes:
    return fetch_media(address, PICTURE, timeout=timeout, max_bytes=max_bytes, is_allowed=here_only)


def test_a_picture_is_fetched(address: str) -> None:
    assert fetched(f"{address}/a.jpg?size=2") == CONTENT


def test_a_clip_is_fetched_and_is_no_picture(address: str) -> None:
    content = fetch_media(
        f"{address}/a.mp3", CLIP, timeout=20, max_bytes=1000, is_allowed=here_only
    )
    assert content == CONTENT
    with pytest.raises(UnusableMedia, match="sent audio/mpeg, which is no picture"):
        fetched(f"{address}/a.mp3")
    with pytest.raises(UnusableMedia, match=r"'127.0.0.1' .* as a file in audio\.folder"):
        fetch_media(f"{address}/a.mp3", CLIP, timeout=20, max_bytes=1000)


def test_a_redirect_is_followed(address: str) -> None:
    assert fetched(f"{address}/moved?/a.jpg") == CONTENT


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gone", "answered 404"),
        ("/page", "sent text/html, which is no picture"),
        ("/endless", "more bytes than images.max_bytes"),
        ("/moved?http://127.0.0.2/secret", "'127.0.0.2' is not on the public internet"),
        ("/moved?http://localhost:1/", "could not be fetched|not on the public internet"),
        ("/moved?file:///etc/passwd", "no web address"),
        ("/moved?/moved?/moved?/moved?/moved?/a", "redirects more than 3 times"),
    ],
)
def test_what_is_refused(address: str, path: str, reason: str) -> None:
    with pytest.raises(UnusableMedia, match=reason):
        fetched(address + path)


def test_a_server_that_never_ends_is_cut_off(address: str) -> None:
    start = time.monotonic()
    with pytest.raises(UnusableMedia, match=r"within images\.timeout_seconds"):
        fetched(f"{address}/slow", timeout=0.5)
    assert time.monotonic() - start < 15  # it would never end


def test_this_machine_is_not_asked(address: str) -> None:
    with pytest.raises(UnusableMedia, match="not on the public internet"):
        fetch_media(f"{address}/a.jpg", PICTURE, timeout=5, max_bytes=1000)


@pytest.mark.parametrize(
    "wrong", ["http://", "http://user:word@example.com/a", "http://a b/", "ftp://a/", "http://a:x/"]
)
def test_what_is_no_address_is_told(wrong: str) -> None:
    with pytest.raises(UnusableMedia, match="address"):
        fetched(wrong)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
