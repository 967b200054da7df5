"""The files of a version: what was written is read back, and any column gives a name for a file."""

from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.files import file_sha256
from foretaste.model.product import ProductOfExperts
from foretaste.model.version_files import (
    read_expert_files,
    version_name,
    write_expert_files,
)

from .world import World


def test_each_expert_is_read_as_it_was_written(
    product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    manifest = write_expert_files(tmp_path, product, here.catalogue.ids)
    states, _ = product.state()

    assert manifest["product"]["experts"] == list(states)
    for expert, (arrays, _) in states.items():
        read_arrays, _ = read_expert_files(tmp_path, expert)
        assert read_arrays.keys() == arrays.keys()
        for key, array in arrays.items():
            np.testing.assert_array_equal(read_arrays[key], array)


def test_the_manifest_has_a_digest_of_every_file(
    product: ProductOfExperts, here: World, tmp_path: Path
) -> None:
    digests = write_expert_files(tmp_path, product, here.catalogue.ids)["sha256"]

    assert digests == {path.name: file_sha256(path) for path in tmp_path.iterdir()}


def test_a_name_is_the_time_and_what_the_manifest_says() -> None:
    manifest = {"created": 1.7e9, "metrics": {"gain": 0.5}, "data": {"kinds": ("view",)}}

    assert version_name(manifest).startswith("20231114-221320-")
    assert version_name(manifest) == version_name({**manifest, "data": {"kinds": ["view"]}})
    assert version_name(manifest) != version_name({**manifest, "metrics": {"gain": 0.25}})


def test_an_expert_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="popularity"):
        read_expert_files(tmp_path, "popularity")
