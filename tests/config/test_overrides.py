from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

import foretaste
from foretaste.config.changed_settings import changed_settings
from foretaste.config.load import load_config
from foretaste.config.overrides import column_settings, merged, settings_tree
from foretaste.errors import SettingsError


def test_dotted_and_nested_keys_are_the_same() -> None:
    dotted = {"model.sequence.epochs": 8, "model.seed": 1}
    assert settings_tree(dotted) == {"model": {"sequence": {"epochs": 8}, "seed": 1}}
    assert settings_tree({"model": {"seed": 1}, "model.sequence.epochs": 8}) == settings_tree(
        dotted
    )
    files = {"behaviour": {"files": {"orders.csv": {"table": "events"}}}}
    assert settings_tree(files) == files, "a name with a dot is a name"


def test_a_tree_over_another() -> None:
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}, "d": 4}) == {
        "a": {"b": 3, "c": 2},
        "d": 4,
    }
    assert merged({"a": 1}, {"a": {"b": 2}}) == {"a": {"b": 2}}


def test_settings_of_a_call_hold_over_the_file_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "foretaste.toml").write_text("[model]\nseed = 1\nmax_versions = 2\n")
    environment = {"FORETASTE_MODEL__SEED": "3"}
    assert load_config(tmp_path, environment).model.seed == 3
    config = load_config(tmp_path, environment, {"model": {"seed": 4}})
    assert (config.model.seed, config.model.max_versions) == (4, 2)


def test_old_keys_hold_in_a_call_too(tmp_path: Path) -> None:
    config = load_config(tmp_path, {}, {"model": {"keep": 9}})
    assert config.model.max_versions == 9


def test_a_wrong_setting_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings: \[model.sequence\] has no key 'epoch'"):
        foretaste.open(tmp_path, settings={"model.sequence.epoch": 8})
    with pytest.raises(SettingsError, match=r"settings: \[model\] seed = 'x'"):
        foretaste.open(tmp_path, settings={"model.seed": "x"})
    assert not (tmp_path / "foretaste.toml").exists()


def test_columns_are_named_once_for_all_tables() -> None:
    assert column_settings({"user": "customer", "item": "sku", "title": "name"}) == {
        "behaviour": {
            "columns": {
                "events": {"user": "customer", "item": "sku"},
                "items": {"id": "sku", "title": "name"},
                "users": {"id": "customer"},
            }
        }
    }
    assert column_settings({"items": {"id": "sku"}, "at": "when"}) == {
        "behaviour": {"columns": {"events": {"at": "when"}, "items": {"id": "sku"}}}
    }
    with pytest.raises(SettingsError, match="columns: 'usr' is no field; did you mean 'user'"):
        column_settings({"usr": "customer"})


def test_frames_with_columns_of_ones_own(tmp_path: Path) -> None:
    goods = pd.DataFrame({"ware": ["a", "b"], "label": ["Lamp", "Tent"]})
    sales = pd.DataFrame({"kunde": ["x", "y"], "ware": ["a", "b"], "wann": [1.7e9, 1.7e9]})
    columns = {"user": "kunde", "item": "ware", "at": "wann", "title": "label"}
    with closing(foretaste.open(tmp_path, columns=columns, settings={"name": "Laden"})) as shop:
        results = shop.add(items=goods, events=sales)
        assert [result.added for result in results] == [2, 2]
        assert shop.store.item("a").title == "Lamp"  # type: ignore[union-attr]
        assert shop.config.name == "Laden"
        assert "name" in changed_settings(shop.config)
