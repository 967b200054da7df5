"""Groups of items that are shown less than people take them are found, and others are not."""

import numpy as np
import pytest

from evaluate.audit.samples import sample
from foretaste.domain.audit_settings import AuditSettings
from foretaste.errors import InputError
from foretaste.evaluate.audit.item_groups import exposure_section, item_groups

BRANDS = [("big",)] * 10 + [("small",)] * 10
SETTINGS = AuditSettings()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_brand_that_is_shown_half_as_much_is_flagged() -> None:
    histories = [[0, 10], [1, 11]] * 30  # both brands are taken alike
    lists = [[0, 1, 2, 10]] * 60  # the small one has one place of four, the last
    data = sample(lists, histories, 20, brand=BRANDS)
    section = exposure_section(data, [item_groups(data.catalogue, "brand", 12)], SETTINGS, rng())
    figures = {figure.name: figure for figure in section.figures}
    attention = 1 / np.log2(np.arange(4) + 2)
    expected = attention[3] / attention.sum() / 0.5
    assert figures["brand: small"].value.mean == pytest.approx(expected)
    assert figures["brand: small"].is_flagged
    assert "brand: small" in section.verdict


def test_what_is_shown_as_it_is_taken_is_not_flagged() -> None:
    generator = rng()
    histories = [generator.choice(20, 6, replace=False).tolist() for _ in range(100)]
    lists = [generator.choice(20, 6, replace=False).tolist() for _ in range(100)]
    data = sample(lists, histories, 20, brand=BRANDS)
    section = exposure_section(data, [item_groups(data.catalogue, "brand", 12)], SETTINGS, rng())
    assert section.flagged == []
    assert section.remedy == ""


def test_new_items_are_a_group_of_their_own() -> None:
    histories = [[0, 1, 2, 3]] * 30 + [[0, 19]]
    data = sample([[0, 1, 2]] * 31, histories, 20)
    taken_then = [np.array([99, 99, 99, 1])] * 30 + [np.array([99, 0])]
    data = type(data)(data.lists, data.histories, data.event_counts, data.catalogue, 20, taken_then)
    section = exposure_section(data, [], SETTINGS, rng())
    new = next(figure for figure in section.figures if "at most 2" in figure.name)
    assert new.value.mean == 0  # a quarter of what is taken was new then, and none is shown
    assert new.is_flagged


def test_numbers_make_bands_and_rare_values_stand_together() -> None:
    years = [(str(1980 + number),) for number in range(20)]
    makers = [(f"maker {min(number, 5)}",) for number in range(20)]
    data = sample([[0]], [[0]], 20, year=years, maker=makers)
    assert item_groups(data.catalogue, "year", 12).names[0] == "1980 to 1984"
    groups = item_groups(data.catalogue, "maker", 2)
    assert groups.names[-1] == "other maker"
    assert groups.shares[:-1].sum(1).tolist() == [1.0] * 20


def test_a_column_that_is_not_there_is_refused_with_those_there_are() -> None:
    data = sample([[0]], [[0]], 20, brand=BRANDS)
    with pytest.raises(InputError, match=r"no column 'brnd' of items; did you mean 'brand'\?"):
        item_groups(data.catalogue, "brnd", 12)
