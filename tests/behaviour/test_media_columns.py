"""Pictures, clips and vectors of items, from every kind of table and through every door."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foretaste import Foretaste
from foretaste.behaviour.export import item_to_json
from foretaste.behaviour.media_columns import parse_audio, parse_images, parse_vector
from foretaste.behaviour.values import CellError
from foretaste.domain.data import Item
from foretaste.domain.media import vector_numbers

A, B = "https://a.example/1.jpg?w=1,2", "http://b.example/2.jpg"
VECTORS = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32)


@pytest.mark.parametrize(
    ("cell", "images"),
    [
        (None, ()),
        ("", ()),
        (float("nan"), ()),
        ("a.jpg", ("a.jpg",)),
        ("covers/a, b.jpg", ("covers/a, b.jpg",)),
        ("covers/a.jpg|covers/b.PNG", ("covers/a.jpg", "covers/b.PNG")),
        ("a.jpg; b.webp", ("a.jpg", "b.webp")),
        ("a.jpg,b.jpg", ("a.jpg", "b.jpg")),
        ("odd|name.jpg", ("odd|name.jpg",)),
        (f"{A}, {B}", (A, B)),
        (f"{A}|{B}", (A, B)),
        (f"{A} {B}", (A, B)),
        ([A, "", None, B, A], (A, B)),
        (np.array(["a.jpg", "b.jpg"]), ("a.jpg", "b.jpg")),
        (json.dumps([A, B]), (A, B)),
        ('["a.jpg"', ('["a.jpg"',)),
        ([{"src": A, "id": 1}, {"src": B}], (A, B)),
        ("data:image/png;base64,AAAA", ("data:image/png;base64,AAAA",)),
    ],
)
def test_pictures_of_a_cell(cell: Any, images: tuple[str, ...]) -> None:
    assert parse_images(cell, "image") == images


def test_bytes_become_a_data_url() -> None:
    (image,) = parse_images(b"\x89PNG\r\n", "image")
    assert image.startswith("data:image/png;base64,")
    assert b64decode(image.partition(",")[2]) == b"\x89PNG\r\n"


@pytest.mark.parametrize("cell", [5, [["a"]], "a" * 20_000, [f"{n}.jpg" for n in range(60)]])
def test_what_is_no_picture_is_refused(cell: Any) -> None:
    with pytest.raises(CellError):
        parse_images(cell, "image")


@pytest.mark.parametrize(
    "cell",
    [
        VECTORS[0],
        VECTORS[0].astype(np.float64),
        VECTORS[0].tolist(),
        json.dumps(VECTORS[0].tolist()),
        VECTORS[0].tobytes(),
    ],
)
def test_a_vector_however_it_comes(cell: Any) -> None:
    content = parse_vector(cell, "style")
    assert content is not None
    assert np.allclose(vector_numbers(content), VECTORS[0])


@pytest.mark.parametrize(
    "cell",
    [[1.0, 2.0], [float("nan")] * 16, [1e300] * 16, ["a"] * 16, "red", b"123", [0.5] * 10_000],
)
def test_what_is_no_vector_is_refused(cell: Any) -> None:
    with pytest.raises(CellError, match="is a column of vectors"):
        parse_vector(cell, "style")


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Foretaste]:
    opened = Foretaste.open(tmp_path / "w")
    yield opened
    opened.close()


def stored(loop: Foretaste) -> dict[str, Item]:
    return {item.id: item for _, item in loop.store.items()}


def check(loop: Foretaste) -> None:
    items = stored(loop)
    assert (items["a"].image, items["a"].more_images) == (A, (B,))
    assert (items["b"].image, items["b"].more_images) == ("b.jpg", ())
    for name, row in (("a", 0), ("b", 1)):
        assert np.allclose(vector_numbers(items[name].vectors["style"]), VECTORS[row], atol=1e-6)
        assert not items[name].texts
        assert set(items[name].attributes) == {"genre"}
    assert items["c"].vectors == {}


ROWS: dict[str, list[Any]] = {
    "id": ["a", "b", "c"],
    "title": ["Red", "Blue", "Green"],
    "genre": ["x", "y", "x"],
    "image": [[A, B], "b.jpg", None],
    "style": [VECTORS[0], VECTORS[1], None],
}
FRAME = pd.DataFrame(ROWS)


def test_from_a_frame(loop: Foretaste) -> None:
    loop.add(items=FRAME)
    check(loop)


def test_from_csv(loop: Foretaste, tmp_path: Path) -> None:
    frame = FRAME.assign(
        image=[f"{A}, {B}", "b.jpg", ""],
        style=[json.dumps(VECTORS[0].tolist()), json.dumps(VECTORS[1].tolist()), ""],
    )
    frame.to_csv(tmp_path / "items.csv", index=False)
    loop.add(items=tmp_path / "items.csv")
    check(loop)


def test_from_json_lines(loop: Foretaste, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "title": "Red", "genre": "x", "image": [A, B], "style": VECTORS[0].tolist()},
        {"id": "b", "title": "Blue", "genre": "y", "image": "b.jpg", "style": VECTORS[1].tolist()},
        {"id": "c", "title": "Green", "genre": "x"},
    ]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    loop.add(items=tmp_path / "items.jsonl")
    check(loop)


def test_from_parquet(loop: Foretaste, tmp_path: Path) -> None:
    contents = [*(row.tobytes() for row in VECTORS[:2]), None]
    changed: dict[str, list[Any]] = {"image": [[A, B], ["b.jpg"], None], "style": contents}
    frame = pd.DataFrame(ROWS | changed).rename(columns={"style": "style_embedding"})
    frame.to_parquet(tmp_path / "items.parquet")
    loop.add(items=tmp_path / "items.parquet")
    items = stored(loop)
    assert items["a"].images == (A, B)
    assert np.allclose(vector_numbers(items["b"].vectors["style_embedding"]), VECTORS[1])


def test_what_is_exported_can_be_imported(loop: Foretaste, tmp_path: Path) -> None:
    loop.add(items=FRAME)
    rows = [item_to_json(item) for item in stored(loop).values()]
    other = Foretaste.open(tmp_path / "other")
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    other.add(items=tmp_path / "items.jsonl")
    assert stored(other) == stored(loop)
    other.close()


def test_a_row_with_another_thing_in_the_column_is_refused_and_the_rest_is_read(
    loop: Foretaste,
) -> None:
    styles: list[Any] = [VECTORS[0], VECTORS[1], [1.0] * 3]
    odd = pd.DataFrame(ROWS | {"id": [f"{n}" for n in range(3)], "style": styles})
    frame = pd.concat(
        [FRAME[:2], *[FRAME[:2].assign(id=[f"x{n}", f"y{n}"]) for n in range(9)], odd]
    )
    (result,) = loop.add(items=frame)
    (reject,) = result.rejects
    assert reject.column == "style"
    assert "it has 3 numbers; 8 to 8192 are taken" in reject.problem
    assert len(stored(loop)) == 22


@pytest.mark.parametrize(
    ("cell", "audio"),
    [
        (None, None),
        (" a.mp3 ", "a.mp3"),
        (["a.mp3", "b.mp3"], "a.mp3"),
        ({"url": "https://a.example/1.mp3", "kind": "preview"}, "https://a.example/1.mp3"),
        ({"bytes": b"OggS", "path": None}, "data:audio/ogg;base64,T2dnUw=="),
        (b"RIFF", "data:audio/wav;base64,UklGRg=="),
        (b"\xff\xfb", "data:audio/mpeg;base64,//s="),
    ],
)
def test_the_clip_of_a_cell(cell: Any, audio: str | None) -> None:
    assert parse_audio(cell, "audio") == audio


def test_a_cell_that_is_no_clip_is_told() -> None:
    with pytest.raises(CellError, match="audio is no clip"):
        parse_audio(3.5, "audio")


@pytest.mark.parametrize("column", ["audio", "preview_url", "mp3", "Sound File"])
def test_a_column_of_clips_is_found_by_its_name(tmp_path: Path, column: str) -> None:
    frame = pd.DataFrame({"id": ["1", "2"], "title": ["a", "b"], column: ["a.mp3", None]})
    loop = Foretaste.open(tmp_path)
    loop.add(items=frame)
    items = {item.id: item.audio for _, item in loop.store.items()}
    loop.close()
    assert items == {"1": "a.mp3", "2": None}
