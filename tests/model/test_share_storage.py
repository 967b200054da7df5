"""A version in a shared place: whole, as it was written, or an error."""

from pathlib import Path

import pytest

from consume.s3_server import NEEDS_S3, S3Server
from foretaste.errors import InputError, ModelError
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.product import ProductOfExperts
from foretaste.model.share_storage import ShareStorage

from .test_artefacts import save
from .world import World


@pytest.fixture(params=["folder", pytest.param("bucket", marks=NEEDS_S3)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "share")
    server: S3Server = request.getfixturevalue("s3_server")
    return server.address(f"models/{tmp_path.name}")


@pytest.fixture
def version(tmp_path: Path, product: ProductOfExperts, here: World) -> Path:
    """The folder of one."""
    models = ModelRegistry(tmp_path / "models")
    return models.folder / save(models, product, here)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_is_fetched_is_what_was_published(place: str, version: Path, tmp_path: Path) -> None:
    (version / "model-card.md").write_text("# what it is")
    storage = ShareStorage(place)
    storage.publish(version)
    storage.publish(version)  # it is there
    storage.fetch(version.name, tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == contents(version)

    storage.delete(version.name)
    storage.delete(version.name)
    with pytest.raises(ModelError, match=f"model {version.name} is not in"):
        storage.fetch(version.name, tmp_path / "again")


def test_a_fetch_goes_on_where_it_was_cut_off(version: Path, tmp_path: Path) -> None:
    place = tmp_path / "share"
    storage = ShareStorage(str(place))
    storage.publish(version)
    target = tmp_path / "fetched"
    storage.fetch(version.name, target)
    half = (version / "sequence.safetensors").read_bytes()[:100]
    (target / "sequence.safetensors").write_bytes(half)
    (place / version.name / "transition.safetensors").unlink()  # it is there already

    storage.fetch(version.name, target)
    assert contents(target) == contents(version)


def test_what_was_changed_is_not_fetched(version: Path, tmp_path: Path) -> None:
    place = tmp_path / "share"
    storage = ShareStorage(str(place))
    storage.publish(version)
    (place / version.name / "sequence.json").write_text("{}")
    with pytest.raises(ModelError, match=r"sequence\.json in .* is damaged"):
        storage.fetch(version.name, tmp_path / "fetched")
    assert not (tmp_path / "fetched" / "sequence.json").exists()
    manifest = place / version.name / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(ModelError, match=r"manifest\.json in .* is damaged"):
        storage.fetch(version.name, tmp_path / "other")


def test_what_is_no_place(version: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is neither a folder nor s3"):
        ShareStorage("ftp://host/models")
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        ShareStorage(str(tmp_path / "file")).publish(version)
