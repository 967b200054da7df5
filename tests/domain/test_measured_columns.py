"""Which columns of numbers measure something."""

import pytest

from foretaste.domain.measured_columns import is_measure_name, is_measured

WHOLE = ["7464", "5300", "5763", "812"]
DECIMAL = ["0,25", "12,50", "3,10", "4"]


@pytest.mark.parametrize(
    ("column", "texts", "measured"),
    [
        ("Gewicht kg", DECIMAL, True),
        ("weight_g", WHOLE, True),
        ("Versandgewicht", WHOLE, True),
        ("Länge (mm)", ["1.200", "850", "2.050"], True),
        ("Seiten", WHOLE, True),
        ("acidity", ["0.31", "0.4", "0.275"], True),
        ("acidity", ["0.31", "low", "high"], False),
        ("Bestellcode", WHOLE, False),
        ("Bestellcode", ["10.234", "10.241", "11.250"], False),  # thousands of codes
        ("Modell", ["4711.01", "4711.02"], False),
        ("Geo Lat", ["51.859504", "52.806821"], False),
        ("Gewicht", [], False),
    ],
)
def test_a_column(column: str, texts: list[str], measured: bool) -> None:
    assert is_measured(column, texts) is measured


@pytest.mark.parametrize("column", ["Gewicht kg", "Sitzbreite", "page_width", "netWeightKg"])
def test_names_of_measures(column: str) -> None:
    assert is_measure_name(column)


@pytest.mark.parametrize("column", ["kg", "Serie", "Jahrgang", "colour", "Nummer"])
def test_other_names(column: str) -> None:
    assert not is_measure_name(column)
