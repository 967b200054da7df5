"""Exact search in 8 bits: every item's vector, and each query, is whole numbers from -127 to 127
times a step of its own. To compare a query with all items is to read them all, and these are a
quarter of the bytes.

Products of whole numbers are exact, in 32 bits of either kind, so all machines give the same; those
whose CPU multiplies bytes are faster. PyTorch, which does that, is imported when first needed.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import quantize
from foretaste.domain.data import Floats, Ints
from foretaste.model.expert_scorer import top_positions
from foretaste.model.index.base import Rows, VectorIndex, log_sum_exp
from foretaste.model.index.columns import ColumnBlocks

Bytes = npt.NDArray[np.int8]
MAX_DIM = 2**24 // 127**2
"""Up to here sums of products of bytes are whole numbers that 32 bits of a float hold."""


class QuantizedIndex(VectorIndex):
    """All vectors in 8 bits; an extension is a copy."""

    is_exact = True

    def __init__(self, codes: Bytes, steps: Floats, *, as_bytes: bool | None = None) -> None:
        """codes: [items, dim]; steps: [items]. as_bytes: multiply these; None if the CPU can."""
        self._codes, self._steps, self.size = codes, steps, len(codes)
        self._multiplies_bytes = as_bytes

    @classmethod
    def of(cls, rows: Rows, size: int) -> Self:
        """Every item's vector."""
        return cls(*quantize(rows(np.arange(size, dtype=np.int32))))

    def scores(self, queries: Floats) -> Floats:
        """[queries, items]"""
        codes, steps = quantize(queries)
        products = self._products(codes)
        products *= self._steps
        products *= steps[:, None]
        return products

    def scores_of(self, queries: Floats, items: Ints) -> Floats:
        """[queries, those items]"""
        codes, steps = quantize(queries)
        products = codes.astype(np.float32) @ self._codes[items].astype(np.float32).T
        return np.asarray(products * self._steps[items] * steps[:, None])

    def nearest(self, query: Floats, k: int) -> Ints:
        """Exactly the k nearest."""
        return top_positions(self.scores(query[None])[0], k)

    def log_partition(self, queries: Floats) -> Floats:
        """[queries], exact."""
        return log_sum_exp(self.scores(queries))

    def log_partition_given(self, query: Floats, nearest: Ints, scores: Floats) -> float:
        """Exact."""
        return float(self.log_partition(query[None])[0])

    def extended(self, rows: Rows, size: int, changed: Sequence[int]) -> "QuantizedIndex":
        """New vectors at the end, and those that changed in their places."""
        new_codes, new_steps = quantize(rows(np.arange(self.size, size, dtype=np.int32)))
        codes = np.concatenate([self._codes, new_codes])
        steps = np.concatenate([self._steps, new_steps])
        if len(changed):
            items = np.array(changed, np.int32)
            codes[items], steps[items] = quantize(rows(items))
        return QuantizedIndex(codes, steps)

    def _products(self, codes: Bytes) -> Floats:
        """[queries, dim] → [queries, items], whole numbers."""
        if multiplies_bytes() if self._multiplies_bytes is None else self._multiplies_bytes:
            import torch

            products = torch._int_mm(torch.from_numpy(codes), self._transposed)
            return np.asarray(products.numpy().astype(np.float32))
        return self._columns.products(codes.astype(np.float32))

    @cached_property
    def _transposed(self) -> Any:
        """[dim, items], a tensor."""
        import torch

        return torch.from_numpy(self._codes).T

    @cached_property
    def _columns(self) -> ColumnBlocks:
        """The codes for a CPU that multiplies floats alone."""
        return ColumnBlocks.of(lambda items: self._codes[items].astype(np.float32), self.size)


@lru_cache(maxsize=1)
def multiplies_bytes() -> bool:
    """Whether the CPU does so itself (VNNI), and PyTorch has it do so and comes to the same."""
    import torch

    is_supported = getattr(torch.cpu, "_is_vnni_supported", None)
    if is_supported is None or not is_supported() or not hasattr(torch, "_int_mm"):
        return False
    codes = np.random.default_rng(0).integers(-127, 128, (64, 384)).astype(np.int8)
    codes[0] = 127
    products = torch._int_mm(torch.from_numpy(codes[:1]), torch.from_numpy(codes).T).numpy()
    return bool((products == codes[:1].astype(np.int32) @ codes.T.astype(np.int32)).all())
