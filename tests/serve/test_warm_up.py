"""After the warm-up the first list of a person makes nothing that would hold for all."""

from pathlib import Path

from foretaste.generate import messages
from foretaste.loop import Foretaste
from foretaste.serve.warm_up import warm_up_lists


def test_the_first_list_of_a_person_finds_statements_and_words_ready(copied: Path) -> None:
    workspace = Foretaste.open(copied)
    workspace.catch_up()
    messages._list_form.cache_clear()

    def made() -> tuple[int, int]:
        statements = workspace.store._raw_select._compiled_selects
        return len(statements), messages._list_form.cache_info().currsize

    warm_up_lists(workspace)
    made_by_warm_up = made()
    recommendation = workspace.recommend("u1", n=5)
    assert recommendation.items
    assert made() == made_by_warm_up
    workspace.close()
