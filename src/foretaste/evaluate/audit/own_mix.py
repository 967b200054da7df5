"""Whether a list keeps to a person's own mix: miscalibration as Steck 2018 defines it, by a column.

C(p, q) = Σ p(g) · log(p(g) / ((1 - α) · q(g) + α · p(g))), with p the mix of what the person took,
q that of their list and α = .01. It is never 0 for a list of ten, which cannot hold every share: so
it stands beside that of ten items drawn from what the person took, and of one list for everybody.
"""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.data import Doubles, Ints
from foretaste.domain.mixes import divergence
from foretaste.evaluate.audit.audit_sample import AuditSample
from foretaste.evaluate.audit.figures import AuditFigure, AuditSection
from foretaste.evaluate.audit.item_groups import ItemGroups
from foretaste.evaluate.metrics import intervals

MIN_HISTORY = 5
"""Items of a kind that a person must have taken to have a mix."""
MAX_LOSS = 0.5
"""Of the way from a person's own mix to that of one list for everybody, that is let pass."""


def mix(items: Ints, groups: ItemGroups) -> Doubles:
    """[groups], the shares among these items; zeros where none has a value."""
    sums = groups.shares[items].sum(0)
    total = sums.sum()
    return np.asarray(sums / total if total else sums)


def own_mix_section(
    sample: AuditSample, groups: Sequence[ItemGroups], rng: np.random.Generator
) -> AuditSection:
    """How far lists are from each person's own mix, for each column."""
    figures: list[AuditFigure] = []
    for group in groups:
        figures += _column_figures(sample, group, rng)
    flagged = [figure.name.partition(":")[0] for figure in figures if figure.is_flagged]
    if not groups:
        verdict = (
            "No column of the items has kinds (such as genre, category or brand) to compare; name "
            "one with --column."
        )
    elif not figures:
        verdict = f"Nobody took {MIN_HISTORY} items with a value of these columns."
    elif flagged:
        verdict = f"Lists do not keep to what each person takes, by {', '.join(flagged)}."
    else:
        verdict = "Lists keep to the mix of what each person takes, as far as lists can."
    return AuditSection(
        "own mix",
        "Whether lists keep to each person's own mix",
        tuple(figures),
        "Whoever takes seven dramas and three comedies expects about such a mix (miscalibration, "
        "Steck 2018): 0 is the same mix, and the higher, the further from it. Of people who took "
        f"at least {MIN_HISTORY} items with a value.",
        verdict,
        f're-rank to it: [rank] own_mix = 0.1, own_mix_column = "{flagged[0]}", or `own_mix` in a '
        "request; what it costs is in docs/operations.md"
        if flagged
        else "",
        usual_name="the same number of their own items, drawn by chance",
    )


def _column_figures(
    sample: AuditSample, groups: ItemGroups, rng: np.random.Generator
) -> list[AuditFigure]:
    popular = np.argsort(-sample.event_counts, kind="stable")[: sample.lists.shape[1]]
    one_list = mix(popular.astype(np.int32), groups)
    own_rows, shown_rows, drawn_rows = [], [], []
    for items, history in zip(sample.lists, sample.histories, strict=True):
        valued = history[groups.shares[history].any(axis=1)]
        list_items = items[items >= 0]
        if len(valued) < MIN_HISTORY or not groups.shares[list_items].any():
            continue
        own_rows.append(mix(valued, groups))
        shown_rows.append(mix(list_items, groups))
        drawn_rows.append(mix(rng.choice(valued, len(list_items)), groups))
    if not own_rows:
        return []
    own_mixes = np.stack(own_rows)
    values = np.stack(
        [
            divergence(own_mixes, np.stack(shown_rows)),
            divergence(own_mixes, np.stack(drawn_rows)),
            divergence(own_mixes, np.broadcast_to(one_list, own_mixes.shape)),
        ],
        axis=1,
    )
    of_lists, of_draws, of_one_list = intervals(values, np.arange(len(values)), rng)
    limit = of_draws.mean + MAX_LOSS * (of_one_list.mean - of_draws.mean)
    return [
        AuditFigure(
            f"{groups.column}: lists",
            of_lists,
            usual=of_draws.mean,
            size=len(values),
            is_flagged=of_lists.low > max(limit, of_draws.mean),
        ),
        AuditFigure(
            f"{groups.column}: what is popular, the same for everybody",
            of_one_list,
            usual=of_draws.mean,
            size=len(values),
        ),
    ]
