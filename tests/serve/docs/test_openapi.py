import json
from collections.abc import Iterator
from typing import Any

import httpx
from pydantic import BaseModel

from foretaste.serve.http.problems import Problem
from foretaste.serve.schemas import (
    EventsAnswer,
    Recommendations,
    catalogue_schemas,
    data_schemas,
    dry_run_schemas,
    key_schemas,
    model_schemas,
    operator_schemas,
    outcome_schemas,
    placement_schemas,
    status_schemas,
)
from foretaste.serve.schemas.about_schemas import AboutAnswer, SampleUsersAnswer
from foretaste.serve.schemas.chat_schemas import ChatAnswer
from foretaste.serve.schemas.consent_schemas import ConsentAnswer, ConsentsAnswer, ConsentsBody
from foretaste.serve.schemas.facet_schemas import FacetsAnswer
from foretaste.serve.schemas.generation_schemas import GenerateAnswer, WhyNotAnswer
from foretaste.serve.schemas.identity_schemas import IdentifyAnswer
from foretaste.serve.schemas.item_page_schemas import ItemPageAnswer
from foretaste.serve.schemas.page_schemas import PageAnswer
from foretaste.serve.schemas.preference_schemas import ProfileAnswer
from foretaste.serve.schemas.suggest_schemas import SuggestAnswer
from foretaste.serve.schemas.take_back_schemas import TakeBackAnswer

ORDER = (
    "/v1/items",
    "/v1/users",
    "/v1/events",
    "/v1/recommend",
    "/v1/rank",
    "/v1/similar",
    "/v1/search",
    "/v1/bought-together",
    "/v1/page",
    "/v1/facets",
    "/v1/identify",
    "/v1/take-back",
    "/v1/chat",
    "/v1/generate",
    "/v1/why-not",
)
ANSWERS: dict[tuple[str, str], type[BaseModel]] = {
    ("post", "/v1/items"): catalogue_schemas.ItemsAnswer,
    ("get", "/v1/items"): catalogue_schemas.ItemsPage,
    ("get", "/v1/items/{item}"): catalogue_schemas.ItemRow,
    ("patch", "/v1/items/{item}"): catalogue_schemas.ItemRow,
    ("delete", "/v1/items/{item}"): catalogue_schemas.DeletedAnswer,
    ("post", "/v1/users"): catalogue_schemas.UsersAnswer,
    ("get", "/v1/users"): catalogue_schemas.UsersPage,
    ("get", "/v1/users/{user}"): catalogue_schemas.UserRow,
    ("patch", "/v1/users/{user}"): catalogue_schemas.UserRow,
    ("get", "/v1/users/{user}/export"): catalogue_schemas.UserExportOut,
    ("delete", "/v1/users/{user}"): catalogue_schemas.ErasureAnswer,
    ("get", "/v1/erasures/{receipt_id}"): catalogue_schemas.ErasureState,
    ("post", "/v1/events"): EventsAnswer,
    ("post", "/v1/identify"): IdentifyAnswer,
    ("post", "/v1/take-back"): TakeBackAnswer,
    ("post", "/v1/chat"): ChatAnswer,
    ("get", "/v1/users/{id}/profile"): ProfileAnswer,
    ("get", "/v1/sessions/{id}/profile"): ProfileAnswer,
    ("get", "/v1/users/{id}/consent"): ConsentAnswer,
    ("get", "/v1/sessions/{id}/consent"): ConsentAnswer,
    ("post", "/v1/consents"): ConsentsAnswer,
    ("patch", "/v1/users/{id}/consent"): ConsentAnswer,
    ("patch", "/v1/sessions/{id}/consent"): ConsentAnswer,
    ("patch", "/v1/users/{id}/profile"): ProfileAnswer,
    ("patch", "/v1/sessions/{id}/profile"): ProfileAnswer,
    ("get", "/v1/placements"): placement_schemas.PlacementsAnswer,
    ("get", "/v1/placements/{name}"): placement_schemas.NamedPlacementOut,
    ("put", "/v1/placements/{name}"): placement_schemas.NamedPlacementOut,
    ("delete", "/v1/placements/{name}"): catalogue_schemas.DeletedAnswer,
    ("get", "/v1/placements/{name}/changes"): placement_schemas.PlacementChangesAnswer,
    ("post", "/v1/placements/{name}/undo"): placement_schemas.UndoAnswer,
    ("get", "/v1/about"): AboutAnswer,
    ("get", "/v1/sample-users"): SampleUsersAnswer,
    ("post", "/v1/page"): PageAnswer,
    ("post", "/v1/facets"): FacetsAnswer,
    ("get", "/v1/suggest"): SuggestAnswer,
    ("get", "/v1/items/{item}/page"): ItemPageAnswer,
    ("get", "/v1/items/{item}/aspects"): catalogue_schemas.AspectsAnswer,
    ("post", "/v1/generate"): GenerateAnswer,
    ("post", "/v1/why-not"): WhyNotAnswer,
    ("get", "/v1/status"): status_schemas.StatusAnswer,
    ("get", "/v1/outcomes"): outcome_schemas.OutcomesAnswer,
    ("get", "/v1/models"): model_schemas.ModelsAnswer,
    ("post", "/v1/models/promote"): model_schemas.PromotedAnswer,
    ("post", "/v1/models/rollback"): model_schemas.PromotedAnswer,
    ("post", "/v1/models/compare"): model_schemas.ListPairOut,
    ("post", "/v1/placements/dry-run"): dry_run_schemas.DryRunAnswer,
    ("get", "/v1/data-health"): data_schemas.DataHealthAnswer,
    ("get", "/v1/data-quality"): data_schemas.DataQualityAnswer,
    ("get", "/v1/imports"): data_schemas.ImportsAnswer,
    ("post", "/v1/imports/{number}/undo"): data_schemas.UndoneImportAnswer,
    ("get", "/v1/keys"): key_schemas.KeysAnswer,
    ("post", "/v1/keys"): key_schemas.NewKeyAnswer,
    ("post", "/v1/keys/{key}/rotate"): key_schemas.NewKeyAnswer,
    ("post", "/v1/keys/{key}/revoke"): key_schemas.KeyOut,
    ("get", "/v1/tenants"): key_schemas.TenantsAnswer,
    ("post", "/v1/tenants"): key_schemas.TenantOut,
    ("get", "/v1/catalogue"): operator_schemas.CataloguePage,
    ("get", "/v1/catalogue/{item}"): operator_schemas.ItemDetails,
    ("get", "/v1/people"): operator_schemas.PeopleAnswer,
    ("get", "/v1/people/{user}"): operator_schemas.PersonDetails,
}
SCHEMAS_OF_EXAMPLES: dict[str, type[BaseModel]] = {
    "/v1/consents": ConsentsBody,
    "/v1/models/promote": model_schemas.PromoteBody,
    "/v1/models/compare": model_schemas.CompareBody,
    "/v1/keys": key_schemas.KeyBody,
    "/v1/keys/{key}/rotate": key_schemas.RotateBody,
    "/v1/tenants": key_schemas.TenantBody,
    "/v1/placements/dry-run": dry_run_schemas.DryRunBody,
}
"""Bodies that name what this service has not got, or that would shut others out of it."""
JSON, LINES = "application/json", "application/x-ndjson"


