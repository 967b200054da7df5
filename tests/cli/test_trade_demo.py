"""The demos of four trades: their settings, and (slow) each from its data to its last line."""

import tomllib
from pathlib import Path

import pytest

from foretaste.cli import demo, trade_demo
from foretaste.config.load import parse_config
from foretaste.recipes import NAMES

from .test_main import refused


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_are_the_recipe_with_a_small_network(name: str) -> None:
    config = parse_config(tomllib.loads(trade_demo.demo_settings(name)), name)
    assert config.name == trade_demo.demo_name(name)
    assert config.model.sequence.dim == 32
    assert config.model.sequence.epochs == 8
    assert {"home", "item", "cart", "email"} <= set(config.placements)


def test_a_trade_that_there_is_none_of_is_named(tmp_path: Path) -> None:
    text = refused("demo", "--recipe", "musik", "--workspace", tmp_path / "demo")
    assert "no recipe 'musik'; did you mean 'music'" in text
    assert not (tmp_path / "demo").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_demo_from_its_data_to_its_page(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / name
    trade_demo.run(name, folder)
    text = capsys.readouterr().out
    assert "All of it is invented" in text
    assert f"what {name} needs" in text
    assert demo.PAGE_ADDRESS in text
    assert demo.is_trained(folder, trade_demo.demo_name(name))
    assert not demo.is_trained(folder)  # it is not the demo of films
    expected = {
        "news": "Breaking:",
        "shop": "running out",
        "video": "A child of 9",
        "music": "goes on from it",
    }[name]
    assert expected in " ".join(text.split())
