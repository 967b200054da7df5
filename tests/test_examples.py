"""The notebooks run from their first cell to the last, as somebody in Colab would run them."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
MAX_OUTPUT_BYTES = 600_000


def source(path: Path) -> str:
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)


def test_there_is_one_for_each_kind_of_service() -> None:
    assert {path.stem for path in NOTEBOOKS} == {"film", "shop", "news", "music"}


@pytest.mark.slow  # each trains and measures more than once
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Jupyter's own
def test_it_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    faces = [
        html
        for output in outputs
        if "foretaste" in (html := output.get("data", {}).get("text/html", ""))
    ]
    assert len(faces) >= 6
    assert any('class="terms"' in face for face in faces), "an explanation is shown"
    assert any("of 100" in face for face in faces), "it is measured"
    assert any("image/png" in output.get("data", {}) for output in outputs), "and plotted"
    assert len(json.dumps(outputs)) < MAX_OUTPUT_BYTES
    warnings = [output.text for output in outputs if output.get("name") == "stderr"]
    assert not re.search(r"Warning|Traceback", "".join(warnings)), warnings


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_opens_anywhere(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert "%pip install" in code[0].source
    assert "foretaste[plots]" in code[0].source
    assert not any(cell.outputs or cell.execution_count for cell in code), "it is kept unrun"
    assert not re.search(r"/(home|work|root|tmp|Users)/|localhost|https?://", source(path))
    assert path.stat().st_size < 30_000
