"""Generated content over HTTP: at once, or part by part as it is written."""

import json
from typing import Any

import httpx

from foretaste.serve.schemas.generation import GenerateAnswer, WhyNotAnswer


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
        lines = list(answer.iter_lines())

    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    parts = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert names == [
        "imagined", "recommendation", "title", "description", "line", "line", "done",
    ]  # fmt: skip
    assert parts[0]["theme"][0]["value"] == "space"
    assert [one["id"] for one in parts[1]["items"]] == [parts[4]["item"], parts[5]["item"]]


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
