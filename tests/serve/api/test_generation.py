"""Generated content over HTTP: at once, or part by part as it is written."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx

from foretaste.serve.schemas.generation_schemas import GenerateAnswer, WhyNotAnswer

from ..workspace import DEADLINE, listening, serving


def generated(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/generate", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    GenerateAnswer.model_validate(told, strict=True)
    return told


def test_a_history_a_query_and_a_context_alone_will_do(client: httpx.Client) -> None:
    for body in (
        {"user": "p1"},
        {"query": "a story about bread"},
        {"context": {"text": "a rainy Sunday evening", "device": "phone"}},
    ):
        told = generated(client, n=3, **body)
        ids = [item["id"] for item in told["recommendation"]["items"]]
        assert len(ids) == 3
        assert [line["item"] for line in told["lines"]] == ids
        assert told["title"]["by"] == "template"
        assert told["description"]["text"]


def test_the_list_can_be_answered_to(client: httpx.Client) -> None:
    told = generated(client, user="p1", n=2)["recommendation"]
    more = client.post("/v1/recommend", json={"next_page_of": told["recommendation_id"], "n": 2})

    assert [item["position"] for item in more.json()["items"]] == [3, 4]


def test_it_comes_part_by_part(client: httpx.Client) -> None:
    body = {"user": "p1", "n": 2, "stream": True}
    with client.stream("POST", "/v1/generate", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no", "a proxy passes on each part at once"
        lines = list(answer.iter_lines())

    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    parts = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert names == [
        "imagined", "recommendation", "title", "description", "line", "line", "done",
    ]  # fmt: skip
    assert parts[0]["theme"][0]["value"] == "space"
    assert [one["id"] for one in parts[1]["items"]] == [parts[4]["item"], parts[5]["item"]]


@contextmanager
def thinking(asked: threading.Event, left: threading.Event) -> Iterator[str]:
    """The address of a writer that is asked, never comes to a word, and notes when it is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            asked.set()
            end = time.monotonic() + DEADLINE
            try:
                while time.monotonic() < end:
                    self.wfile.write(b'data: {"choices": [{"delta": {"content": ""}}]}\n\n')
                    time.sleep(0.02)
            except OSError:
                left.set()

    with listening(Handler) as url:
        yield f"{url}/v1"


def test_who_hangs_up_calls_off_what_is_still_to_be_written(copied: Path) -> None:
    asked, left = threading.Event(), threading.Event()
    with thinking(asked, left) as url:
        with (copied / "foretaste.toml").open("a") as file:
            file.write(
                f'\n[language.writer]\nkind = "endpoint"\nurl = "{url}"\ntimeout_seconds = 600\n'
            )
        with serving(copied) as client:
            for stream in (False, True):
                asked.clear()
                left.clear()
                with socket.create_connection((client.base_url.host, client.base_url.port)) as line:
                    line.sendall(posted({"user": "p1", "n": 1, "stream": stream}))
                    assert asked.wait(DEADLINE), "words were asked for"
                assert left.wait(10), f"stream={stream}: it is left writing for nobody"


def posted(body: dict[str, Any]) -> bytes:
    """A request as it is sent."""
    told = json.dumps(body).encode()
    head = "POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(told)}\r\n\r\n".encode() + told


def test_a_wrong_request_is_a_problem(client: httpx.Client) -> None:
    answer = client.post("/v1/generate", json={"qery": "bread"})

    assert answer.status_code == 422
    assert "did you mean 'query'" in answer.json()["detail"]


def test_why_not(client: httpx.Client) -> None:
    asked = {"user": "p1", "n": 2, "filter": {"theme": "space"}}
    barred = client.post("/v1/why-not", json={**asked, "item": "kitchen-1"}).json()
    assert barred["filters"] == ["the filter leaves it out"]

    low = client.post("/v1/why-not", json={"user": "p1", "n": 1, "item": "kitchen-1"}).json()
    WhyNotAnswer.model_validate(low, strict=True)
    assert low["rank"] > 1
    assert low["terms"]

    unknown = client.post("/v1/why-not", json={**asked, "item": "nowhere"})
    assert unknown.status_code == 422
    assert "there is no item 'nowhere'" in unknown.json()["detail"]
