"""The audit of a real workspace: every figure has an interval, and nobody is named."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foretaste.cli.main import app
from foretaste.domain.data import User
from foretaste.errors import InputError, ModelError
from foretaste.loop import Foretaste
from foretaste.training import list_audit
from foretaste.training.list_audit import FEW_CASES_NOTE, INEXACT_NOTE


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    """Twenty items, and thirty people who keep to a theme."""
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def test_every_figure_has_its_interval_and_its_words(shop: Foretaste) -> None:
    audit = shop.audit(simulate=True, people=50)
    assert audit.people == 30
    codes = [section.code for section in audit.sections]
    assert codes == ["popularity", "own mix", "exposure", "drift", "feedback loop"]
    for section in audit.sections:
        assert section.verdict
        assert section.meaning
        for figure in section.figures:
            mean, low, high = figure.value
            assert low - 1e-9 <= mean <= high + 1e-9, figure.name
    assert {figure.name for figure in audit.section("exposure").figures} >= {
        "genre: space",
        "genre: kitchen",
    }
    assert audit.notes == [FEW_CASES_NOTE]


def test_quality_is_that_of_the_training(shop: Foretaste, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each taking that was kept back, as the training measured it."""
    monkeypatch.setattr(list_audit, "MIN_CASES", 2)
    shop.store.put_users([User(f"u{number}", {"country": ("de",)}) for number in range(30)])
    with monkeypatch.context() as patch:
        patch.delattr(list_audit, "evaluate_model")  # what answers was taught it, and would flatter
        audit = shop.audit()
    version = shop.models.version(str(shop.models.live_name()))
    everybody = audit.section("people").figures[0]
    assert everybody.value.mean == pytest.approx(version.metrics["measured"]["ndcg@10"][0])
    assert audit.notes == []
    shop.erase("u3")  # another draw of people now
    notes = shop.audit().notes
    assert notes in ([INEXACT_NOTE], [])
    quality, _ = list_audit.held_out_quality(shop, ("country",))
    assert quality is not None
    assert set(quality.attributes) == {"country"}


def test_a_column_that_is_not_there_is_refused(shop: Foretaste) -> None:
    with pytest.raises(InputError, match=r"'brand' of items; .*genre"):
        shop.audit(["brand"])
    with pytest.raises(InputError, match=r"'gender' of people"):
        shop.audit(user_columns=["gender"])


def test_nothing_answers_yet(tmp_path: Path) -> None:
    loop = Foretaste.open(tmp_path)
    with pytest.raises(ModelError, match="foretaste train"):
        loop.audit()
    loop.close()


def test_the_pages_name_nobody(shop: Foretaste, tmp_path: Path) -> None:
    audit = shop.audit()
    page = audit.html(tmp_path / "audit.html")
    assert (tmp_path / "audit.html").read_text() == page
    for html in (page, audit._repr_html_(), json.dumps(audit.summary())):
        assert "genre: space" in html
        assert not any(f"u{number}<" in html or f'"u{number}"' in html for number in range(30))


def test_the_command(trained: Path, tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    result = CliRunner().invoke(app, ["audit", "-w", str(trained), "--html", str(page)])
    assert result.exit_code == 0, result.output
    assert "Lists are" in result.stdout
    assert page.exists()
    result = CliRunner().invoke(app, ["audit", "-w", str(trained), "--column", "brand"])
    assert result.exit_code == 2
    assert "columns of items: genre" in result.output
