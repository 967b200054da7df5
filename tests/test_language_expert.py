"""The language expert through the loop: trained, kept, served, after a restart too."""

from pathlib import Path

import pandas as pd
import pytest

from foretaste.domain.data import Event, Item
from foretaste.errors import ModelError
from foretaste.loop import Foretaste
from model.backbones import made

SETTINGS = """
[language]
encoder = "{encoder}"
threads = 1
[model]
experts = ["popularity", "content", "language"]
weights = "one"
[model.language]
enabled = true
backbone = "{backbone}"
tuned_parameters = "{tune}"
epochs = 1
device = "cpu"
"""


def workspace(folder: Path, backbone: str, tune: str) -> Path:
    encoder = made("bert", folder)
    own = str(made(backbone, folder)) if backbone else ""
    (folder / "foretaste.toml").write_text(
        SETTINGS.format(encoder=encoder, backbone=own, tune=tune)
    )
    return folder


@pytest.mark.parametrize(("backbone", "tune"), [("", "lora"), ("t5", "whole"), ("roberta", "lora")])
def test_trained_and_served(
    tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame, backbone: str, tune: str
) -> None:
    loop = Foretaste.open(workspace(tmp_path, backbone, tune))
    loop.add(items=items, events=events)
    loop.train()
    before = loop.recommend("u1", n=20, explain=True)
    loop.close()

    again = Foretaste.open(tmp_path)
    after = again.recommend("u1", n=20, explain=True)
    terms = after.items[0].terms
    assert [one.id for one in after] == [one.id for one in before]
    assert [one.score for one in after] == pytest.approx([one.score for one in before], abs=1e-4)
    assert sum(term.nats for term in terms) == pytest.approx(after.items[0].score, abs=1e-3)
    assert "language" in {term.expert for term in terms}

    again.store.put_items([Item("new", "The moon [space] again")])
    again.record([Event("e1", "search", 1.75e9, user="u1", query="the new moon")])
    listed = again.recommend("u1", n=20, explain=True)
    words = {term.event for one in listed for term in one.terms if term.expert == "language"}
    assert "new" in {one.id for one in listed}
    assert "the new moon" in words
    again.close()


def test_another_encoder_is_told_of(
    tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame
) -> None:
    loop = Foretaste.open(workspace(tmp_path, "roberta", "lora"))
    loop.add(items=items, events=events)
    loop.train()
    loop.close()
    path = tmp_path / "roberta" / "model.safetensors"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)

    again = Foretaste.open(tmp_path)
    with pytest.raises(ModelError, match="bring the old one back, or train again"):
        again.recommend("u1")
    again.close()
