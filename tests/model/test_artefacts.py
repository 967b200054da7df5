"""Versions on disk: whole or not there, checked before use, live and rolled back in one step."""

import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faults.nursery import Nursery
from foretaste.errors import ModelError
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.product import ProductOfExperts
from foretaste.model.version_files import version_name
from serve.workspace import until

from .world import World, ordinary, shelf

FILES = (
    "manifest.json",
    "catalogue.json",
    "popularity.safetensors",
    "sequence.safetensors",
    "sequence.json",
    "transition.safetensors",
)


@pytest.fixture
def models(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path / "models")


def save(
    models: ModelRegistry, product: ProductOfExperts, here: World, created: float = 1.7e9
) -> str:
    return models.save(
        product,
        here.catalogue.ids,
        created=created,
        data={"event": 7, "kinds": ("view",)},
        settings={"model": {"seed": 0}},
        metrics={"cpu_seconds": 1.5},
    )


def test_what_is_loaded_is_what_was_saved(
    models: ModelRegistry, product: ProductOfExperts, here: World
) -> None:
    name = save(models, product, here)
    back = models.load(name, here.catalogue)

    assert models.item_ids(name) == here.catalogue.ids
    assert back.names == product.names
    np.testing.assert_array_equal(back.weights, product.weights)
    asked = [*ordinary(here), here.took(3, query="garden rose")]
    np.testing.assert_allclose(back.score(asked), product.score(asked), atol=1e-4)


def test_what_is_loaded_goes_on_learning(
    models: ModelRegistry, product: ProductOfExperts, here: World
) -> None:
    back = models.load(save(models, product, here), here.catalogue)
    before = back.score([here.took(3)])
    back.learn(here.took(3), 4, 1.0, 1.71e9)

    assert not np.array_equal(back.score([here.took(3)]), before)


def test_a_version_tells_what_it_is(
    models: ModelRegistry, product: ProductOfExperts, here: World
) -> None:
    name = save(models, product, here)
    version = models.version(name)

    assert name.startswith("20231114-221320-")
    assert (version.name, version.created, version.is_live) == (name, 1.7e9, False)
    assert version.data == {"event": 7, "kinds": ["view"]}
    assert version.settings == {"model": {"seed": 0}}
    assert version.metrics == {"cpu_seconds": 1.5}
    models.promote(name)
    assert models.version(name).is_live


def test_nothing_is_pickled(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / save(models, product, here)

    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}
    for path in folder.iterdir():
        start = path.read_bytes()[:16]
        assert start[8:9] == b"{" if path.suffix == ".safetensors" else start[:1] in b"{["


def test_the_same_again_is_the_same_version(
    models: ModelRegistry, product: ProductOfExperts, here: World
) -> None:
    names = {save(models, product, here) for _ in range(2)}

    assert [version.name for version in models.versions()] == list(names)


def test_versions_come_oldest_first_even_within_a_second(
    models: ModelRegistry, product: ProductOfExperts, here: World
) -> None:
    moments = [1.7e9 + 0.1 * n for n in (3, 0, 2, 1, 5, 4)]
    for created in moments:
        save(models, product, here, created)

    assert [version.created for version in models.versions()] == sorted(moments)


# Amending -------------------------------------------------------------------------------------


