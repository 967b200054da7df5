"""The pages as they are sent: what they may load, in which language, light or dark."""

import re

import httpx
import pytest

from foretaste.serve.pages.rendering import CONTENT_SECURITY_POLICY, rendered_page
from foretaste.serve.pages.routes import PAGE_TEMPLATES

ADDRESSES = sorted(PAGE_TEMPLATES)


def test_the_policy_allows_no_script_and_no_style_of_the_page_itself() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "script-src 'self';" in CONTENT_SECURITY_POLICY
    assert "connect-src 'self'" in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("template", ["base.html", *sorted(set(PAGE_TEMPLATES.values()))])
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_in_a_page_needs_more_than_the_policy_allows(template: str, language: str) -> None:
    html = rendered_page(template, language, None).html
    assert f'<html lang="{language}">' in html
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", html)
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", html), "it works without a network"
    assert "x-html" not in html, "texts of others are never markup"


def test_what_somebody_chose_of_light_and_dark_is_there_from_the_first_byte() -> None:
    assert 'data-theme="dark"' in rendered_page("base.html", "en", "dark").html
    assert "data-theme=" not in rendered_page("base.html", "en", None).html.partition("<body")[0]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_sent_once(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY.replace(
        "{image_origins}", "https: http:"
    )
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_language_is_the_browsers_until_somebody_chooses(
    client: httpx.Client, address: str
) -> None:
    german = {"Accept-Language": "de-CH, en;q=0.7"}
    assert '<html lang="de"' in client.get(address, headers=german).text
    chosen = client.get(address, params={"language": "en"}, headers=german)
    assert '<html lang="en"' in chosen.text
    cookie = chosen.headers["set-cookie"]
    assert cookie.startswith("foretaste_language=en;")
    remembered = client.get(address, headers={**german, "Cookie": "foretaste_language=en"})
    assert '<html lang="en"' in remembered.text
    odd = client.get(
        address, headers={"Cookie": 'foretaste_language=%00; foretaste_theme="><script>'}
    )
    assert odd.status_code == 200
    assert 'data-theme=""' not in odd.text
    assert "<script>" not in odd.text
    client.cookies.clear()  # all tests share it
