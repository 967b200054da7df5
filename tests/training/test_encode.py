"""The encoder tuned through the loop: with each training, kept with its version, served."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foretaste.domain.data import Event, Interactions, Item
from foretaste.loop import Foretaste
from foretaste.training.encode import DataEncoder
from model.backbones import made

SETTINGS = """
[language]
encoder = "{encoder}"
threads = 1
device = "cpu"
[language.tuning]
what = "{what}"
batch = 16
epochs = 1
[model]
experts = ["popularity", "content"]
weights = "one"
"""


def workspace(folder: Path, what: str) -> Foretaste:
    encoder = made("bert", folder)
    (folder / "foretaste.toml").write_text(SETTINGS.format(encoder=encoder, what=what))
    return Foretaste.open(folder)


def scores(loop: Foretaste, **asked: Any) -> dict[str, float]:
    return {one.id: one.score for one in loop.recommend("u1", n=20, **asked)}


def test_a_version_is_served_with_the_encoder_it_was_trained_with(
    tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame
) -> None:
    plain = workspace(tmp_path, "off")
    plain.add(items=items, events=events)
    plain.train()
    published = scores(plain)
    plain.close()

    loop = workspace(tmp_path, "linear")
    assert scores(loop) == pytest.approx(published, abs=1e-4)  # still the version before
    version = loop.train()
    tuned = scores(loop)
    loop.close()

    again = workspace(tmp_path, "off")  # the version counts, not what is set now
    assert version.data["encoder"] in {path.name for path in (tmp_path / "encoders").iterdir()}
    assert scores(again) == pytest.approx(tuned, abs=1e-4)
    assert max(abs(tuned[one] - published.get(one, 0.0)) for one in tuned) > 1e-3
    again.store.put_items([Item("new", "The moon [space] again")])
    again.record([Event("e1", "search", 1.75e9, user="u1", query="the new moon")])
    assert "new" in scores(again)
    again.models.rollback()
    assert again.catch_up().encoder is None
    again.close()


@pytest.mark.parametrize("protocol", ["leave-one-out", "time"])
def test_an_evaluation_tunes_on_its_training_part_alone(
    tmp_path: Path,
    items: pd.DataFrame,
    events: pd.DataFrame,
    protocol: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A planted leak: the items of the last step of everybody are never a pair to tune on."""
    loop = workspace(tmp_path, "linear")
    loop.add(items=items, events=events)
    learned: list[Interactions] = []
    real = DataEncoder.tune_encoder

    def seen(self: DataEncoder, training: Interactions, items: Any) -> str | None:
        learned.append(training)
        return real(self, training, items)

    monkeypatch.setattr(DataEncoder, "tune_encoder", seen)
    loop.evaluate(protocol)
    [training] = learned
    whole, _, _ = loop.interactions({item.id: item for _, item in loop.store.items()})
    if protocol == "leave-one-out":  # five events each, of which the last two are held back
        assert np.diff(training.offsets).tolist() == [3] * 30
    else:
        assert training.at.max() < np.quantile(whole.at, 0.85)
    loop.close()


def test_too_few_pairs_leave_the_encoder_as_it_was(tmp_path: Path, items: pd.DataFrame) -> None:
    loop = workspace(tmp_path, "linear")
    few = [
        {"user": "u", "item": f"space-{n}", "kind": "click", "at": 1_700_000_000 + n}
        for n in range(4)
    ]
    loop.add(items=items[["id"]], events=pd.DataFrame(few))
    assert loop.train().data["encoder"] is None
    loop.close()


def test_off_tunes_nothing(tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame) -> None:
    loop = workspace(tmp_path, "off")
    loop.add(items=items, events=events)
    assert loop.train().data["encoder"] is None
    assert not (tmp_path / "encoders").exists()
    loop.close()
