"""TLS before a Kafka broker that has none, with a certificate of its own, and SASL PLAIN: that
exchange is answered here, and all else is the broker's.
"""

import socket
import ssl
import struct
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 17, 18, 36
AUTHENTICATION_FAILED = 58


class TlsProxy:
    """Listens on localhost. `certificate` is what a client has to trust."""

    def __init__(self, folder: Path, login: tuple[str, str] | None = None) -> None:
        """login: user and password that are asked for."""
        self.certificate, key = _own_certificate(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._login = login
        self._target = ("", 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.server = f"localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def forward_to(self, server: str) -> None:
        """Where the broker is."""
        host, _, port = server.rpartition(":")
        self._target = host, int(port)

    def close(self) -> None:
        """No more connections."""
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with (
            suppress(OSError),
            self._context.wrap_socket(plain, server_side=True) as client,
            socket.create_connection(self._target) as broker,
        ):
            pump = threading.Thread(target=_copy, args=(broker, client), daemon=True)
            pump.start()
            is_known = self._login is None
            while frame := _frame(client):
                api_key, version = struct.unpack(">hh", frame[:4])
                if self._login is not None and api_key in (SASL_HANDSHAKE, SASL_AUTHENTICATE):
                    is_known = self._answer_login(client, api_key, version, frame) or is_known
                elif is_known or api_key == API_VERSIONS:  # which anybody may ask
                    broker.sendall(struct.pack(">i", len(frame)) + frame)
                else:
                    return

    def _answer_login(
        self, client: ssl.SSLSocket, api_key: int, version: int, frame: bytes
    ) -> bool:
        """→ whether it was the right one."""
        correlation, name_length = frame[4:8], struct.unpack(">h", frame[8:10])[0]
        body = frame[10 + max(name_length, 0) :]
        if api_key == SASL_HANDSHAKE:
            _send(client, correlation + struct.pack(">hi", 0, 1) + _text("PLAIN"))
            return False
        assert version <= 1, "later versions are written otherwise"
        (length,) = struct.unpack(">i", body[:4])
        _, user, password = body[4 : 4 + length].decode().split("\0")
        is_right = (user, password) == self._login
        error = 0 if is_right else AUTHENTICATION_FAILED
        answer = struct.pack(">h", error) + _text("" if is_right else "wrong password")
        answer += struct.pack(">i", 0) + (struct.pack(">q", 0) if version else b"")
        _send(client, correlation + answer)
        return is_right


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def _send(client: ssl.SSLSocket, answer: bytes) -> None:
    client.sendall(struct.pack(">i", len(answer)) + answer)


def _frame(client: ssl.SSLSocket) -> bytes:
    """The next request; empty at the end."""
    head = _exactly(client, 4)
    return _exactly(client, struct.unpack(">i", head)[0]) if head else b""


def _exactly(client: ssl.SSLSocket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        part = client.recv(count - len(content))
        if not part:
            return b""
        content += part
    return content


def _copy(broker: socket.socket, client: ssl.SSLSocket) -> None:
    with suppress(OSError):
        while part := broker.recv(65_536):
            client.sendall(part)


def _own_certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) of localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
