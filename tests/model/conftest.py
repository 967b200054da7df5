"""What the tests of the model share. Nothing here is changed by a test; `again` gives copies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from foretaste.model.fit import fit_product
from foretaste.model.product import ProductOfExperts

from .world import READER, World, world


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors: threads that wait for one another only cost time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def here() -> World:
    return world()


@pytest.fixture(scope="session")
def product(here: World) -> ProductOfExperts:
    """All experts and their weights, fitted on the world's training part."""
    return fit_product(here.training(), READER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
