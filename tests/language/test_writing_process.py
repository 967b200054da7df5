import io
import json
import queue
from pathlib import Path
from typing import Any

import pytest

from foretaste.language.weights import PINNED_MODELS, resolve_weights
from foretaste.language.writing_process import CONVERTED_FILE, LocalModel, WorkQueue, convert_once

from .checkpoints import llama, t5

SMOL = "HuggingFaceTB/SmolLM2-135M-Instruct"


def told(**more: Any) -> dict[str, Any]:
    return {"id": 1, "messages": [["user", "a slow film about space"]], "tokens": 8, **more}


def text(model: LocalModel, prompt: dict[str, Any], work: WorkQueue | None = None) -> str:
    said: list[dict[str, Any]] = []
    model.write(prompt, work or WorkQueue(), said.append)
    assert all(one["id"] == prompt["id"] for one in said)
    return "".join(one["piece"] for one in said)


@pytest.mark.parametrize("family", [llama, t5])
def test_causal_models_and_those_like_t5_write(family: Any, tmp_path: Path) -> None:
    model = LocalModel(family(tmp_path))

    assert text(model, told()).strip()
    assert text(model, told()) == text(model, told())


def test_a_prompt_that_is_too_long_is_cut_at_its_beginning(tmp_path: Path) -> None:
    model = LocalModel(llama(tmp_path))
    end = "the film about a cat in space " * 80

    assert text(model, told(messages=[["user", "x" * 50 + end]])) == text(
        model, told(messages=[["user", "y" * 90 + end]])
    )


def test_what_is_stopped_writes_no_more(tmp_path: Path) -> None:
    model, work = LocalModel(llama(tmp_path)), WorkQueue()
    whole = text(model, told(tokens=60))
    work.stopped.add(1)

    assert len(text(model, told(tokens=60), work)) < len(whole)


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    folder = llama(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(OSError, match="safetensors"):
        LocalModel(folder)


def test_it_hears_prompts_and_stops_until_nobody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    work = WorkQueue()

    work.listen(io.StringIO(json.dumps(told()) + "\n" + json.dumps({"stop": 1}) + "\n"))

    assert work.prompts.get_nowait() == told()
    with pytest.raises(queue.Empty):
        work.prompts.get_nowait()
    assert work.stopped == {1}
    assert ended == [0]


@pytest.mark.slow
def test_the_gguf_of_the_wheel_is_converted_once_and_writes(tmp_path: Path) -> None:
    weights = resolve_weights(SMOL, gguf=True)
    assert weights.sha256 == PINNED_MODELS[SMOL].sha256

    folder = convert_once(weights.path, weights.gguf, tmp_path / "made")
    made = (folder / "model.safetensors").stat().st_mtime_ns
    assert convert_once(weights.path, weights.gguf, tmp_path / "made") == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made

    hello = told(messages=[["user", "What is the capital of France?"]], tokens=12)
    assert "Paris" in text(LocalModel(folder), hello)

    (folder / CONVERTED_FILE).write_text('{"sha256": "0"}')  # as if the copy were damaged
    convert_once(weights.path, weights.gguf, tmp_path / "made")
    assert (folder / "model.safetensors").stat().st_mtime_ns != made
