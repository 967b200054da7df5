"""What is said of a column that was read."""

from foretaste.behaviour.reading.numbers import read_number_column
from foretaste.behaviour.settings import BehaviourSettings


def test_a_column_has_its_values_the_share_that_is_read_and_samples() -> None:
    reading = read_number_column(["1", "", "x", "2.5"], "value", BehaviourSettings())

    assert reading.values == [1.0, None, None, 2.5]
    assert reading.share == 2 / 3
    assert reading.samples == (("1", "1.0"), ("2.5", "2.5"))
    assert reading.parse("3") == 3.0
