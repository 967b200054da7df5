"""Copies of one network in several processes, each taught by other events. In: the gradients of
each; out: their mean, in each.

Each copy begins with the same parameters, takes its part of a batch and then the same step, so all
stay the same: data parallelism, as PyTorch's own wrapper has it. That one takes no gradients of the
rows in a batch alone; here those of all copies are put together.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from foretaste.domain.cluster import Seat
from foretaste.domain.data import Doubles, Longs
from foretaste.errors import ClusterError

Table = nn.Embedding | nn.EmbeddingBag
MAX_WAIT = timedelta(minutes=10)
"""For another copy, which may be compiling or reading; a dead one is noticed at once."""

UNSHARED_FOLDER = (
    "the workers of the cluster do not see the same checkpoint; the workspace folder must be the "
    "same under its path on all machines"
)


class Replicas:
    """One copy among the others; alone it has nothing to do."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def is_first(self) -> bool:
        """Whether this is the copy that writes things down."""
        return self.rank == 0

    def seed_epoch(self, seed: int, epoch: int) -> None:
        """Have all chance in an epoch come from the seed, its number and which copy this is."""
        torch.manual_seed(seed * 100_003 + epoch + self.rank * 1_000_003)

    def share(self, rows: Longs) -> Longs:
        """The part of a batch, or of anything else, that is this copy's: all parts are alike."""
        return rows[self.rank :: self.size]

    def total(self, numbers: Sequence[float]) -> Doubles:
        """The sums over all copies."""
        totals = torch.tensor(numbers, dtype=torch.float64)
        if self.size > 1:
            totals = totals.to(_device())
            distributed.all_reduce(totals)
        return totals.cpu().numpy()

    def average_gradients(
        self, parameters: Sequence[nn.Parameter], events: int, tables: Sequence[Table] = ()
    ) -> bool:
        """Have each gradient be the mean over the events of all copies. events: those of this one's
        gradient. tables: of which a batch touches few rows; these alone are sent. → whether there
        were any events.
        """
        if self.size == 1:
            return events > 0
        touched = [_touched_rows(table.weight) for table in tables]
        counts = np.zeros((len(tables), self.size))
        counts[:, self.rank] = [len(rows) for rows, _ in touched]
        event_count, *row_counts = self.total([events, *counts.flatten()])
        if not event_count:
            return False
        share = events / event_count
        weights = {id(table.weight) for table in tables}
        _average_dense([p for p in parameters if id(p) not in weights], share)
        longest = np.reshape(row_counts, counts.shape).max(axis=1, initial=0).astype(int).tolist()
        for table, (rows, values), row_count in zip(tables, touched, longest, strict=True):
            all_rows, all_values = _gathered(rows, values * share, row_count, self.size)
            _sum_rows(table, rows, all_rows, all_values)
        return True

    def require_same(self, number: int, problem: str) -> None:
        """ClusterError with the problem where the copies have different numbers."""
        if self.total([number, number * number])[1] * self.size != self.total([number])[0] ** 2:
            raise ClusterError(problem)


ALONE = Replicas()


@contextmanager
def joined(seat: Seat, device: torch.device) -> Iterator[Replicas]:
    """Among the others, who meet at the address of the seat."""
    if seat.size == 1:
        yield ALONE
        return
    distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=f"tcp://{seat.address}",
        rank=seat.rank,
        world_size=seat.size,
        timeout=MAX_WAIT,
    )
    try:
        yield Replicas(seat.rank, seat.size)
    finally:
        distributed.destroy_process_group()


def _device() -> torch.device:
    """Where what is exchanged must be."""
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")


def _average_dense(parameters: Sequence[Tensor], share: float) -> None:
    """All in one message: one takes about as long as a small one."""
    gradients = [
        torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for parameter in parameters
    ]
    message = torch.cat([gradient.flatten() for gradient in gradients]) * share
    distributed.all_reduce(message)
    parts = message.split([gradient.numel() for gradient in gradients])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.grad = part.view_as(parameter)


def _touched_rows(parameter: Tensor) -> tuple[Tensor, Tensor]:
    """(rows, values) of the rows whose gradient is not zero."""
    gradient = parameter.grad
    if gradient is None:
        rows = torch.empty(0, dtype=torch.int64, device=parameter.device)
        return rows, torch.empty(0, parameter.shape[1], device=parameter.device)
    if gradient.is_sparse:
        gradient = gradient.coalesce()
        return gradient.indices()[0], gradient.values()
    rows = (gradient.norm(dim=1) > 0).nonzero()[:, 0]
    return rows, gradient[rows]


def _gathered(
    rows: Tensor, values: Tensor, row_count: int, size: int
) -> tuple[list[Tensor], list[Tensor]]:
    """(rows, values) of each copy. row_count: those of the copy with the most; others are filled up
    with zeros for row 0.
    """
    padding = row_count - len(rows)
    all_rows = [rows.new_empty(row_count) for _ in range(size)]
    all_values = [values.new_empty(row_count, values.shape[1]) for _ in range(size)]
    distributed.all_gather(all_rows, functional.pad(rows, (0, padding)))
    distributed.all_gather(all_values, functional.pad(values, (0, 0, 0, padding)))
    return all_rows, all_values


def _sum_rows(table: Table, rows: Tensor, all_rows: list[Tensor], all_values: list[Tensor]) -> None:
    """Have the table's gradient be the sum of the rows of all copies. rows: those that it has."""
    parameter = table.weight
    if table.sparse:
        parameter.grad = torch.sparse_coo_tensor(
            torch.cat(all_rows)[None],
            torch.cat(all_values),
            parameter.shape,
            check_invariants=False,
        ).coalesce()
        return
    gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    gradient[rows] = 0
    for copy_rows, copy_values in zip(all_rows, all_values, strict=True):
        gradient.index_add_(0, copy_rows, copy_values)
    parameter.grad = gradient
