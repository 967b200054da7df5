from collections.abc import Iterator
from typing import Any

import httpx
from pydantic import BaseModel

from foretaste.serve.problems import Problem
from foretaste.serve.schemas import EventsAnswer, ItemsAnswer, Recommendations
from foretaste.serve.schemas.control import ProfileAnswer
from foretaste.serve.schemas.identity import IdentifyAnswer

ORDER = (
    "/v1/items",
    "/v1/events",
    "/v1/recommend",
    "/v1/rank",
    "/v1/similar",
    "/v1/search",
    "/v1/identify",
)
ANSWERS: dict[str, type[BaseModel]] = {
    "/v1/items": ItemsAnswer,
    "/v1/events": EventsAnswer,
    "/v1/identify": IdentifyAnswer,
    "/v1/users/{id}/profile": ProfileAnswer,
    "/v1/sessions/{id}/profile": ProfileAnswer,
}


def bodies(document: dict[str, Any], path: str) -> Iterator[Any]:
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        yield example["value"]


def test_every_example_is_accepted(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    posts = {path for path, methods in document["paths"].items() if "post" in methods}
    assert posts == set(ORDER)
    for path in ORDER:
        for body in bodies(document, path):
            answer = client.post(path, json=body)
            assert answer.status_code == 200, (path, body, answer.text)
            told = answer.json()
            assert told.get("rejected", []) == []
            assert told.get("items", [1])


def test_every_example_of_an_answer_has_the_form_of_one(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                for media, content in response["content"].items():
                    if status == "200" and path.startswith("/v1"):
                        kind = ANSWERS.get(path, Recommendations)
                        kind.model_validate(content["example"], strict=True)
                    elif status != "200":
                        assert media == "application/problem+json"
                        Problem.model_validate(content["example"], strict=True)


def test_every_reference_leads_somewhere(client: httpx.Client) -> None:
    text = client.get("/openapi.json").text
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas
