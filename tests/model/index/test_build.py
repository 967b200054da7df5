"""The index that suits a catalogue's size, one for all who ask."""

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.model.index import base
from foretaste.model.index.base import rows_of
from foretaste.model.index.build import build_index, extend_index, extended_index, shared_index
from foretaste.model.index.exact import ExactIndex
from foretaste.model.index.ivf import IvfIndex
from model.index.vectors import ITEMS, clustered


@pytest.fixture(scope="module")
def rows() -> Floats:
    return clustered()


def test_the_size_chooses_the_kind(rows: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(build_index(rows_of(rows), len(rows)), ExactIndex)
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", 100)
    assert isinstance(build_index(rows_of(rows), len(rows)), IvfIndex)
    small = build_index(rows_of(rows), 90)
    assert isinstance(small, ExactIndex)
    assert isinstance(extend_index(small, rows_of(rows), 100, ()), ExactIndex)
    assert isinstance(extend_index(small, rows_of(rows), 101, ()), IvfIndex)


def test_without_what_changed_all_is_read_again(rows: Floats) -> None:
    first = build_index(rows_of(rows), 100)
    anew = extend_index(first, rows_of(rows[::-1]), 100, None)
    np.testing.assert_allclose(anew.scores(rows[:1]), rows[:1] @ rows[::-1][:100].T, atol=1e-5)


def test_an_index_is_made_once_for_all_who_ask(rows: Floats) -> None:
    first = shared_index(rows)
    assert shared_index(rows) is first
    more = np.concatenate([rows, rows[:1]])
    extended = extended_index(first, more, ())

    assert extended_index(first, more, ()) is extended
    assert extended_index(first, rows, ()) is first
    assert extended_index(first, rows, None) is first, "these vectors are read already"
    assert extended.index.size == ITEMS + 1
