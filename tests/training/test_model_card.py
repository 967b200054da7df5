"""A model card says what a version is, by what its manifest says, and stays beside it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foretaste.cli.main import app
from foretaste.errors import InputError, ModelError
from foretaste.loop import Foretaste
from foretaste.training.model_card import CARD_FILE, LIMITS, ModelCard
from foretaste.workspace.backup import back_up, restore


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def test_it_says_what_the_manifest_says(shop: Foretaste) -> None:
    card = shop.model_card()
    version, text = card.version, card.text()
    assert version.name in text
    assert "150 events of " in text
    assert "20 items" in text
    mean, low, high = version.metrics["measured"]["ndcg@10"]
    assert f"NDCG@10 {mean:.3f} [{low:.3f}, {high:.3f}]" in text
    assert "| What is popular |" in text
    assert f"{version.metrics['popularity_lifts'][0][1]:.2f} times as popular" in text
    assert "no ε is bounded" in text
    assert all(limit in text for limit in LIMITS)
    assert "- `model.sequence.epochs = 2`" in text
    assert "train yes" in text
    assert "not audited" in text
    assert json.loads(json.dumps(card.summary()))["epsilon"] is None


def test_an_audit_is_part_of_it(shop: Foretaste) -> None:
    card = shop.model_card(audit=True)
    assert card.audit is not None
    for section in card.audit.sections:
        assert section.verdict in card.text()
    assert card.summary()["audit"]["people"] == card.audit.people
    beside = shop.models.folder / card.version.name / CARD_FILE
    assert beside.read_text() == card.text()


def test_it_is_beside_every_version_also_after_an_erasure(shop: Foretaste) -> None:
    def names_without_card() -> list[str]:
        folder = shop.models.folder
        names = [version.name for version in shop.models.versions()]
        return [name for name in names if name not in (folder / name / CARD_FILE).read_text()]

    first = shop.models.live_name()
    assert names_without_card() == []
    shop.erase("u3")
    assert shop.models.live_name() != first
    assert names_without_card() == []


def test_it_goes_into_a_backup_and_comes_back(shop: Foretaste, tmp_path: Path) -> None:
    back_up(shop.folder, tmp_path / "shop.backup", now=shop.clock())
    restore(tmp_path / "shop.backup", tmp_path / "restored")
    name = shop.models.live_name() or ""
    restored = tmp_path / "restored" / "models" / name / CARD_FILE
    assert name in restored.read_text()


def test_what_is_not_known_is_not_made_up(shop: Foretaste) -> None:
    version = shop.models.version(shop.models.live_name() or "")
    old = replace(version, metrics={}, settings={"gone": 1})
    text = ModelCard("Shop", old).text()
    assert "Not measured" in text
    assert "Not looked at" in text
    assert "could not refuse training" in text
    assert "times as popular" not in text


def test_no_secret_is_in_it(trained: Path) -> None:
    url = "postgresql://user:sesame@db.example/shop"
    shop = Foretaste.open(trained)
    version = shop.models.version(shop.models.live_name() or "")
    behaviour = {**version.settings["behaviour"], "database": url}
    writer = {"kind": "endpoint", "url": "https://models.example/v1", "api_key": "sesame"}
    language = {**version.settings["language"], "writer": writer}
    settings = {**version.settings, "behaviour": behaviour, "language": language}
    card = ModelCard("Shop", replace(version, settings=settings))
    text = card.text() + json.dumps(card.summary())
    assert "sesame" not in text
    assert "example" not in text
    shop.close()


def test_there_must_be_such_a_version(shop: Foretaste, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        shop.model_card("20200101-000000-abcdef")
    with pytest.raises(InputError, match="only the lists of"):
        shop.model_card("20200101-000000-abcdef", audit=True)
    empty = Foretaste.open(tmp_path / "empty")
    with pytest.raises(ModelError, match="no model"):
        empty.model_card()
    empty.close()


def test_the_command(trained: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["model-card", *arguments, "-w", str(trained)])
        assert result.exit_code == 0, result.output
        return result.output

    assert "# Model card: " in run()
    assert json.loads(run("--json"))["data"]["events"] == 150
    run("--out", str(tmp_path / "card.md"))
    assert (tmp_path / "card.md").read_text().startswith("# Model card: ")
