"""What whoever runs the shop asks the service, over HTTP."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.consume.consumer_status import ConsumerStatus, add_consumer
from foretaste.domain.order_charges import CHARGE_COLUMN
from foretaste.domain.store import ItemColumns
from foretaste.loop import Foretaste
from foretaste.serve.admin.data_routes import column_mappings
from foretaste.serve.http.keys import create_key
from foretaste.workspace.tenants import create_tenant

from ..workspace import add_version, serving, until

HOSTILE = "<script>alert(1)</script>😀"


@pytest.fixture(scope="module")
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operator") / "workspace"
    shutil.copytree(trained, folder)
    loop = Foretaste.open(folder)
    catalogue = "id,title,theme\nextra-1,Extra,space\n"
    (folder / "extra.csv").write_text(catalogue)
    rows = "user,item,kind,at\np1,space-1,click,1700000000\np1,,nonsense,x\n"
    (folder / "rows.csv").write_text(rows)
    loop.add(items=folder / "extra.csv", events=folder / "rows.csv")
    add_version(loop)
    loop.close()
    return folder


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[httpx.Client]:
    with serving(folder) as client:
        yield client


def got(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def posted(client: httpx.Client, path: str, body: Any = None, status: int = 200) -> Any:
    answer = client.post(path, json=body) if body is not None else client.post(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_status_explains_each_figure(service: httpx.Client) -> None:
    service.post("/v1/recommend", json={"user": "p1", "n": 2})
    service.post("/v1/events", json={"events": [{"user": "p1", "item": "space-1"}]})
    status = got(service, "/v1/status")
    assert status["state"] == "ready"
    figures = {figure["name"]: figure for figure in status["figures"]}
    assert figures["items"]["value"] == 25
    assert all(len(figure["explanation"]) > 20 for figure in figures.values())
    assert status["requests"]["lists"]["requests"] >= 1
    assert sum(minute["events"] for minute in status["minutes"]) >= 1
    assert figures["worker_age_seconds"]["value"] is None
    assert figures["consumer_lag"]["value"] is figures["consumers_away"]["value"] is None


def test_status_tells_of_queues_that_are_not_read(service: httpx.Client, folder: Path) -> None:
    with SqlStore(folder / STORE_FILE) as store:
        now = time.time()
        for name, at, problem in (("a", now, None), ("b", now - 70, None), ("c", now, "away")):
            add_consumer(store, name)
            ConsumerStatus(name, "events", at, lag=20_000, problem=problem).save(store)
    figures = {figure["name"]: figure for figure in got(service, "/v1/status")["figures"]}
    assert (figures["consumer_lag"]["value"], figures["consumers_away"]["value"]) == (60_000, 2)
    assert figures["consumer_lag"]["is_worrying"]
    assert figures["consumers_away"]["is_worrying"]


def test_outcomes_follow_a_list_from_the_impression_to_the_sale(service: httpx.Client) -> None:
    listed = posted(service, "/v1/recommend", {"user": "buyer", "n": 4})
    item, list_id = listed["items"][0]["id"], listed["recommendation_id"]
    common = {"user": "buyer", "recommendation_id": list_id}
    events = [
        common | {"kind": "impression"},
        common | {"kind": "click", "item": item},
        common | {"kind": "purchase", "item": item, "value": 12.5},
    ]
    assert posted(service, "/v1/events", {"events": events})["accepted"] == 3
    report = got(service, "/v1/outcomes", days=1)
    assert report["total"]["impressions"] == 4
    assert report["total"]["clicks"] == report["total"]["conversions"] == 1
    assert report["total"]["value"] == 12.5
    rate = report["total"]["click_rate"]
    assert rate["low"] < rate["mean"] == 0.25 < rate["high"]
    version = listed["model_version"]
    assert version in {group["version"] for group in report["groups"]}
    assert got(service, "/v1/outcomes", days=1, conversions="click")["total"]["value"] == 0
    assert 0 < report["exposure"]["coverage"] <= 1


@pytest.mark.parametrize("query", ["days=0", "days=400", "by=colour", "until=x", "wrong=1"])
def test_outcomes_say_what_cannot_be_asked(service: httpx.Client, query: str) -> None:
    answer = service.get(f"/v1/outcomes?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_the_catalogue_is_looked_through(service: httpx.Client) -> None:
    page = got(service, "/v1/catalogue", n=10)
    rows, cursor = page["items"], page["cursor"]
    while cursor:
        page = got(service, "/v1/catalogue", n=10, cursor=cursor)
        rows, cursor = rows + page["items"], page.get("cursor")
    assert len({row["id"] for row in rows}) == len(rows) >= 25
    assert [row["id"] for row in got(service, "/v1/catalogue", q="EXTRA")["items"]] == ["extra-1"]
    space = got(service, "/v1/catalogue", filter='{"theme": "space"}', q="part 3")["items"]
    assert [row["id"] for row in space] == ["space-3"]
    assert service.get("/v1/catalogue?filter=[").status_code == 400
    assert "theme" in service.get('/v1/catalogue?filter={"them": "x"}').json()["detail"]


def test_an_item_is_told_with_its_neighbours_and_takers(service: httpx.Client) -> None:
    details = got(service, "/v1/catalogue/space-2")
    assert details["state"] == "shown"
    assert details["missing"] == []
    assert "space" in details["text"]
    assert details["event_counts"]["click"] >= 5
    assert details["newest_events"][0]["user"].startswith("p")
    for kind in ("text_neighbours", "behaviour_neighbours"):
        neighbours = details[kind]
        assert neighbours, kind
        assert "space-2" not in {row["id"] for row in neighbours}
    assert details["behaviour_neighbours"][0]["id"].startswith("space")
    assert service.get("/v1/catalogue/none").status_code == 404


def test_a_hidden_item_says_why_it_is_missing(service: httpx.Client) -> None:
    hidden = {"id": HOSTILE, "title": HOSTILE, "hidden": True}
    posted(service, "/v1/items", {"items": [hidden]})
    details = got(service, f"/v1/catalogue/{quote(HOSTILE, safe='')}")
    assert details["item"]["id"] == HOSTILE
    assert details["missing"] == ["hidden", "never-taken"]
    assert [r["id"] for r in got(service, "/v1/catalogue", state="hidden")["items"]] == [HOSTILE]


def test_people_are_found_and_told_of(service: httpx.Client) -> None:
    found = got(service, "/v1/people", q="p1", n=5)
    assert found["people"][0] == {"user": "p1", "at": None}
    assert len(found["people"]) == 5
    assert found["has_more"]
    assert got(service, "/v1/people", n=3)["people"][0]["at"] is not None
    posted(service, "/v1/recommend", {"user": "p3", "n": 2})
    person = got(service, "/v1/people/p3", n=3)
    assert len(person["events"]) == 3
    assert person["events"][0]["at"] >= person["events"][1]["at"]
    assert "part" in person["events"][0]["title"]
    assert len(person["lists"][0]["items"]) == len(person["lists"][0]["titles"]) == 2
    assert service.get("/v1/people/nobody").status_code == 404


def test_models_are_measured_compared_promoted_and_rolled_back(service: httpx.Client) -> None:
    answer = got(service, "/v1/models")
    newest, older = answer["models"]
    assert newest["is_live"]
    assert newest["weights"]["popularity"]["always"] is not None
    assert {"stranger", "person", "person-search"} <= {k["kind"] for k in answer["request_kinds"]}
    names = [newest["version"], older["version"]]
    pair = posted(service, "/v1/models/compare", {"versions": names, "user": "p1", "n": 3})
    assert len(pair["first"]) == len(pair["second"]) == 3
    same = posted(service, "/v1/models/compare", {"versions": [names[0]] * 2, "user": "p1"})
    assert same["changed_share"] == same["replaced_share"] == 0
    unknown = {"versions": [names[0], "none"], "user": "p1"}
    assert "none" in posted(service, "/v1/models/compare", unknown, 422)["detail"]

    def answering(version: str) -> bool:
        service.post("/v1/recommend", json={"user": "p1", "n": 1})
        return bool(got(service, "/v1/status")["version"] == version)

    promoted = posted(service, "/v1/models/promote", {"version": names[1]})
    assert promoted == {"version": names[1], "previous": names[0]}
    until(lambda: answering(names[1]), "the older version answers")
    assert posted(service, "/v1/models/rollback")["version"] == names[0]
    until(lambda: answering(names[0]), "the newer version answers again")


def test_columns_of_our_own_are_not_told_as_columns_of_the_file() -> None:
    attributes = frozenset(("VK brutto", "VK brutto_band", "VK brutto_currency", CHARGE_COLUMN))
    columns = column_mappings(ItemColumns(attributes, frozenset(("Text",))), None)
    assert [column.column for column in columns] == ["VK brutto", "Text"]


def test_imports_tell_their_rejects_and_are_undone(service: httpx.Client) -> None:
    answer = got(service, "/v1/imports")
    files = {file["file"] for file in answer["imports"][0]["files"]}
    assert files == {"extra.csv", "rows.csv"}
    notes = {note["file"]: note for note in answer["notes"]}
    assert notes["rows.csv"]["rejected"] == 1
    assert notes["rows.csv"]["rejects"][0]["line"] == 3
    roles = {column["column"]: column["role"] for column in answer["columns"]}
    assert roles["theme"] == "attribute"
    assert roles["overview"] == "text"
    download = service.get("/v1/imports/rejects?file=rows.csv")
    assert "nonsense" in download.text
    assert "attachment" in download.headers["content-disposition"]
    assert service.get("/v1/imports/rejects?file=../../etc/passwd").status_code == 404
    number = answer["imports"][0]["number"]
    receipt = posted(service, f"/v1/imports/{number}/undo")
    assert receipt["numbers"] == [number]
    assert receipt["counts"]["items"] == 1
    assert service.get("/v1/catalogue/extra-1").status_code == 404
    assert posted(service, "/v1/imports/99/undo", status=422)["detail"]


def test_data_health_ends_at_the_newest_event(service: httpx.Client) -> None:
    days = got(service, "/v1/data-health", days=3)["days"]
    assert len(days) == 3
    assert days[-1]["events"] > 0


@pytest.mark.slow
def test_the_data_are_measured_beside_the_answers(service: httpx.Client) -> None:
    first = got(service, "/v1/data-quality")
    assert first["state"] in ("measuring", "ready")
    until(lambda: got(service, "/v1/data-quality")["state"] != "measuring", "it is measured")
    report = got(service, "/v1/data-quality")
    assert report["state"] == "ready", report["problem"]
    assert report["report"]["figures"]["users"] >= 40
    assert "users" in report["report"]["text"]


def test_keys_and_tenants_are_made_and_ended(copied: Path) -> None:
    with serving(copied) as client:
        assert got(client, "/v1/keys") == {"keys": [], "is_root": True}
        page = {"name": "pages", "scopes": ["read", "events"]}
        assert "admin" in posted(client, "/v1/keys", page, 422)["detail"]
        admin = posted(client, "/v1/keys", {"name": HOSTILE[:25], "scopes": ["admin"]})
        until(lambda: client.get("/v1/keys").status_code == 401, "a key is asked for")
        client.headers["X-API-Key"] = admin["secret"]
        assert got(client, "/v1/keys")["keys"][0]["is_own"]
        made = posted(client, "/v1/keys", page)
        assert made["signing_secret"].startswith("fts_")
        assert made["secret"] not in client.get("/v1/keys").text
        rotated = posted(client, f"/v1/keys/{made['key']['id']}/rotate", {"overlap_days": 0})
        assert rotated["key"]["name"] == "pages"
        assert not posted(client, f"/v1/keys/{rotated['key']['id']}/revoke")["is_valid"]
        assert client.post("/v1/keys/000000000000/revoke").status_code == 404
        assert posted(client, "/v1/tenants", {"name": "acme"})["items"] == 0
        assert [t["name"] for t in got(client, "/v1/tenants")["tenants"]] == ["default", "acme"]
        assert posted(client, "/v1/tenants", {"name": "Not A Name"}, 422)["detail"]


def test_the_admin_of_a_tenant_sees_no_keys_but_its_own(copied: Path) -> None:
    create_tenant(copied, "acme")
    with SqlStore(copied / STORE_FILE) as store:
        root, _ = create_key(store.keys, "root", ["admin"], now=0.0)
        _, secret = create_key(store.keys, "acme", ["admin"], tenant="acme", now=0.0)
    with serving(copied, ready=False) as client:
        client.headers["X-API-Key"] = secret
        assert {key["tenant"] for key in got(client, "/v1/keys")["keys"]} == {"acme"}
        assert client.post(f"/v1/keys/{root.id}/revoke").status_code == 404
        assert client.post(f"/v1/keys/{root.id}/rotate", json={}).status_code == 404
        other = {"name": "x", "scopes": ["admin"], "tenant": "default"}
        assert client.post("/v1/keys", json=other).status_code == 403
        assert client.get("/v1/tenants").status_code == 403
        assert client.post("/v1/tenants", json={"name": "more"}).status_code == 403
        own = posted(client, "/v1/keys", {"name": "x", "scopes": ["read"]})
        assert own["key"]["tenant"] == "acme"
