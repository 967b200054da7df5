"""Two hosts with one store and one place for versions: live on both, or on none."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.errors import ModelError, VersionError
from foretaste.model.canary import Canary
from foretaste.model.product import ProductOfExperts
from foretaste.model.settings import ModelSettings
from foretaste.model.share_state import ShareState
from foretaste.model.shared_registry import SharedModelRegistry

from .test_artefacts import save
from .world import World


class Hosts:
    """Two, of which the second follows while the first waits."""

    def __init__(self, folder: Path, store: SqlStore, here: World, rule: str) -> None:
        self.now, self.store, self.folder, self._here = 1.8e9, store, folder, here
        self._settings = ModelSettings.model_validate(
            {"share": str(folder / "share"), "share_rule": rule, "max_versions": 2}
        )
        self.a = self._host("a", self.let_time_pass)
        self.b = self._host("b", lambda _: None)

    def _host(self, name: str, wait: Callable[[float], None]) -> SharedModelRegistry:
        folder = self.folder / name / "models"

        def load(version: str) -> object:
            return registry.load(version, self._here.catalogue)

        registry = SharedModelRegistry(
            folder, self.store, self._settings, load, clock=lambda: self.now, wait=wait, host=name
        )
        return registry

    def let_time_pass(self, seconds: float) -> None:
        self.now += max(seconds, 1.0)
        self.b.follow()

    @property
    def live(self) -> tuple[str | None, str | None]:
        return self.a.live_name(), self.b.live_name()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(tmp_path / "behaviour.db") as opened:
        yield opened


@pytest.fixture
def hosts(tmp_path: Path, store: SqlStore, here: World, request: pytest.FixtureRequest) -> Hosts:
    opened = Hosts(tmp_path, store, here, getattr(request, "param", "all"))
    opened.b.follow()  # it is there
    return opened


@pytest.fixture
def versions(hosts: Hosts, product: ProductOfExperts, here: World) -> list[str]:
    """Made on the first host."""
    return [save(hosts.a, product, here, created=1.7e9 + day * 86_400) for day in range(5)]


def test_promoted_on_one_is_live_on_both(hosts: Hosts, versions: list[str]) -> None:
    hosts.a.promote(versions[0])
    hosts.b.follow()
    assert hosts.live == (versions[0], versions[0])
    hosts.a.promote(versions[1])
    hosts.b.follow()
    assert hosts.live == (versions[1], versions[1])
    assert hosts.a.host_problems() == []
    assert hosts.b.host_counts() == {"current": 2}

    assert hosts.b.rollback() == versions[0]
    assert hosts.a.host_problems() == [
        f"a answers with model {versions[1]}, and {versions[0]} is live"
    ]
    hosts.a.follow()
    assert hosts.live == (versions[0], versions[0])
    with pytest.raises(VersionError, match="no earlier model version"):
        hosts.a.rollback()
    with pytest.raises(VersionError, match="no model version 'x'"):
        hosts.a.promote("x")


def break_on_b(hosts: Hosts, version: str) -> None:
    """What is on its disk already is not fetched again."""
    shutil.copytree(hosts.a.folder / version, hosts.b.folder / version)
    (hosts.b.folder / version / "sequence.safetensors").write_bytes(b"cut off")


def test_a_host_that_cannot_load_it_keeps_it_from_all(hosts: Hosts, versions: list[str]) -> None:
    hosts.a.promote(versions[0])
    hosts.b.follow()
    break_on_b(hosts, versions[1])
    with pytest.raises(ModelError, match=r"live nowhere: b: .*sequence\.safetensors is damaged"):
        hosts.a.promote(versions[1])
    hosts.b.follow()
    assert hosts.live == (versions[0], versions[0])
    assert any("is live nowhere" in problem for problem in hosts.a.host_problems())
    hosts.a.promote(versions[2])
    hosts.b.follow()
    assert hosts.live == (versions[2], versions[2])
    assert hosts.a.host_problems() == []


@pytest.mark.parametrize("hosts", ["any"], indirect=True)
def test_where_the_rule_says_so_the_rest_go_on(hosts: Hosts, versions: list[str]) -> None:
    hosts.a.promote(versions[0])
    hosts.b.follow()
    break_on_b(hosts, versions[1])
    hosts.a.promote(versions[1])
    hosts.b.follow()
    assert hosts.live == (versions[1], versions[0])
    assert hosts.a.host_counts() == {"current": 1, "failing": 1}
    assert f"b cannot load model {versions[1]}" in hosts.a.host_problems()[0]

    shutil.rmtree(hosts.b.folder / versions[1])  # repaired: it is fetched anew
    hosts.now += 30.0
    hosts.b.follow()
    hosts.a.follow()
    assert hosts.live == (versions[1], versions[1])
    assert hosts.a.host_problems() == []


def test_a_host_that_says_nothing_is_waited_for_and_then_not(
    hosts: Hosts, versions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pass_time(seconds: float) -> None:
        hosts.now += max(seconds, 1.0)

    monkeypatch.setattr(hosts, "let_time_pass", pass_time)
    monkeypatch.setattr(hosts.a, "_wait", pass_time)
    start = hosts.now
    hosts.a.promote(versions[0])  # b was there a moment before
    assert 20.0 < hosts.now - start < 30.0
    assert hosts.b.live_name() is None
    hosts.b.follow()
    assert hosts.b.live_name() == hosts.a.live_name() == versions[0]


def test_a_version_that_another_takes_the_place_of_goes_everywhere(
    hosts: Hosts, versions: list[str]
) -> None:
    """As after an erasure: nobody may keep the old one."""
    hosts.a.promote(versions[0])
    hosts.b.follow()
    successor = hosts.a.amend(versions[0], {"measured": 1})
    hosts.b.follow()
    assert hosts.live == (successor, successor)
    assert not (hosts.b.folder / versions[0]).exists()
    assert not (hosts.folder / "share" / versions[0]).exists()


def test_a_canary_is_one_on_all_hosts(hosts: Hosts, versions: list[str]) -> None:
    hosts.a.promote(versions[0])
    hosts.a.set_canary(Canary(versions[1], 0.2))
    hosts.b.follow()
    assert hosts.b.canary() == Canary(versions[1], 0.2)
    successor = hosts.b.amend(versions[1], {"measured": 1})
    hosts.a.follow()
    hosts.b.follow()
    assert hosts.a.canary() == hosts.b.canary() == Canary(successor, 0.2)
    assert not (hosts.a.folder / versions[1]).exists()
    hosts.a.promote(successor)
    hosts.b.follow()
    assert hosts.live == (successor, successor)
    assert hosts.a.canary() is None
    assert hosts.b.canary() is None


def test_what_may_not_be_kept_is_kept_nowhere(hosts: Hosts, versions: list[str]) -> None:
    for version in versions[:3]:
        hosts.a.promote(version)
        hosts.b.follow()
    hosts.a.delete_older(1.7e9 + 3 * 86_400)
    hosts.b.follow()
    for folder in (hosts.folder / "share", hosts.b.folder):
        assert [path.name for path in folder.glob("[!.]*/")] == [versions[2]]
    with pytest.raises(VersionError, match="no earlier"):
        hosts.b.rollback()


def test_a_host_that_comes_later_has_what_all_have(
    hosts: Hosts, versions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was live before: an erasure on it must find all versions."""
    for version in versions[:2]:
        hosts.a.promote(version)
    shutil.rmtree(hosts.b.folder)
    hosts.b = hosts._host("c", lambda _: None)
    hosts.b.follow()
    assert hosts.b.live_name() == versions[1]
    assert sorted(path.name for path in hosts.b.folder.glob("[!.]*/")) == versions[:2]
    assert hosts.b.current_name(versions[0]) == versions[0]
    hosts.b.replace(versions[0], versions[1])  # recounted there
    hosts.a.follow()
    assert not (hosts.a.folder / versions[0]).exists()


def test_old_versions_leave_the_place(hosts: Hosts, versions: list[str]) -> None:
    for version in versions:
        hosts.a.promote(version)
        hosts.b.follow()
    for folder in (hosts.folder / "share", hosts.b.folder):
        assert sorted(path.name for path in folder.glob("[!.]*/")) == versions[2:]
    assert ShareState.load(hosts.store).live_before == tuple(versions[2:4])


def test_only_one_is_proposed_at_a_time(hosts: Hosts, versions: list[str]) -> None:
    def propose_another(_: float) -> None:
        with pytest.raises(ModelError, match=f"model {versions[0]} is being promoted"):
            hosts.b.promote(versions[1])
        hosts.now += 1.0
        hosts.b.follow()

    shutil.copytree(hosts.a.folder / versions[1], hosts.b.folder / versions[1])
    hosts.a._wait = propose_another
    hosts.a.promote(versions[0])
    assert hosts.a.live_name() == versions[0]
