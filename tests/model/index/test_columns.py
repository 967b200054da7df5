"""Columns in blocks: products are those of the whole, and copies share what did not change."""

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.model.index import columns as module
from foretaste.model.index.base import rows_of
from foretaste.model.index.columns import ColumnBlocks

NOTHING = np.empty(0, np.int32)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 8 * 5)


def vectors(count: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)


def made(rows: Floats) -> ColumnBlocks:
    return ColumnBlocks.of(rows_of(rows), len(rows))


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 30])
def test_products_are_those_of_the_whole(count: int) -> None:
    rows, queries = vectors(count), vectors(3, seed=1)
    blocks = made(rows)

    assert blocks.size == count
    np.testing.assert_allclose(blocks.products(queries), queries @ rows.T, atol=1e-5)
    for some in (np.arange(0, count, 12, dtype=np.int32), np.arange(count, dtype=np.int32)[::-1]):
        np.testing.assert_allclose(
            blocks.products_with(queries, some), queries @ rows[some].T, atol=1e-5
        )


@pytest.mark.parametrize("count", [0, 5, 8, 20])
@pytest.mark.parametrize("more", [0, 1, 3, 25])
def test_an_extension_has_the_new_and_the_changed(count: int, more: int) -> None:
    rows, queries = vectors(count), vectors(2, seed=1)
    new, changed = vectors(more, seed=2), np.arange(0, count, 6, dtype=np.int32)
    replacement = vectors(len(changed), seed=3)
    expected = np.concatenate([rows, new])
    expected[changed] = replacement
    blocks = made(rows)
    extended = blocks.extended(new, changed, replacement)

    np.testing.assert_allclose(extended.products(queries), queries @ expected.T, atol=1e-5)
    np.testing.assert_allclose(blocks.products(queries), queries @ rows.T, atol=1e-5)


def test_only_the_blocks_of_changed_columns_are_copied() -> None:
    blocks = made(vectors(30))
    extended = blocks.extended(vectors(1, seed=2), np.array([9], np.int32), vectors(1, seed=3))
    shared = [
        np.shares_memory(mine.columns, theirs.columns)
        for mine, theirs in zip(blocks._blocks, extended._blocks, strict=True)
    ]

    assert shared == [True, False, True, True]


def test_two_extensions_of_the_same_do_not_meet() -> None:
    rows, query = vectors(10), vectors(1, seed=1)
    blocks = made(rows)
    new = [vectors(3, seed=seed) for seed in (2, 3)]
    first, second = (blocks.extended(some, NOTHING, rows[:0]) for some in new)

    for extended, some in zip((first, second), new, strict=True):
        expected = query @ np.concatenate([rows, some]).T
        np.testing.assert_allclose(extended.products(query), expected, atol=1e-5)
