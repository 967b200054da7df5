"""From whom a request is, through proxies; and that one of them does not starve the others."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.config.serve_settings import ServeSettings
from foretaste.serve.http.keys import create_key
from foretaste.serve.http.visitors import TrustedProxies

from ..workspace import SETTINGS, serving

PROXIES = TrustedProxies(["127.0.0.1", "10.0.0.0/8", "fd00::/16"])


def visitor(peer: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return PROXIES.visitor({"client": (peer, 1) if peer else None, "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("1.2.3.4, 198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("1.2.3.4", "198.51.100.1, 10.9.9.9"), "198.51.100.1"),
        ("127.0.0.1", ("10.1.1.1, 10.2.2.2",), "10.1.1.1"),
        ("127.0.0.1", ("1.2.3.4, unknown",), "127.0.0.1"),
        ("127.0.0.1", ("1.2.3.4, 10.0.0.1, _hidden, 10.0.0.2",), "10.0.0.2"),
        ("127.0.0.1", ("198.51.100.1:4711",), "198.51.100.1"),
        ("127.0.0.1", ("[2001:db8:1:2:3::4]:4711",), "2001:db8:1:2::/64"),
        ("127.0.0.1", ("2001:db8:1:2:ffff::4",), "2001:db8:1:2::/64"),
        ("::ffff:127.0.0.1", ("::ffff:198.51.100.1",), "198.51.100.1"),
        ("fd00::1", ("198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("\xff, ,",), "127.0.0.1"),
        (None, ("198.51.100.1",), "unknown"),
        ("testclient", ("198.51.100.1",), "testclient"),
    ],
)
def test_whom_a_request_counts_for(
    peer: str | None, forwarded: tuple[str, ...], address: str
) -> None:
    assert visitor(peer, *forwarded) == address


@pytest.mark.parametrize("proxy", ["10.0.0.1/8", "proxy.example", "", "*"])
def test_what_is_no_proxy(proxy: str) -> None:
    with pytest.raises(ValidationError, match="is neither an address like"):
        ServeSettings(trusted_proxies=(proxy,))


@pytest.fixture(scope="module")
def shared_key(
    trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """(a service that lets forty requests through, the headers of a key)"""
    folder = tmp_path_factory.mktemp("visitors") / "workspace"
    shutil.copytree(trained, folder)
    (folder / "foretaste.toml").write_text(SETTINGS + "[serve]\nrate = 0.01\nburst = 40\n")
    with SqlStore(folder / STORE_FILE) as store:
        secret = create_key(store.keys, "page", ["read", "events"], now=0.0)[1]
    with serving(folder) as client:
        yield client, {"X-API-Key": secret}


def test_one_visitor_of_a_key_does_not_starve_the_others(
    shared_key: tuple[httpx.Client, dict[str, str]],
) -> None:
    client, key = shared_key

    def statuses(number: int, *forwarded: str) -> list[int]:
        headers = key | ({"X-Forwarded-For": ", ".join(forwarded)} if forwarded else {})
        return [client.get("/v1/items/nothing", headers=headers).status_code for _ in range(number)]

    assert statuses(41, "198.51.100.1") == [404] * 40 + [429]
    assert statuses(5, "203.0.113.7") == [404] * 5
    assert statuses(2, "198.51.100.1") == [429] * 2
    assert statuses(1, "203.0.113.8", "198.51.100.1") == [429], "who says to be another"
