"""What says that an item is hidden."""

import pytest

from foretaste.behaviour.values import CellError
from foretaste.behaviour.visibility import parse_hidden


def test_yes_and_no() -> None:
    assert [parse_hidden(raw, "hidden") for raw in ("true", "YES", 1, True, "1", 1.0)] == [True] * 6
    raws = ("False", "no", 0, False, "0", 0.0, None, "", float("nan"))
    assert [parse_hidden(raw, "hidden") for raw in raws] == [False] * 9
    with pytest.raises(CellError, match="hidden 'maybe' is not yes or no; write true or false"):
        parse_hidden("maybe", "hidden")


def test_a_yes_means_what_the_column_says() -> None:
    assert [parse_hidden("yes", name) for name in ("archived", "Is Published")] == [True, False]
