"""Who names no cluster needs no Ray, and who names one is told what is missing."""

import importlib.util

import pytest

from foretaste.cluster.ray_cluster import engaged, open_cluster
from foretaste.cluster.ray_worker import interface_of
from foretaste.cluster.settings import RaySettings
from foretaste.errors import MissingExtra


def test_without_an_address_there_is_none() -> None:
    assert open_cluster(RaySettings()) is None


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    cluster = open_cluster(RaySettings(address="auto"))
    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[ray\]'"), engaged(cluster):
        pass


def test_an_interface_is_known_by_its_address() -> None:
    assert interface_of("127.0.0.1") == "lo"
    assert interface_of("203.0.113.7") is None
