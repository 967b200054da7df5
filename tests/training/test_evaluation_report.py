from pathlib import Path

from typer.testing import CliRunner

import foretaste
from foretaste.cli.main import app
from foretaste.config.changed_settings import changed_settings
from foretaste.training.evaluation_report import report_of


def test_the_report_of_a_workspace(trained: Path) -> None:
    shop = foretaste.open(trained)
    report = shop.report()
    live = shop.models.live_name()
    shop.close()
    page = report.html()
    assert report.live_model == live
    assert "model.sequence.epochs = 2" in page
    assert "Of each of 30 people" in page
    assert "[space]" in page
    assert "150 events of 30 people with 20 items, from 2023-11-14 to 2023-11-15" in page


def test_the_command_writes_the_page_beside_what_it_prints(trained: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    arguments = ["evaluate", "--protocol", "time", "--report", str(page), "-w", str(trained)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "ndcg@10 masked" in done.stdout
    assert f"wrote {page}" in done.stderr
    assert "The last tenth of all that people chose" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_refused_before_the_work(
    trained: Path, tmp_path: Path
) -> None:
    for path in (tmp_path, tmp_path / "nowhere" / "report.html"):
        done = CliRunner().invoke(app, ["evaluate", "--report", str(path), "-w", str(trained)])
        assert done.exit_code == 2
        assert str(path) in done.stderr
        assert done.stdout == ""


def test_what_may_be_secret_is_not_in_the_report(trained: Path) -> None:
    with (trained / "foretaste.toml").open("a", encoding="utf-8") as file:
        file.write('[language.writer]\nmodel = "secret"\n[rank]\nn = 7\n')
    shop = foretaste.open(trained)
    assert changed_settings(shop.config)["language.writer.model"] == "secret"
    report = report_of(shop, shop.evaluate())
    shop.close()
    assert report.settings["rank.n"] == 7
    assert not any("secret" in str(value) for value in report.settings.values())
