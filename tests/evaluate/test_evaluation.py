import json

import pytest

from foretaste.cli import console
from foretaste.domain.data import EvaluationCases
from foretaste.evaluate.evaluation import evaluate_product

from .helpers import cases
from .models import DOWN, SIZE, UP, Product, judged, split
from .shops import items, shop


def steps(people: int = 60) -> EvaluationCases:
    """Everybody takes the item after their last one."""
    return cases(*([n % 8, n % 8 + 1] for n in range(people)))


@pytest.mark.parametrize(("hide_seen", "shown"), [(True, 0), (False, 1)])
def test_the_figures_are_those_of_the_lists_as_they_are_shown(
    hide_seen: bool, shown: float
) -> None:
    again = cases(*([0, 0] for _ in range(20)))
    evaluation = judged(again, Product(UP, DOWN, listens_to=1), hide_seen=hide_seen)
    summary = evaluation.summary()
    assert summary["hide_seen"] is hide_seen
    assert summary["interval"] == [shown, shown]
    assert (summary["masked"]["recall@10"], summary["unmasked"]["recall@10"]) == (0, 1)
    assert evaluation.table() == evaluation.table(masked=hide_seen)
    assert evaluation.manifest_figures()["ndcg@10"] == [shown, shown, shown]
    assert (summary["ahead"]["up"][0] > 0) != hide_seen


def test_an_expert_above_the_product_is_named() -> None:
    # everybody's next item is the last one, which `up` knows and the product does not
    held = cases(*([n % 8, SIZE - 1] for n in range(60)))
    evaluation = judged(held, Product(UP, DOWN, listens_to=1))
    assert evaluation.summary()["better"] == ["up"]
    assert '! better than Foretaste for certain: “up” ("up" in model.experts)' in evaluation.table()
    assert judged(steps(), Product(UP, DOWN)).summary()["better"] == []


def test_lists_are_those_of_the_product_as_in_service() -> None:
    held = steps()
    place = shop(held, items(SIZE))
    served = Product(UP, listens_to=0)
    evaluation = evaluate_product(
        Product(UP, DOWN),
        served,
        split(held),
        training_seconds=(0.0, 0.0),
        hide_seen=True,
        list_inputs=place,
    )
    summary = evaluation.summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    lists = summary["lists"]
    assert lists["most_shown"] == {"item": "i20", "share": 1}, "the last ten are for everybody"
    assert lists["coverage"] == lists["experts"]["up"]["coverage"] == 10 / SIZE


def test_the_product_as_in_service_is_not_an_expert_above_the_product() -> None:
    held = cases(*([n % 8, SIZE - 1] for n in range(60)))
    evaluation = evaluate_product(
        Product(DOWN, listens_to=0),
        Product(UP, listens_to=0),
        split(held),
        training_seconds=(0.0, 0.0),
    )
    assert evaluation.summary()["as_in_service"]["masked"]["recall@10"] == 1
    assert evaluation.summary()["masked"]["recall@10"] == 0
    assert "!" not in evaluation.table()


def test_a_product_that_is_as_in_service_already_is_not_asked_twice() -> None:
    product = Product(UP)
    evaluation = judged(steps(), product)
    assert evaluation.served_product is evaluation.product
    assert product.asked == 60 + 60, "for the ranks and for the calibration"


def test_without_a_shop_no_list_is_looked_at() -> None:
    product = Product(UP)
    assert judged(steps(), product).summary()["lists"] is None
    before = product.asked
    product.asked = 0
    judged(steps(), product, place=shop(steps(), items(SIZE)))
    assert product.asked == before + 60


def test_the_terminal_shows_the_lists_as_shown_first_and_then_what_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = steps()
    console.print_evaluation(
        judged(held, Product(UP), hide_seen=False, place=shop(held, items(SIZE)))
    )
    text = capsys.readouterr().out
    assert text.index("ndcg@10 unmasked") < text.index("ndcg@10 masked")
    assert text.index("ndcg@10 masked") < text.index("the lists show 10 different items")
    assert max(map(len, text.splitlines())) <= 80


def test_the_best_expert_and_the_groups_are_of_the_lists_that_are_shown() -> None:
    held = cases(*([place, place + 1] for place in range(20)))
    evaluation = judged(held, Product(UP, DOWN), place=shop(held, items(SIZE)))
    figures = evaluation.summary()
    assert evaluation.best_expert == "down"  # the first items of the catalogue are taken next
    assert sum(group["cases"] for group in figures["by_activity"]) == 20
    assert sum(group["cases"] for group in figures["by_popularity"]) == 20
    assert len(evaluation.people) == 10
    assert judged(held, Product(UP)).by_activity() == ()
