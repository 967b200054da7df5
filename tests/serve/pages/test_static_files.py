"""What the pages load, over HTTP."""

import gzip
import re

import httpx
import pytest

from foretaste.serve.pages.static_files import (
    accepts_gzip,
    static_address,
    static_files,
    static_version,
)


def test_a_file_is_kept_for_a_year_at_an_address_that_changes_with_it(client: httpx.Client) -> None:
    answer = client.get(static_address("base.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert static_version() in static_address("base.css")
    earlier = client.get("/static/000000000000/base.css")
    assert earlier.text == answer.text, "a page of before an upgrade still has its style"
    assert earlier.headers["cache-control"] == "no-cache"


def test_text_is_sent_as_gzip_to_who_takes_it(client: httpx.Client) -> None:
    address = static_address("vendor/plot.umd.min.js")
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        raw = b"".join(answer.iter_raw())
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 2
    font = client.get(static_address("vendor/figtree-latin.woff2"))
    assert "content-encoding" not in font.headers


@pytest.mark.parametrize(
    ("header", "taken"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("br", False)],
)
def test_gzip_is_taken_where_it_is_named(header: str, taken: bool) -> None:
    assert accepts_gzip(header) is taken


@pytest.mark.parametrize(
    "path", ["nothing.css", "..%2Froutes.py", "%2e%2e%2froutes.py", "vendor/", "%00"]
)
def test_nothing_else_is_sent(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/static/{static_version()}/{path}")
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_a_page_cannot_name_a_file_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        static_address("nothing.css")


def test_every_address_in_a_style_is_there() -> None:
    files = static_files()
    for path, file in files.items():
        if path.endswith(".css"):
            for name in re.findall(r'url\("([^"]+)"\)', file.content.decode()):
                assert name in files
