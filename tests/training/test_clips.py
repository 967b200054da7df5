"""Items with clips of sound, from the import to the list: trained on, searched by clip, read when
they are new, and told of where they cannot be read.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pandas as pd
import pytest

from foretaste import Foretaste
from foretaste.domain.data import Item, Request
from foretaste.domain.media import AUDIO, AUDIO_MATCH
from foretaste.errors import InputError
from foretaste.online.media_queries import media_queries_of
from foretaste.training.media_report import media_lines
from language.media.clips import as_wav, encoded, tones
from language.media.sound_shop import tune


@pytest.fixture
def radio(sounding: Path, tmp_path: Path) -> Iterator[Foretaste]:
    copytree(sounding, tmp_path / "w")
    loop = Foretaste.open(tmp_path / "w")
    yield loop
    loop.close()


def test_clips_are_an_expert_of_the_model(radio: Foretaste) -> None:
    names = radio.catch_up().product.names
    assert names == ("popularity", "media:audio", "audio_match")
    recommended = radio.recommend("u1", n=5)
    assert recommended.items[0].id.startswith("space")


def test_what_could_not_be_read_is_told_after_the_training(radio: Foretaste) -> None:
    (version,) = radio.models.versions()
    figures = version.metrics["media"]
    assert figures["encoders"]["audio"].startswith("whisper-tiny:1a5afae0")
    lines = media_lines(figures)
    assert lines[0] == "clips: read of 19 items"
    assert "space-9: space-9.wav: it is no clip that is read here" in "\n".join(lines)


def test_what_was_read_in_part_is_told() -> None:
    part = {"item": "a", "reference": "a.mp3", "reason": "of its 90 seconds 2 windows were heard"}
    lines = media_lines({"items": {"audio": 2}, "parts": [part], "part_count": 1})
    assert lines == [
        "clips: read of 2 items",
        "1 was read in part:",
        "  a: a.mp3: of its 90 seconds 2 windows were heard",
    ]


def test_clips_that_nobody_said_where_to_find_are_told_of(
    trained: Path, items: pd.DataFrame
) -> None:
    shop = Foretaste.open(trained)
    shop.add(items=items.assign(audio=[f"{item}.mp3" for item in items["id"]]))
    lines = media_lines(shop.train().metrics["media"])
    shop.close()
    assert lines[0].startswith("clips of 20 items were not read: name their folder in audio.folder")


def test_a_part_of_a_clip_finds_its_item_and_says_so(radio: Foretaste) -> None:
    part = encoded(tune("kitchen-3")[8_000:], "mp3", 32_000)
    found = radio.search(audio=part, n=3, language="de", explain=True)
    assert found.items[0].id == "kitchen-3"
    assert found.items[0].reason == ("Dieselbe Aufnahme wie Ihre",)
    assert all("Dieselbe" not in text for entry in found.items[1:] for text in entry.reason)


def test_a_clip_of_no_item_is_the_same_as_none(radio: Foretaste) -> None:
    """What it sounds like is told, and no more."""
    for seed in range(30, 36):
        found = radio.search(audio=as_wav(tones(seed)), n=20, language="en")
        told = {found.headline, *(text for entry in found.items for text in entry.reason)}
        assert told <= {None, "Like your clip", "Sounds like your clip"}


def test_a_model_without_landmarks_answers_a_clip(radio: Foretaste) -> None:
    """As one does that was trained before there were any."""
    queries = radio.media_queries(audio=as_wav(tune("space-2")))
    assert list(queries) == [AUDIO, AUDIO_MATCH]
    snapshot = radio.catch_up()
    old_product = snapshot.product.filter_experts(lambda expert: expert.name != AUDIO_MATCH)
    old_snapshot = replace(snapshot, product=old_product)
    assert list(media_queries_of(Request(media_queries=queries), old_snapshot)) == [AUDIO]


def test_for_a_person_with_words_and_from_a_file(radio: Foretaste, tmp_path: Path) -> None:
    (tmp_path / "hummed.wav").write_bytes(as_wav(tune("space-2")))
    found = radio.search("rocket", "u2", audio=tmp_path / "hummed.wav")
    assert found.items[0].id == "space-2"


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (b"PK", "audio: it is no clip.*send an MP3"),
        ("gone.mp3", "audio: the file cannot be read"),
        ("https://example.com/a.mp3", "audio: it is at a web address, and audio.fetch is false"),
    ],
)
def test_what_is_no_clip_is_an_error_that_says_so(
    radio: Foretaste, audio: Any, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        radio.search(audio=audio)


def test_a_new_item_is_heard_beside_and_then_found(radio: Foretaste) -> None:
    data = f"data:audio/wav;base64,{b64encode(as_wav(tones(77))).decode()}"
    radio.store.put_items([Item("new", "Something new", audio=data)])
    assert radio.catch_up().unread == ()
    assert radio.search(audio=as_wav(tones(77)), n=1).items[0].id == "new"
    other = f"data:audio/wav;base64,{b64encode(as_wav(tones(78))).decode()}"
    radio.store.change_item("new", lambda own: Item(own.id, own.title, audio=other))
    assert radio.search(audio=as_wav(tones(78)), n=1).items[0].id == "new"


def test_a_model_with_clips_answers_where_nothing_listens(sounding: Path, tmp_path: Path) -> None:
    copytree(sounding, tmp_path / "w")
    loop = Foretaste.open(tmp_path / "w", settings={"audio.encoder": ""})
    assert len(loop.recommend("u1", n=5).items) == 5
    loop.close()
