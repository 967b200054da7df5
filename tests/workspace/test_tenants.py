"""A tenant is a workspace of its own within the workspace."""

from pathlib import Path

import pytest

from foretaste.config.load import load_config
from foretaste.domain.data import Item
from foretaste.errors import InputError, StoreError
from foretaste.loop import Foretaste
from foretaste.workspace import tenants
from foretaste.workspace.tenants import claim
from serve.workspace import SETTINGS


def test_a_new_tenant_has_the_settings_of_the_root_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "foretaste.toml").write_text(SETTINGS)
    folder = tenants.create_tenant(tmp_path, "blue-shop")
    assert load_config(folder) == load_config(tmp_path)
    assert list(tenants.tenant_names(tmp_path)) == ["default", "blue-shop"]
    found = tenants.list_tenants(tmp_path)
    assert [(one.name, one.events, one.items, one.model) for one in found] == [
        ("default", 0, 0, None),
        ("blue-shop", 0, 0, None),
    ]
    with pytest.raises(InputError, match="there is a tenant 'blue-shop' already"):
        tenants.create_tenant(tmp_path, "blue-shop")


@pytest.mark.parametrize("name", ["", "..", "../x", "A", "a/b", "-a", "a-", "a" * 41, "a.b", "ä"])
def test_what_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a tenant"):
        tenants.create_tenant(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_the_root_is_a_tenant_already(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is a tenant 'default' already"):
        tenants.create_tenant(tmp_path, "default")


@pytest.mark.parametrize(
    "settings",
    ["", "[behaviour]\n", "[rank]\nn = 5\n[behaviour.event_weights]\nwish = 1.0\n", "name = 'x'\n"],
)
def test_on_postgresql_a_tenant_has_a_schema(
    tmp_path: Path, empty_postgres: str, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "foretaste.toml").write_text(settings)
    monkeypatch.setenv("FORETASTE_BEHAVIOUR__DATABASE", empty_postgres)
    loops = [Foretaste.open(tenants.create_tenant(tmp_path, name)) for name in ("one-x", "two")]
    assert loops[0].config.behaviour.database_schema == "tenant_one_x"
    loops[0].store.put_items([Item("i")])
    assert loops[1].store.item_ids() == frozenset()
    for loop in loops:
        with pytest.raises(StoreError, match="belongs to tenant"):
            claim(loop.store, "three")
        loop.close()


def test_one_file_for_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "foretaste.toml").write_text(
        f'[behaviour]\ndatabase = "sqlite:///{tmp_path}/shared.db"\n'
    )
    with pytest.raises(InputError, match="tenants cannot share"):
        tenants.create_tenant(tmp_path, "acme")
