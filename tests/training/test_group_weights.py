"""How much people of a group count in a training."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import User
from foretaste.errors import InputError, SettingsError
from foretaste.loop import Foretaste
from foretaste.training.candidate import split_to_serve
from foretaste.training.group_weights import MAX_WEIGHT_RATIO, user_weights

USERS = [
    *(User(f"m{number}", {"gender": ("M",), "country": ("de",)}) for number in range(6)),
    *(User(f"f{number}", {"gender": ("F",), "country": ("fr",)}) for number in range(2)),
    User("unknown", {"country": ("de",)}),
    User("elsewhere", {"gender": ("X",)}),  # nobody learns from them
]
LEARNT = [*(f"m{number}" for number in range(6)), "f0", "f1", "unknown", "no attributes"]


def test_without_settings_all_count_alike() -> None:
    assert user_weights({}, USERS, LEARNT) == {}


def test_equal_values_count_as_much_together_and_the_mean_is_one() -> None:
    weights = user_weights({"gender": "equal"}, USERS, LEARNT)
    assert sum(weights[f"m{number}"] for number in range(6)) == pytest.approx(
        weights["f0"] + weights["f1"]
    )
    assert weights["unknown"] == weights["no attributes"]
    assert sum(weights.values()) == pytest.approx(len(LEARNT)) == len(weights)


def test_values_count_what_is_said_and_several_attributes_multiply() -> None:
    weights = user_weights({"gender": {"F": 2.0}, "country": {"fr": 1.5, "de": 0.5}}, USERS, LEARNT)
    assert weights["f0"] / weights["m0"] == pytest.approx(2.0 * 1.5 / 0.5)
    assert weights["unknown"] == pytest.approx(weights["m0"])


def test_nobody_counts_more_than_so_many_times() -> None:
    crowd = [User(f"c{number}", {"kind": ("many",)}) for number in range(500)]
    rare = User("rare", {"kind": ("rare",)})
    names = [*(user.id for user in crowd), "rare"]
    assert user_weights({"kind": "equal"}, [*crowd, rare], names)["rare"] == MAX_WEIGHT_RATIO


def test_what_nobody_has_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match="attribute 'gendr'; did you mean 'gender'"):
        user_weights({"gendr": "equal"}, USERS, LEARNT)
    with pytest.raises(InputError, match="nobody's 'gender' is 'D'; expected one of F, M"):
        user_weights({"gender": {"D": 2.0}}, USERS, LEARNT)
    with pytest.raises(InputError, match="no user has any attribute"):
        user_weights({"gender": "equal"}, [], LEARNT)


def test_a_training_has_the_weights_of_its_people(trained: Path) -> None:
    loop = Foretaste.open(trained, settings={"model.group_weights": {"age": {"old": 3.0}}})
    loop.store.put_users([User("u1", {"age": ("old",)})])
    items = {item.id: item for _, item in loop.store.items()}
    interactions, _, _ = loop.interactions(items)
    split = partial(split_to_serve, loop.config)
    encoded = loop.data_encoder.encode_split(interactions, items, split)
    training = loop.training(encoded)
    weights = training.weights_of(training.interactions)
    assert weights is not None
    heavy = training.interactions.users[int(np.argmax(weights))]
    assert heavy == "u1"
    assert weights.max() / weights.min() == pytest.approx(3.0)
    loop.close()


def test_with_a_privacy_budget_they_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no model.group_weights"):
        Foretaste.open(
            tmp_path,
            settings={
                "privacy.epsilon": 4.0,
                "privacy.delta": 1e-6,
                "model.group_weights": {"gender": "equal"},
            },
        )
