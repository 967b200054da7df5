import json

import numpy as np
import pytest

from foretaste.evaluate.protocols import RankingResult, evaluate_model
from foretaste.evaluate.report import evaluation_summary, results_table

from .helpers import Fixed, cases, follows


def results() -> dict[str, RankingResult]:
    starts = np.random.default_rng(0).integers(0, 8, 200).tolist()
    held = cases(*([start, start + 1] for start in starts))
    return {
        "product": evaluate_model(follows, held),
        "twin": evaluate_model(follows, held),
        "popularity": evaluate_model(Fixed(*range(10, 0, -1)), held),
    }


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_table_has_a_row_a_model_with_intervals() -> None:
    lines = results_table(results(), rng(), protocol="leave-one-out").splitlines()
    assert lines[0].startswith(
        "leave-one-out: 200 cases of 200 people, all 10 items ranked; ± is half"
    )
    assert lines[3].split() == ["recall@10", "masked", "ndcg@10", "masked"]
    assert lines[4].startswith("Foretaste        ")
    assert "1.0000 ± 0.0000" in lines[4]
    assert "± 0.0" in lines[6]


@pytest.mark.parametrize(
    ("masked", "hide_seen", "head"),
    [
        (True, True, "leave out what the person already took or refused (rank.hide_seen = true)"),
        (False, False, "keep what the person took, not what they refused (rank.hide_seen = false)"),
        (
            False,
            True,
            "keep what the person took, not what they refused (not as shown; as with "
            "rank.hide_seen = false)",
        ),
        (
            True,
            False,
            "leave out what the person already took or refused (not as shown; as with "
            "rank.hide_seen = true)",
        ),
    ],
)
def test_the_head_says_what_is_left_out_and_how_ties_are_broken(
    masked: bool, hide_seen: bool, head: str
) -> None:
    lines = results_table(
        results(), rng(), protocol="time", masked=masked, hide_seen=hide_seen
    ).splitlines()
    assert lines[1] == f"lists {head}; equal scores keep catalogue order"
    assert ("unmasked" in lines[3]) != masked


def test_the_head_counts_what_no_list_can_show() -> None:
    again = {"product": evaluate_model(follows, cases([1, 1], [1, 2], [3, 3]))}
    lines = results_table(again, rng(), protocol="time").splitlines()
    assert lines[2].startswith("2 of the 3 test items are left out so")
    assert "2 of the 3" not in results_table(again, rng(), protocol="time", masked=False)


def test_a_row_that_is_not_below_the_first_for_certain_is_marked() -> None:
    lines = results_table(results(), rng(), protocol="time").splitlines()
    assert [line.endswith(" ~") for line in lines[4:7]] == [False, True, False]
    assert lines[-1] == "~ not below Foretaste for certain (paired over people, 95 %)"
    alone = {"product": results()["product"]}
    assert "~" not in results_table(alone, rng(), protocol="time")


def test_a_row_above_the_first_for_certain_is_marked_and_named() -> None:
    rows = results()
    weak = {
        "popularity": rows["popularity"],
        "transition": rows["twin"],
        "attribute:VK brutto_band": rows["twin"],
    }
    lines = results_table(weak, rng(), protocol="time").splitlines()
    assert [line.endswith(" !") for line in lines[4:7]] == [False, True, True]
    assert lines[-1] == (
        '! better than What is popular for certain: “What follows the last item” ("transition" in '
        'model.experts), “The same VK brutto” ("attribute" in model.experts)'
    )
    assert lines[5].startswith("What follows the last item  ")
    assert "!" not in results_table(results(), rng(), protocol="time")


def test_a_row_that_is_the_first_in_another_state_has_no_mark() -> None:
    text = results_table(results(), rng(), protocol="time", unmarked=("twin",))
    assert "~" not in text
    served = {"product": results()["product"], "as in service": results()["twin"]}
    lines = results_table(served, rng(), protocol="time", unmarked=("as in service",)).splitlines()
    assert lines[5].startswith("Foretaste in service  ")


def test_the_metrics_can_be_chosen() -> None:
    text = results_table(results(), rng(), protocol="time", metrics=("recall@1",), masked=False)
    assert text.splitlines()[3].split() == ["recall@1", "unmasked"]


def test_the_summary_is_the_object_of_the_command_line() -> None:
    found = results()
    said = evaluation_summary(
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
    more = evaluation_summary(
        "time", found["product"], {}, weights=None, cpu_seconds=0, wall_seconds=0, users=671
    )
    assert more["users"] == 671
