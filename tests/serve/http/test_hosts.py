"""To which names the service listens, and what it takes to be a request of its own machine."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.responses import PlainTextResponse

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.config.serve_settings import ServeSettings
from foretaste.serve.http.hosts import HostMiddleware, host_name, is_local_request, is_loopback_host
from foretaste.serve.http.keys import create_key

from ..conftest import checked
from ..workspace import SETTINGS, serving

SERVED = "[serve]\nhosts = ['recommend.example', '*.shop.example']\n"
FOREIGN_HOSTS = (
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "recommend.example.evil.example",
    "shop.example",
    "notshop.example",
    "10.0.0.1",
    "[::2]",
    "::1",
    "",
)
PROXY_HEADERS = (
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "via",
    "x-envoy-external-address",
    "x-amzn-trace-id",
    "x-request-id",
    "x-original-url",
    "x-scheme",
    "x-cluster-client-ip",
    "fastly-client-ip",
    "x-varnish",
    "cdn-loop",
    "x-of-no-known-proxy",
)
PATHS = ("/healthz", "/readyz", "/", "/v1/items", "/metrics", "/v1/sample-users", "/nowhere")


@pytest.fixture(scope="module")
def named(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service with names of its own, and no key."""
    folder = tmp_path_factory.mktemp("hosts") / "workspace"
    shutil.copytree(trained, folder)
    (folder / "foretaste.toml").write_text(SETTINGS + SERVED)
    with serving(folder) as client:
        yield client


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_page_elsewhere_that_makes_its_name_lead_here_is_refused(
    client: httpx.Client, named: httpx.Client, host: str
) -> None:
    for service in (client, named):
        for path in PATHS:
            answer = service.get(path, headers={"Host": host})
            assert answer.status_code == 421, path
            assert "serve.hosts" in checked(answer, "wrong-host")
        erased = service.delete("/v1/users/p1", headers={"Host": host})
        assert erased.status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]:8"]
)
def test_this_machine_has_names_of_its_own(client: httpx.Client, host: str) -> None:
    assert client.get("/v1/items", headers={"Host": host}).status_code == 200


def test_a_service_has_the_names_that_its_settings_say(
    client: httpx.Client, named: httpx.Client
) -> None:
    for host in (
        "recommend.example",
        "Recommend.Example.:443",
        "a.shop.example",
        "a.b.shop.example",
    ):
        assert named.get("/v1/items", headers={"Host": host}).status_code == 200, host
        assert client.get("/v1/items", headers={"Host": host}).status_code == 421, host


@pytest.mark.parametrize("host", ["https://a.example", "a.example:80", "a.example/x", "*.", ""])
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(ValidationError, match=r"a host is like recommend\.example"):
        ServeSettings(hosts=(host,))


def test_the_refusal_says_which_setting_to_change(client: httpx.Client) -> None:
    refused = client.get("/v1/items", headers={"Host": "shop.example:8000"})
    detail = checked(refused, "wrong-host")
    assert 'under [serve], hosts = ["shop.example"]' in detail


async def answer_status(listens_on: str | None, local_address: str, host: str) -> int:
    """The status with which a service answers that listens there."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("here")(scope, receive, send)

    transport = httpx.ASGITransport(
        HostMiddleware(application, hosts=["a.example"], listens_on=listens_on)
    )
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{local_address}") as asked:
        return (await asked.get("/", headers={"Host": host})).status_code


@pytest.mark.parametrize("host", ["192.168.1.5:8000", "[fd00::5]:8000", "203.0.113.9"])
def test_every_address_leads_to_a_service_that_other_machines_reach(host: str) -> None:
    for listens_on, local_address, status in (
        ("0.0.0.0", "127.0.0.1", 200),
        ("::", "127.0.0.1", 200),
        ("10.0.0.7", "10.0.0.7", 200),
        (None, "10.0.0.7", 200),  # under a server that was started otherwise
        ("127.0.0.1", "127.0.0.1", 421),
        ("localhost", "127.0.0.1", 421),
        (None, "127.0.0.1", 421),
    ):
        told = asyncio.run(answer_status(listens_on, local_address, host))
        assert told == status, (listens_on, local_address)
        named = asyncio.run(answer_status(listens_on, local_address, "evil.example"))
        assert named == 421, "a name can be made to lead anywhere"


def test_every_name_where_that_is_wanted(copied: Path) -> None:
    (copied / "foretaste.toml").write_text(SETTINGS + "[serve]\nhosts = ['*']\n")
    with serving(copied) as service:
        assert service.get("/v1/items", headers={"Host": "evil.example"}).status_code == 200


def request(client: str, *headers: tuple[str, str], version: str = "1.1") -> dict[str, Any]:
    return {
        "type": "http",
        "client": (client, 1),
        "http_version": version,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


HERE = ("host", "127.0.0.1:8000")


def test_what_is_sent_on_this_machine() -> None:
    curl = (HERE, ("user-agent", "curl/8"), ("accept", "*/*"))
    prometheus = (*curl, ("accept-encoding", "gzip"), ("x-prometheus-scrape-timeout-seconds", "9"))
    assert is_local_request(request("127.0.0.1", *curl))
    assert is_local_request(request("::1", ("host", "[::1]:8000"), ("connection", "keep-alive")))
    assert is_local_request(request("127.0.0.1", *prometheus))
    assert not is_local_request(request("10.0.0.1", *curl))
    assert not is_local_request(request("127.0.0.1"))
    assert not is_local_request({**request("", *curl), "client": None})


@pytest.mark.parametrize("header", PROXY_HEADERS)
def test_a_header_of_a_proxy_is_not_of_this_machine(header: str) -> None:
    assert not is_local_request(request("127.0.0.1", HERE, (header, "127.0.0.1")))


def test_a_proxy_that_is_told_nothing_is_not_this_machine() -> None:
    assert not is_local_request(request("127.0.0.1", ("host", "recommend.example")))
    assert not is_local_request(request("127.0.0.1", HERE, ("connection", "close")))
    assert not is_local_request(request("127.0.0.1", HERE, version="1.0"))


def test_names_in_a_request() -> None:
    for host, name in (
        ("A.example:1", "a.example"),
        ("[::1]:80", "::1"),
        (" ", None),
        (":8", None),
    ):
        assert host_name(request("::1", ("host", host))) == name
    assert host_name(request("::1", HERE, ("host", "evil.example"))) is None
    assert not is_loopback_host("localhost.example.org")


def test_metrics_of_this_machine_only_where_that_is_wanted(copied: Path) -> None:
    (copied / "foretaste.toml").write_text(SETTINGS + "[serve]\nlocal_metrics = false\n")
    with SqlStore(copied / STORE_FILE) as store:
        secret = create_key(store.keys, "a", ["admin"], now=0.0)[1]
    with serving(copied) as service:
        assert service.get("/metrics").status_code == 401
        assert service.get("/metrics", headers={"X-API-Key": secret}).status_code == 200
