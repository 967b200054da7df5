import io
import sys
from pathlib import Path
from typing import Any

import pytest

import foretaste
from foretaste.display.progress import NotebookBars, is_interactive
from foretaste.domain.ports import no_progress


def drawn(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    return output


def test_a_stage_is_a_bar_that_goes_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    output, bars = drawn(monkeypatch), NotebookBars(min_interval=0)
    bars("training", 1, 4)
    bars("training", 2, 4, "loss 0.5")
    assert "Training:  50%" in output.getvalue()
    assert "loss 0.5" in output.getvalue()
    bars("training", 4, 4)
    assert output.getvalue().endswith("\r")  # the line is empty again


def test_stages_inside_one_are_over_when_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    output, bars = drawn(monkeypatch), NotebookBars(min_interval=0)
    bars("outer", 0, 3)
    bars("inner", 1, 9)
    bars("outer", 1, 3)
    bars("inner", 1, 9)  # begun anew
    bars.finish()
    assert output.getvalue().count("Inner:  11%") >= 2


def test_what_is_over_at_once_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    output = drawn(monkeypatch)
    NotebookBars()("nothing", 0, 0)
    assert output.getvalue() == ""


def test_bars_are_for_those_who_look_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def progress_of(folder: str, **options: Any) -> Any:
        shop = foretaste.open(tmp_path / folder, **options)
        shop.close()
        return shop.progress

    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.delattr(sys, "ps1", raising=False)
    assert not is_interactive()
    assert progress_of("script") is no_progress
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert isinstance(progress_of("notebook"), NotebookBars)
    assert progress_of("own", progress=no_progress) is no_progress
