"""A real Ray cluster of two workers, for all tests of this folder."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from foretaste.cluster.ray_cluster import RayCluster
from foretaste.cluster.settings import RaySettings

OBJECT_STORE_BYTES = 200_000_000


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """Ray, with a cluster of this process that has two cores."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = pytest.importorskip("ray", reason="Ray is not installed; pip install 'foretaste[ray]'")
    ray.init(
        address="local",
        num_cpus=2,
        object_store_memory=OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    yield ray
    ray.shutdown()


@pytest.fixture
def address(ray: Any) -> str:
    """Where the cluster is."""
    address: str = ray.get_runtime_context().gcs_address
    return address


@pytest.fixture
def cluster(address: str) -> Iterator[RayCluster]:
    """Its workers."""
    cluster = RayCluster(RaySettings(address=address))
    yield cluster
    cluster.release()
