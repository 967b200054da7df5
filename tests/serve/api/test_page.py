import re
from html.parser import HTMLParser

import httpx

from foretaste.serve.api.page import HTML


def test_it_loads_nothing_and_talks_to_nobody_else(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.findall(r"(?:https?:)?//[a-z]", re.sub(r"(?m)//.*$", "", HTML))


def test_nothing_in_it_can_be_taken_for_markup() -> None:
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in HTML


class Labels(HTMLParser):
    """Inputs inside and outside of labels."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.alone, self.labelled = 0, 0, 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.inside += tag == "label"
        if tag == "input":
            self.labelled += self.inside > 0
            self.alone += self.inside == 0

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "label"


def test_every_input_has_a_label() -> None:
    labels = Labels()
    labels.feed(HTML)
    assert (labels.alone, labels.labelled) == (0, 4)


def test_people_and_what_they_did(client: httpx.Client) -> None:
    assert "p1" in client.get("/page/people").json()
    event = {"session": "page", "item": "space-3", "kind": "rating", "value": 4, "at": 1.7e9}
    search = {"session": "page", "kind": "search", "query": "stars", "at": 1.6e9}
    client.post("/v1/events", json={"events": [search, event]})
    assert client.get("/page/history", params={"session": "page"}).json() == [
        {
            "kind": "rating",
            "item": "space-3",
            "title": "The star and the galaxy, part 3",
            "value": 4.0,
            "at": 1.7e9,
        },
        {"kind": "search", "item": None, "title": "stars", "value": None, "at": 1.6e9},
    ]
    assert client.get("/page/history", params={"user": "\0"}).status_code == 422
