"""How much people count in what is trained. In: the settings, and what is known of people. Out: a
weight for each person who counts more or less than others.

A model is best for those it has most data of. Who wants it as good for a group of few makes each of
them count for more in the loss of the network and where the exponents are chosen ("reweighing",
Kamiran and Calders 2012). What is counted stays as it is: a count is a count.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from foretaste.domain.data import User
from foretaste.errors import InputError, did_you_mean
from foretaste.model.group_settings import EQUAL, GroupWeights

MAX_WEIGHT_RATIO = 10.0
"""How many times as much as the mean somebody counts at most: of a group of three the network would
learn the people by heart."""


def user_weights(
    groups: GroupWeights, users: Iterable[User], learnt_users: Collection[str]
) -> dict[str, float]:
    """User → weight, of all who are learnt from, 1 in the mean. {} without such settings.

    Raises InputError for an attribute or a value that nobody has who is learnt from.
    """
    if not groups:
        return {}
    learnt_ids = set(learnt_users)
    attributes_by_user = {user.id: user.attributes for user in users if user.id in learnt_ids}
    weights = dict.fromkeys(learnt_ids, 1.0)
    for column, wanted_weights in groups.items():
        values = {
            user: attributes[column][0]
            for user, attributes in attributes_by_user.items()
            if attributes.get(column)
        }
        if not values:
            names = sorted({name for own in attributes_by_user.values() for name in own})
            hint = did_you_mean(column, names) if names else "no user has any attribute"
            raise InputError(f"model.group_weights: no user has the attribute '{column}'; {hint}")
        weight_by_value = _value_weights(column, wanted_weights, Counter(values.values()))
        for user, value in values.items():
            weights[user] *= weight_by_value.get(value, 1.0)
    mean = sum(weights.values()) / max(len(weights), 1)
    return {
        user: float(np.clip(weight / mean, 1 / MAX_WEIGHT_RATIO, MAX_WEIGHT_RATIO))
        for user, weight in weights.items()
    }


def _value_weights(
    column: str, wanted_weights: str | Mapping[str, float], counts: Counter[str]
) -> Mapping[str, float]:
    """Value → what each person who has it counts."""
    if wanted_weights == EQUAL:
        return {value: counts.total() / len(counts) / count for value, count in counts.items()}
    assert not isinstance(wanted_weights, str)
    for value in wanted_weights:
        if value not in counts:
            raise InputError(
                f"model.group_weights: nobody's '{column}' is '{value}'; "
                f"{did_you_mean(value, sorted(counts))}"
            )
    return wanted_weights
