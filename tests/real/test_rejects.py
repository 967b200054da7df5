"""A file that was rejected is said to be, by the exit code and by the report."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foretaste.cli import main as cli

ITEMS = "id,title\ni1,Lamp\ni2,Chair\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "items.csv").write_text(ITEMS)
    assert run("import", "--items", tmp_path / "items.csv", "-w", tmp_path / "w").exit_code == 0
    return tmp_path / "w"


def imported(workspace: Path, events: str, *options: str) -> Result:
    path = workspace.parent / "visits.csv"
    path.write_text(f"user,item,at\n{events}")
    return run("import", "--events", path, "-w", workspace, *options)


def test_every_row_rejected_is_exit_2_and_in_the_report(workspace: Path) -> None:
    done = imported(workspace, "ann,i7,1700000000\nbob,i8,1700000000\n")
    assert done.exit_code == 2
    assert "2 of 2 rows of visits.csv were rejected and are not stored" in done.stderr
    assert "error: no row of visits.csv could be used" in done.stderr

    report = " ".join(run("report", "-w", workspace).stdout.split())
    assert "unknown item 'i7'" in report
    assert "rejected no row" not in report


def test_some_rows_rejected_is_exit_0_and_in_the_report(workspace: Path) -> None:
    done = imported(workspace, "ann,i1,1700000000\nbob,i8,1700000000\n")
    assert done.exit_code == 0
    assert "1 of 2 rows of visits.csv were rejected and are not stored" in done.stderr

    report = " ".join(run("report", "-w", workspace).stdout.split())
    assert "1 row: unknown item 'i8'" in report
    assert "1 of 4 rows read were rejected" in report


def test_the_report_tells_of_the_last_import_of_a_file_alone(workspace: Path) -> None:
    imported(workspace, "ann,i7,1700000000\n")
    imported(workspace, "ann,i1,1700000000\n")
    report = " ".join(run("report", "-w", workspace).stdout.split())
    assert "rejected no row" in report


def test_a_file_that_was_known_already_is_no_error(workspace: Path) -> None:
    for _ in range(2):
        assert imported(workspace, "ann,i1,1700000000\n").exit_code == 0
    assert imported(workspace, "").exit_code == 0


def test_times_that_all_lie_in_1970_are_exit_2_and_the_option_helps(workspace: Path) -> None:
    done = imported(workspace, "ann,i1,1\nann,i2,2\n")
    assert done.exit_code == 2
    assert "--at-unit" in done.stderr
    assert imported(workspace, "ann,i1,1\nann,i2,2\n", "--at-unit", "s").exit_code == 0

    wrong = imported(workspace, "ann,i1,1\n", "--at-unit", "weeks")
    assert wrong.exit_code == 2
    assert "at_unit: 'weeks' is no unit; expected one of s, ms" in wrong.stderr


def test_what_an_import_warned_of_is_in_the_report(workspace: Path) -> None:
    rows = [f"{'web' if n % 3 else f'u{n}'},i{1 + n % 2},{1_700_000_000 + n}" for n in range(60)]
    imported(workspace, "\n".join(rows))
    report = " ".join(run("report", "-w", workspace).stdout.split())
    assert "user 'web' has 67 % of all rows" in report
