"""Searching by a picture over HTTP: as base64, as a data URL, as a file of a form."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from foretaste_client import Client
from language.media.clips import as_wav
from language.media.pictures import as_bytes, zip_bytes
from language.media.shop import cover
from language.media.sound_shop import tune

from ..workspace import serving

PHOTO = as_bytes(cover("kitchen-3").resize((60, 90)), "JPEG", quality=40)
BASE64 = b64encode(PHOTO).decode()


@pytest.fixture(scope="module")
def shop(pictured: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(Path(copytree(pictured, tmp_path_factory.mktemp("pictured") / "w"))) as client:
        yield client


def first(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return str(response.json()["items"][0]["id"])


@pytest.mark.parametrize("image", [BASE64, f"data:image/jpeg;base64,{BASE64}"])
def test_as_json(shop: httpx.Client, image: str) -> None:
    assert first(shop.post("/v1/search", json={"image": image, "n": 3})) == "kitchen-3"


@pytest.mark.parametrize("fields", [{}, {"user": "1", "n": "4", "query": "moon"}])
def test_as_a_form(shop: httpx.Client, fields: dict[str, str]) -> None:
    response = shop.post("/v1/search", data=fields, files={"image": ("photo.jpg", PHOTO)})
    assert first(response) == "kitchen-3"
    assert len(response.json()["items"]) == int(fields.get("n", 10))


def test_a_form_may_have_a_filter(shop: httpx.Client) -> None:
    fields = {"filter": json.dumps({"genre": "space"}), "n": "20"}
    response = shop.post("/v1/search", data=fields, files={"image": ("photo.jpg", PHOTO)})
    assert {item["id"].split("-")[0] for item in response.json()["items"]} == {"space"}


def test_what_the_list_has_in_common_is_said(shop: httpx.Client) -> None:
    body = {"image": BASE64, "n": 3, "language": "de"}
    assert shop.post("/v1/search", json=body).json()["headline"] == "Wie Ihr Bild"


def test_the_next_page_needs_no_picture(shop: httpx.Client) -> None:
    whole = shop.post("/v1/search", json={"image": BASE64, "n": 6}).json()["items"]
    page = shop.post("/v1/search", json={"image": BASE64, "n": 3}).json()
    body = {"next_page_of": page["recommendation_id"], "n": 3}
    after = shop.post("/v1/recommend", json=body).json()["items"]
    assert [item["id"] for item in after] == [item["id"] for item in whole[3:]]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"image": "@@"}, "neither base64 nor a data URL"),
        ({"image": b64encode(zip_bytes()).decode()}, "no picture that is read here"),
        ({"image": ""}, "no picture that is read here"),
        ({"n": 3}, "send a query, an image or audio"),
        ({"query": " "}, "the query is empty"),
    ],
)
def test_what_is_no_question(shop: httpx.Client, body: dict[str, Any], detail: str) -> None:
    response = shop.post("/v1/search", json=body)
    assert response.status_code == 422
    assert detail in response.text


@pytest.mark.parametrize(
    ("files", "status", "detail"),
    [
        ({"image": ("a.jpg", b"PK")}, 422, "no picture that is read here"),
        ({"photo": ("a.jpg", PHOTO)}, 400, "a picture as 'image'"),
        ([("image", ("a.jpg", PHOTO)), ("image", ("b.jpg", PHOTO))], 400, "is there 2 times"),
    ],
)
def test_what_is_no_form(shop: httpx.Client, files: Any, status: int, detail: str) -> None:
    response = shop.post("/v1/search", files=files)
    assert (response.status_code, detail in response.text) == (status, True), response.text


def test_a_form_that_is_cut_off_is_refused(shop: httpx.Client) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = shop.post("/v1/search", content=b"--x\r\nContent-", headers=headers)
    assert response.status_code in (400, 422)
    response = shop.post("/v1/search", content=b"", headers={"Content-Type": "multipart/form-data"})
    assert response.status_code == 400


def test_a_picture_that_is_too_large_is_to_be_smaller(shop: httpx.Client) -> None:
    files = {"image": ("photo.jpg", b"x" * (9 * 1024 * 1024))}
    response = shop.post("/v1/search", files=files)
    assert response.status_code == 413
    assert "8,388,608 bytes; send a smaller picture or clip" in response.text


def test_no_other_address_takes_forms(shop: httpx.Client) -> None:
    response = shop.post("/v1/recommend", files={"image": ("a.jpg", PHOTO)})
    assert response.status_code == 415


def test_a_model_without_pictures_says_so(client: httpx.Client) -> None:
    response = client.post("/v1/search", json={"image": BASE64})
    assert response.status_code == 422
    assert "trained without pictures" in response.text


def test_the_client_sends_a_picture(shop: httpx.Client) -> None:
    with Client(str(shop.base_url)) as foretaste:
        assert foretaste.search(image=PHOTO, n=3).items[0].id == "kitchen-3"


@pytest.fixture(scope="module")
def radio(sounding: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(Path(copytree(sounding, tmp_path_factory.mktemp("sounding") / "w"))) as client:
        yield client


def test_a_clip_is_sent_as_json_and_as_a_form(radio: httpx.Client) -> None:
    clip = as_wav(tune("space-3")[4_000:])
    encoded = b64encode(clip).decode()
    assert first(radio.post("/v1/search", json={"audio": encoded, "n": 3})) == "space-3"
    files = {"audio": ("hum.wav", clip)}
    fields = {"user": "2", "query": "moon", "n": "3"}
    assert first(radio.post("/v1/search", data=fields, files=files)) == "space-3"
    with Client(str(radio.base_url)) as foretaste:
        assert foretaste.search(audio=clip, n=3).items[0].id == "space-3"


def test_what_is_no_clip_is_told(radio: httpx.Client, shop: httpx.Client) -> None:
    for body, detail in (
        ({"audio": b64encode(zip_bytes()).decode()}, "no clip that is read here"),
        ({"audio": "http://127.0.0.1/a.mp3"}, "audio.fetch is false"),
        ({"image": "https://example.com/a.png"}, "images.fetch is false"),
    ):
        response = radio.post("/v1/search", json=body)
        assert (response.status_code, detail in response.text) == (422, True), response.text
    clip = b64encode(as_wav(tune("space-3"))).decode()
    assert "trained without clips" in shop.post("/v1/search", json={"audio": clip}).text