@pytest.fixture(params=["links", "copies"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that links files, and one that cannot."""
    if request.param == "copies":
        monkeypatch.setattr(os, "link", unlinkable)


def unlinkable(*_: object) -> None:
    raise OSError("this file system has no links")


@pytest.mark.usefixtures("disk")
def test_metrics_are_added_and_the_version_has_another_name(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    before = save(models, product, here)
    models.promote(before)
    name = models.amend(before, {"checks": [{"code": "same-list"}]})

    assert name != before
    assert [version.name for version in models.versions()] == [name] == [models.live_name()]
    version = models.version(name)
    assert version.metrics == {"cpu_seconds": 1.5, "checks": [{"code": "same-list"}]}
    assert version.data == {"event": 7, "kinds": ["view"], "was": [before]}
    assert models.current_name(before) == name, "who knows the old name still finds it"
    assert models.load(name, here.catalogue).names == product.names
    assert not list((tmp_path / "models").glob("*.partial")), "nothing is left aside"
    again = models.amend(before, {"checks": []})
    assert models.version(again).metrics == {"cpu_seconds": 1.5, "checks": []}


def test_what_was_amended_is_guarded_like_all_else(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    name = models.amend(save(models, product, here), {"checks": []})
    edit(tmp_path / "models" / name / "manifest.json", metrics={"checks": [{"code": "none"}]})

    with pytest.raises(ModelError, match=r"manifest\.json is damaged"):
        models.version(name)


def test_amending_that_fails_leaves_the_version_as_it_was(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    name = save(models, product, here)
    with pytest.raises(TypeError):
        models.amend(name, {"checks": object()})

    assert [version.name for version in models.versions()] == [name]
    assert not list((tmp_path / "models").glob("*.partial"))


# Damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_a_changed_byte_is_noticed(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path, file: str
) -> None:
    name = save(models, product, here)
    path = tmp_path / "models" / name / file
    whole = path.read_bytes()
    for place in {len(whole) // 3, len(whole) // 2, len(whole) - 3}:
        byte = b"7" if whole[place : place + 1] != b"7" else b"8"
        path.write_bytes(whole[:place] + byte + whole[place + 1 :])
        with pytest.raises(ModelError, match=f"{name}: {file} .*rollback.* or train again"):
            models.load(name, here.catalogue)
    path.write_bytes(whole)
    models.load(name, here.catalogue)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
def test_a_missing_empty_or_cut_file_is_noticed(
    models: ModelRegistry,
    product: ProductOfExperts,
    here: World,
    tmp_path: Path,
    file: str,
    damage: str,
) -> None:
    name = save(models, product, here)
    path = tmp_path / "models" / name / file
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(b"" if damage == "empty" else whole[: len(whole) // 2])

    with pytest.raises(ModelError, match=f"{name}: {file} .*rollback"):
        models.load(name, here.catalogue)


def test_damaged_item_ids_are_noticed_before_they_are_read(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    name = save(models, product, here)
    (tmp_path / "models" / name / "catalogue.json").write_text('["i0", ')

    with pytest.raises(ModelError, match=r"catalogue\.json is damaged"):
        models.item_ids(name)


def edit(path: Path, **changed: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


def test_a_manifest_of_a_later_format_is_refused(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    name = save(models, product, here)
    edit(tmp_path / "models" / name / "manifest.json", format=2)

    with pytest.raises(ModelError, match=f"{name} is of a later Foretaste; upgrade"):
        models.load(name, here.catalogue)


def test_one_damaged_version_does_not_keep_the_others_back(
    models: ModelRegistry,
    product: ProductOfExperts,
    here: World,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = (save(models, product, here, 1.7e9 + n) for n in range(2))
    edit(tmp_path / "models" / bad / "manifest.json", created=1.0)

    with caplog.at_level(logging.WARNING):
        assert [version.name for version in models.versions()] == [good]
    assert bad in caplog.text
    models.promote(good)
    models.prune(5)
    assert models.live_name() == good
    with pytest.raises(ModelError, match=f"{bad}: manifest.json is damaged"):
        models.promote(bad)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"live": "x"}', "null", '{"live": 1, "before": 2}']
)
def test_a_damaged_pointer_says_what_to_do(
    models: ModelRegistry, tmp_path: Path, text: str
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "live.json").write_text(text)

    with pytest.raises(ModelError, match=r"live\.json cannot be read; delete it, then .*promote"):
        models.live_name()


def test_what_is_not_whole_is_not_there(
    models: ModelRegistry, product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    name = save(models, product, here)
    folder = tmp_path / "models"
    shutil.copytree(folder / name, folder / ".20231114-221320-abcdef.partial")
    (folder / "notes").mkdir()

    assert [version.name for version in models.versions()] == [name]


SCRIPT = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from foretaste.model import artefacts, version_files
from foretaste.model.fit import fit_product
from model.world import SETTINGS, world

here = world()
settings = SETTINGS.model_copy(update={"experts": ("popularity", "transition")})
product = fit_product(here.training(settings))
for step in map(int, sys.argv[3:]):
    kept, calls = artefacts.sync_to_disk, 0

    def die(path):
        global calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        kept(path)

    if not (child := os.fork()):
        artefacts.sync_to_disk = version_files.sync_to_disk = die
        models = artefacts.ModelRegistry(Path(sys.argv[2]) / str(step))
        told = dict(data={}, settings={}, metrics={})
        models.promote(models.save(product, here.catalogue.ids, created=1.8e9, **told))
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
"""
STEPS = (1, 4, 7, 8)
"""Steps 1 to 7 sync the files and the folder of the new version, 8 syncs the new pointer."""


@pytest.fixture(scope="module")
def killed(
    nursery: Nursery,
    tmp_path_factory: pytest.TempPathFactory,
    product: ProductOfExperts,
    here: World,
) -> Path:
    """A folder for each step, with a live version, in which a process saving another was killed."""
    folder = tmp_path_factory.mktemp("killed")
    for step in STEPS:
        models = ModelRegistry(folder / str(step))
        models.promote(save(models, product, here))
    with nursery.start_script(SCRIPT, Path(__file__).parents[1], folder, *STEPS) as process:
        process.wait()
    assert process.log == ""
    return folder


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_in_the_middle_leaves_the_live_version_as_it_was(
    killed: Path, product: ProductOfExperts, here: World, step: int
) -> None:
    models = ModelRegistry(killed / str(step))
    whole = models.versions()

    assert len(whole) == (1 if step < 8 else 2)
    assert models.live_name() == whole[0].name
    assert models.load(whole[0].name, here.catalogue).names == product.names
    assert all(models.load(version.name, here.catalogue) for version in whole)


# Live, back, and away -------------------------------------------------------------------------


@pytest.fixture
def three(models: ModelRegistry, product: ProductOfExperts, here: World) -> list[str]:
    return [save(models, product, here, 1.7e9 + n) for n in range(3)]


def test_none_is_live_until_one_is_promoted(models: ModelRegistry, three: list[str]) -> None:
    assert models.live_name() is None
    models.promote(three[1])
    assert models.live_name() == three[1]
    assert [version.is_live for version in models.versions()] == [False, True, False]


def test_rolling_back_goes_the_way_that_was_come(models: ModelRegistry, three: list[str]) -> None:
    for name in three:
        models.promote(name)
    models.promote(three[2])  # again: no step

    assert models.rollback() == three[1] == models.live_name()
    assert models.rollback() == three[0] == models.live_name()
    with pytest.raises(ModelError, match="no earlier model version"):
        models.rollback()
    assert models.live_name() == three[0]


def test_a_version_not_there_is_named_with_the_nearest(
    models: ModelRegistry, three: list[str]
) -> None:
    with pytest.raises(ModelError, match=f"no model version '{three[1]}x'; did you mean '2023"):
        models.promote(three[1] + "x")
    for name in ("", ".", ".."):
        with pytest.raises(ModelError):
            models.promote(name)
    assert models.live_name() is None


def test_without_any_version_the_hint_is_to_train(models: ModelRegistry) -> None:
    assert models.versions() == []
    with pytest.raises(ModelError, match="there are none; run 'foretaste train'"):
        models.promote("x")
    with pytest.raises(ModelError, match="no earlier"):
        models.rollback()


def test_pruning_keeps_the_newest_and_the_live_one(models: ModelRegistry, three: list[str]) -> None:
    models.promote(three[0])
    models.prune(5)
    assert len(models.versions()) == 3
    models.prune(1)
    assert [version.name for version in models.versions()] == [three[0], three[2]]
    models.prune(0)
    assert [version.name for version in models.versions()] == [three[0]]


def test_rolling_back_passes_over_what_was_pruned(models: ModelRegistry, three: list[str]) -> None:
    for name in (three[1], three[0], three[2]):
        models.promote(name)
    models.prune(1)  # leaves that before the live one

    assert models.rollback() == three[0]
    with pytest.raises(ModelError, match="no earlier model"):
        models.rollback()


def test_a_larger_catalogue_is_taken_from_where_the_version_ends(
    models: ModelRegistry, product: ProductOfExperts, here: World
) -> None:
    name = save(models, product, here)
    back = models.load(name, here.catalogue)
    back.grow(shelf([*here.items, here.items[0]]))

    assert back.score([here.took(1)]).shape == (1, 61)


# Two processes --------------------------------------------------------------------------------

PROMOTES = """
import sys
from pathlib import Path
from foretaste.model.artefacts import ModelRegistry

models = ModelRegistry(Path(sys.argv[1]))
open(sys.argv[2]).close()  # blocks until the gate is opened
for name in sys.argv[3:]:
    models.promote(name)
"""
REPLACES = """
import sys
from pathlib import Path
from foretaste.model.artefacts import ModelRegistry

models = ModelRegistry(Path(sys.argv[1]))
open(sys.argv[2]).close()  # blocks until the gate is opened
print(models.replace(*sys.argv[3:]))
"""


def bare(folder: Path, created: float, **data: Any) -> str:
    """A version without files, for what looks at manifests alone. → its name."""
    manifest = {"format": 1, "created": created, "data": data, "settings": {}, "metrics": {}}
    name = version_name(manifest)
    (folder / name).mkdir(parents=True)
    (folder / name / "manifest.json").write_text(json.dumps(manifest))
    return name


def opened(gate: Path) -> int:
    """Once somebody reads from it."""
    handles: list[int] = []

    def open_it() -> bool:
        with suppress(OSError):
            handles.append(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        return bool(handles)

    until(open_it, "somebody at the gate")
    return handles[0]


Together = Callable[..., list[str]]


@pytest.fixture
def together(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Together:
    """Run a script in a process for each list of arguments, all at once. → what each prints.

    Each finds the path of a gate before its arguments.
    """

    def run(script: str, folder: Path, *arguments: Sequence[object]) -> list[str]:
        gates = [tmp_path_factory.mktemp("gates") / "gate" for _ in arguments]
        with ExitStack() as stack:
            processes = []
            for gate, words in zip(gates, arguments, strict=True):
                os.mkfifo(gate)
                process = nursery.start_script(script, folder, gate, *words)
                processes.append(stack.enter_context(process))
            handles = [opened(gate) for gate in gates]  # when all are there
            for handle in handles:
                os.close(handle)
            assert [process.wait() for process in processes] == [0] * len(processes)
            return [process.log.strip() for process in processes]

    return run


def test_of_two_processes_that_promote_neither_loses_a_promotion(
    together: Together, tmp_path: Path
) -> None:
    names = [bare(tmp_path, 1.7e9 + n) for n in range(60)]
    together(PROMOTES, tmp_path, names[:30], names[30:])

    models = ModelRegistry(tmp_path)
    assert sorted(models.serving_order()) == sorted(names), (
        "each was live, so each is in the pointer"
    )
    assert not list(tmp_path.glob("*.partial"))


def test_of_two_processes_that_replace_a_version_the_second_finds_it_done(
    together: Together, tmp_path: Path
) -> None:
    before = bare(tmp_path, 1.7e9)
    successors = [bare(tmp_path, 1.7e9, was=[before], erasures=n) for n in (1, 2)]
    models = ModelRegistry(tmp_path)
    models.promote(before)
    printed = together(REPLACES, tmp_path, *([before, name] for name in successors))

    assert printed == [models.live_name()] * 2, "both are told which version is there now"
    assert [version.name for version in models.versions()] == [models.live_name()]
    assert models.current_name(before) == models.live_name()
