"""Numbers with units: a column of them is read as a whole, in one unit and with a point."""

import pytest
from price_parser import Price

from foretaste.behaviour.reading.measures import Measure, find_measure
from foretaste.behaviour.reading.prices import is_price_column
from foretaste.behaviour.settings import BehaviourSettings

SETTINGS = BehaviourSettings()


@pytest.mark.parametrize(
    ("cells", "measure", "as_read"),
    [
        (
            ["2,75 kg", "1,5 kg", "500 g", "1.250 g", "500 g / 1 kg"],
            Measure("kg", ","),
            ["2.75 kg", "1.5 kg", "0.5 kg", "1.25 kg", ["0.5 kg", "1 kg"]],
        ),
        (["15.6 inch", "14 inch", "13.3 inch"], Measure("inch", "."), None),
        (["1,200 g", "12.5 g"], Measure("g", "."), ["1200 g", "12.5 g"]),
        (["0,75l", "1 Liter", "1,5l"], Measure("l", ","), ["0.75 l", "1 l", "1.5 l"]),
        (["4,5", "3,8", "4"], Measure("", ","), ["4.5", "3.8", "4"]),
        (["4.5", "3.8", "4"], None, None),  # as programs write them
        (["850", "1.200", "2.050", "90"], Measure("", ","), ["850", "1200", "2050", "90"]),
        (["850 mm", "1.200 mm"], Measure("mm", ","), ["850 mm", "1200 mm"]),
        (["1.125", "2", "3.375", "5"], None, None),  # eighths of an inch
        (["1.250", "2.500"], None, None),  # of either kind
        (["1,250", "2,500"], None, None),
        (["850", "1,200", "2,050"], Measure("", "."), ["850", "1200", "2050"]),
        (["1,5 kg", "red", "2 m"], None, None),
        (["10 kg", "20 m", "30 l", "5 cm"], None, None),  # measures of different things
        (["12,90 €", "5,00 €"], None, None),  # prices
        (["S", "M", "L"], None, None),
    ],
)
def test_the_column_decides_unit_and_mark(
    cells: list[str], measure: Measure | None, as_read: list[object] | None
) -> None:
    found = find_measure(cells, SETTINGS)

    assert found == measure
    if measure is not None:
        assert [measure.read(cell) for cell in cells] == (as_read or cells)


def test_the_setting_wins_over_the_values() -> None:
    german = BehaviourSettings(locale="de")
    found = find_measure(["1.200 g", "1.500 g"], german)

    assert found is not None
    assert found.read("1.200 g") == "1200 g"


def test_what_is_no_measure_stays() -> None:
    measure = Measure("kg", ",")

    assert [measure.read(cell) for cell in ("heavy", "3 m", 5, None)] == ["heavy", "3 m", 5, None]


def test_a_text_without_a_digit_is_no_number_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """price-parser looks for each currency there is, and most columns hold texts."""
    monkeypatch.setattr(Price, "fromstring", pytest.fail)
    assert find_measure(["free", "two", "€"], BehaviourSettings()) is None
    assert not is_price_column("note", ["free", "two", "€"])
