"""What a front end asks first."""

from typing import get_args

import httpx

from foretaste.generate.settings import Activity


def test_what_the_service_is(client: httpx.Client) -> None:
    about = client.get("/v1/about").json()
    assert about["items"] >= 24
    assert {"theme", "part"} <= set(about["columns"])
    assert about["activity"] in get_args(Activity)
    assert about["scopes"] == ["read", "events", "metrics", "admin"], "this machine, without keys"
    assert about["user_access"] == "open"
    assert about["home_placement"] is None
    assert about["model_version"] == client.get("/readyz").json()["model"]["version"]


def test_the_start_page_has_its_placement(client: httpx.Client) -> None:
    assert client.put("/v1/placements/home", json={"max_age": "36h"}).status_code == 200
    assert client.get("/v1/about").json()["home_placement"] == "home"
    client.delete("/v1/placements/home")
    assert client.get("/v1/about").json()["home_placement"] is None


def test_people_to_look_at_lists_with(client: httpx.Client) -> None:
    users = client.get("/v1/sample-users", params={"n": 2}).json()["users"]
    assert {user["tastes"][0]["value"] for user in users} == {"space", "kitchen"}
    for user in users:
        theme = user["tastes"][0]["value"]
        assert user["tastes"][0]["lift"] > 1.5
        assert all(item["id"].startswith(theme) for item in user["latest_items"])
        assert user["decade"] is None
    assert client.get("/v1/sample-users", params={"n": 0}).status_code == 422
