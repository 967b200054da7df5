from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import foretaste
from foretaste.errors import InputError, SettingsError
from foretaste.loop import Foretaste


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    with closing(foretaste.open(trained)) as shop:
        yield shop


def test_settings_are_compared_on_the_same_people(shop: Foretaste) -> None:
    before = [version.name for version in shop.models.versions()]
    told: list[tuple[str, int, int]] = []
    shop.progress = lambda task, done, total, note="": told.append((task, done, total))
    comparison = shop.compare(
        {"model.experts": ["popularity"]}, {"model.experts": ["transition"]}, seeds=2
    )
    assert comparison.better == "B"  # everybody goes from one item to the next
    assert (comparison.cases, comparison.seeds) == (30, 2)
    assert comparison.settings_a == {"model.experts": ("popularity",)}
    assert comparison.settings_b == {"model.experts": ("transition",)}
    assert [version.name for version in shop.models.versions()] == before
    assert ("comparing settings", 4, 4) in told


def test_what_cannot_be_compared_is_told(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="are the same"):
        shop.compare({}, {"model.seed": 0})
    with pytest.raises(InputError, match="seeds: 0"):
        shop.compare({}, {"model.seed": 1}, seeds=0)
    with pytest.raises(SettingsError, match=r"\[model\] has no key 'exprts'"):
        shop.compare({}, {"model.exprts": []})
    with pytest.raises(InputError, match="unknown protocol"):
        shop.compare({}, {"model.seed": 1}, protocol="chance")