def bodies(document: dict[str, Any], path: str, method: str = "post") -> Iterator[Any]:
    content = document["paths"][path][method]["requestBody"]["content"][JSON]
    for example in content["examples"].values():
        yield example["value"]


def test_every_example_is_accepted(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    posts = {
        path
        for path, methods in document["paths"].items()
        if "requestBody" in methods.get("post", {})
    }
    lines = {path for path in posts if path.endswith(".jsonl")}
    assert posts == {*ORDER, *lines, *SCHEMAS_OF_EXAMPLES}
    for path, schema in SCHEMAS_OF_EXAMPLES.items():
        for body in bodies(document, path):
            schema.model_validate(body)
    for path in ORDER:
        for body in bodies(document, path):
            answer = client.post(path, json=body)
            assert answer.status_code == 200, (path, body, answer.text)
            if body.get("stream"):
                continue
            told = answer.json()
            assert told.get("rejected", []) == []
            assert told.get("items", [1])
    for path in lines:
        content = document["paths"][path]["post"]["requestBody"]["content"][LINES]["example"]
        answer = client.post(path, content=content, headers={"Content-Type": LINES})
        assert answer.json()["rejected"] == 0, answer.text
    for path, address in (("/v1/items/{item}", "contact"), ("/v1/users/{user}", "u-17")):
        for body in bodies(document, path, "patch"):
            answer = client.patch(path.split("{")[0] + address, json=body)
            assert answer.status_code == 200, (path, body, answer.text)
    for body in bodies(document, "/v1/placements/{name}", "put"):
        answer = client.put("/v1/placements/home", json=body)
        assert answer.status_code == 200, (body, answer.text)
    assert client.delete("/v1/placements/home").json()["deleted"]


def test_every_example_of_an_answer_has_the_form_of_one(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                for media, content in response["content"].items():
                    if media == LINES:
                        assert all(json.loads(line) for line in content["example"].splitlines())
                    elif media == "application/json" and path.startswith("/v1"):
                        kind = ANSWERS.get((method, path), Recommendations)
                        kind.model_validate(content["example"], strict=True)
                    elif media != "text/event-stream" and status != "200":
                        assert media == "application/problem+json"
                        Problem.model_validate(content["example"], strict=True)


def test_every_reference_leads_somewhere(client: httpx.Client) -> None:
    text = client.get("/openapi.json").text
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas
