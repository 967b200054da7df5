"""What is a line of an order and no article."""

import pytest

from foretaste.domain.order_charges import charge_mark, is_charge_title


@pytest.mark.parametrize(
    "title",
    [
        "Versandkosten",
        "Versand DHL 5,90 €",
        "Shipping & Handling",
        "POSTAGE",
        "Delivery charges (UK)",
        "Rabatt 10 %",
        "Frais de port",
        "Gastos de envío",
        "Spese di spedizione",
        "Verzendkosten",
    ],
)
def test_charges(title: str) -> None:
    assert is_charge_title(title)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Shipping News, The (2001)",
        "Portwein 2015",
        "Port",
        "Postage stamp album",
        "Freight train",
        "Geschenkgutschein 50 €",
        "Versandkarton 30x20",
    ],
)
def test_articles(title: str) -> None:
    assert not is_charge_title(title)


def test_whoever_names_the_charges_names_all_of_them() -> None:
    assert charge_mark("z4", "Versandkosten", ()) == {}
    assert charge_mark("z5", "Anything", ("z5",)) != {}
