"""What two models did on the same cases, with several seeds; how far apart they are out.

A difference has two sources of chance: the people who happen to be measured, and the seeds with
which the models were fitted. Both are crossed, as every seed is measured on everybody, so the
variance of the mean is that of a two-way layout with random people and seeds (Brennan 2001,
“Generalizability Theory”, section 6; that seeds matter: Bouthillier et al. 2021, “Accounting for
variance in machine learning benchmarks”).
"""

import numpy as np
from scipy import special

from foretaste.domain.data import Doubles, Longs
from foretaste.evaluate.metrics import Interval

LEVEL = 0.95


def seeded_difference(a: Doubles, b: Doubles, users: Longs) -> Interval:
    """Of the mean of b - a, with its 95 % interval over people and seeds.

    a, b: [seeds, cases], a metric of each case. users: [cases], who each case belongs to. With one
    seed the interval is over people alone.
    """
    differences = b - a  # [seeds, cases]
    cases = differences.shape[1]
    mean = float(differences.mean())
    _, user_index = np.unique(users, return_inverse=True)
    people = int(user_index.max()) + 1
    # what each person adds to the mean of a seed: cases of a person go together, and the number of
    # cases differs between people (the linearised ratio)
    counts = np.bincount(user_index, minlength=people)
    sums = np.stack([np.bincount(user_index, row, minlength=people) for row in differences])
    values = (sums - mean * counts) * people / cases  # [seeds, people], mean 0 overall
    if people < 2:
        return Interval(mean, -np.inf, np.inf)
    return _interval(mean, values)


def _interval(mean: float, values: Doubles) -> Interval:
    """Two-way random effects without repetition; freedom by Satterthwaite."""
    seeds, people = values.shape
    by_person, by_seed = values.mean(axis=0), values.mean(axis=1)
    person_square = seeds * float(by_person.var(ddof=1))
    variance, freedom = person_square / (seeds * people), float(people - 1)
    if seeds > 1:
        seed_square = people * float(by_seed.var(ddof=1))
        deviations = values - by_person - by_seed[:, None] + values.mean()
        interaction_freedom = (seeds - 1) * (people - 1)
        interaction_square = float(np.square(deviations).sum()) / interaction_freedom
        # seeds that differ no more than chance has them differ add nothing
        extra_square = seed_square - interaction_square
        if extra_square > 0:
            variance += extra_square / (seeds * people)
            spread = (
                person_square**2 / (people - 1)
                + seed_square**2 / (seeds - 1)
                + interaction_square**2 / interaction_freedom
            )
            freedom = (person_square + extra_square) ** 2 / spread if spread else freedom
    half = float(special.stdtrit(max(freedom, 1.0), (1 + LEVEL) / 2) * np.sqrt(variance))
    return Interval(mean, mean - half, mean + half)
