import json

import numpy as np

from foretaste.evaluate.protocols import Result, evaluate
from foretaste.evaluate.report import summary, table

from .helpers import Fixed, cases, follows


def results() -> dict[str, Result]:
    starts = np.random.default_rng(0).integers(0, 8, 200).tolist()
    held = cases(*([start, start + 1] for start in starts))
    return {
        "product": evaluate(follows, held),
        "twin": evaluate(follows, held),
        "popularity": evaluate(Fixed(*range(10, 0, -1)), held),
    }


def test_a_table_has_a_row_a_model_with_intervals() -> None:
    said = table(results(), np.random.default_rng(0), protocol="leave-one-out")
    lines = said.splitlines()
    assert lines[0].startswith(
        "leave-one-out: 200 cases of 200 people, all 10 items ranked; ± is half"
    )
    assert lines[2].split() == [
        *("recall@10", "masked", "ndcg@10", "masked"),
        *("recall@10", "unmasked", "ndcg@10", "unmasked"),
    ]
    assert lines[3].startswith("product     ")
    assert "1.0000 ± 0.0000" in lines[3]
    assert "± 0.0" in lines[5]


def test_a_row_that_is_not_below_the_first_for_certain_is_marked() -> None:
    lines = table(results(), np.random.default_rng(0), protocol="time").splitlines()
    assert [line.endswith(" ~") for line in lines[3:6]] == [False, True, False]
    assert lines[-1] == "~ not below product for certain (paired over people, 95 %)"
    alone = {"product": results()["product"]}
    assert "~" not in table(alone, np.random.default_rng(0), protocol="time")


def test_columns_can_be_chosen() -> None:
    said = table(
        results(), np.random.default_rng(0), protocol="time", columns=(("recall@1", "unmasked"),)
    )
    assert said.splitlines()[2].split() == ["recall@1", "unmasked"]


def test_the_summary_is_the_object_of_the_command_line() -> None:
    found = results()
    said = summary(
        "time",
        found["product"],
        {"popularity": found["popularity"]},
        weights={"popularity": 0.5},
        cpu_seconds=1.23456,
        wall_seconds=2.0,
    )
    assert json.loads(json.dumps(said)) == said
    assert said["protocol"] == "time"
    assert (said["users"], said["items"], said["cases"]) == (200, 10, 200)
    names = {"recall@5", "recall@10", "ndcg@5", "ndcg@10"}
    for figures in (said, said["experts"]["popularity"]):
        assert set(figures["masked"]) == set(figures["unmasked"]) == names
    assert said["weights"] == {"popularity": 0.5}
    assert (said["cpu_seconds"], said["wall_seconds"]) == (1.23, 2.0)
    more = summary(
        "time", found["product"], {}, weights=None, cpu_seconds=0, wall_seconds=0, users=671
    )
    assert more["users"] == 671
