"""Who has the canary, and the file that says which version it is."""

from pathlib import Path

import pytest

from foretaste.errors import ModelError, VersionError
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.canary import Canary
from foretaste.model.product import ProductOfExperts

from .test_artefacts import save
from .world import World

PEOPLE = [f"u{number}" for number in range(4000)]


def test_it_answers_its_share_of_the_people_always_the_same() -> None:
    small, large = Canary("a", 0.1), Canary("a", 0.3)
    chosen = {person for person in PEOPLE if small.includes(person)}
    assert 0.08 < len(chosen) / len(PEOPLE) < 0.12
    assert chosen == {person for person in PEOPLE if Canary("a", 0.1).includes(person)}
    assert all(large.includes(person) for person in chosen), "a larger share keeps whom it had"
    others = {person for person in PEOPLE if Canary("b", 0.1).includes(person)}
    assert len(chosen & others) < 0.3 * len(chosen), "another canary has other people"
    assert all(Canary("a", 1.0).includes(person) for person in PEOPLE)


def test_it_is_tried_until_it_ends_or_is_live(
    tmp_path: Path, product: ProductOfExperts, here: World
) -> None:
    models = ModelRegistry(tmp_path / "models")
    days = [1.7e9 + day * 86_400 for day in range(4)]
    live, tried, *newer = [save(models, product, here, created=day) for day in days]
    models.promote(live)
    assert models.canary() is None
    with pytest.raises(VersionError, match="no model version 'x'"):
        models.set_canary(Canary("x", 0.1))
    models.set_canary(Canary(tried, 0.1))
    assert ModelRegistry(models.folder).canary() == Canary(tried, 0.1)

    models.prune(1)
    assert {version.name for version in models.versions()} == {live, tried, newer[-1]}
    tried = models.amend(tried, {"measured": 1})
    assert models.canary() == Canary(tried, 0.1), "by its new name"
    models.promote(newer[-1])
    assert models.canary() == Canary(tried, 0.1)
    models.promote(tried)
    assert models.canary() is None
    models.rollback()
    assert models.canary() is None

    models.set_canary(Canary(tried, 0.5))
    models.set_canary(None)
    models.set_canary(None)
    assert models.canary() is None
    (models.folder / "canary.json").write_text("{")
    with pytest.raises(ModelError, match=r"canary\.json cannot be read; delete it"):
        models.canary()
    models.promote(live)
    models.prune(1)  # neither fails for it
    assert models.live_name() == live
