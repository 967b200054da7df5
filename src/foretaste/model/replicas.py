"""Copies of one network in several processes, each taught by other events. In: the gradients of
each; out: their mean, in each.

Each copy begins with the same parameters, takes its part of a batch and then the same step, so all
stay the same: data parallelism, as PyTorch's own wrapper has it. That one takes no gradients of the
identities in a batch alone; here those of all copies are put together.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed

from foretaste.domain.cluster import Seat
from foretaste.domain.data import Doubles, Longs
from foretaste.errors import ClusterError
from foretaste.model.sequence_network import SequenceNetwork

MAX_WAIT = timedelta(minutes=10)
"""For another copy, which may be compiling or reading; a dead one is noticed at once."""


class Replicas:
    """One copy among the others; alone it has nothing to do."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def is_first(self) -> bool:
        """Whether this is the copy that writes things down."""
        return self.rank == 0

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

    def average_gradients(self, network: SequenceNetwork, events: int) -> bool:
        """Have each gradient be the mean over the events of all copies. events: those of this one's
        gradient. → whether there were any.
        """
        if self.size == 1:
            return events > 0
        event_count = float(self.total([events])[0])
        if not event_count:
            return False
        identity = network.identity.weight if network.identity.sparse else None
        dense = [parameter for parameter in network.parameters() if parameter is not identity]
        _average_dense(dense, events / event_count)
        if identity is not None:
            _average_sparse(identity, events / event_count, self.size)
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


def _average_sparse(parameter: Tensor, share: float, size: int) -> None:
    """The rows of all copies, those of the same index added up."""
    width = parameter.shape[1]
    if parameter.grad is None:
        index = torch.empty(0, dtype=torch.int64, device=parameter.device)
        values = torch.empty(0, width, device=parameter.device)
    else:
        gradient = parameter.grad.coalesce()
        index, values = gradient.indices()[0], gradient.values() * share
    counts = [torch.zeros(1, dtype=torch.int64, device=parameter.device) for _ in range(size)]
    distributed.all_gather(counts, torch.tensor([len(index)], device=parameter.device))
    longest = int(max(counts))
    indices = [torch.zeros(longest, dtype=torch.int64, device=index.device) for _ in range(size)]
    rows = [torch.zeros(longest, width, device=index.device) for _ in range(size)]
    padding = longest - len(index)
    distributed.all_gather(indices, torch.cat([index, index.new_zeros(padding)]))
    distributed.all_gather(rows, torch.cat([values, values.new_zeros(padding, width)]))
    parameter.grad = torch.sparse_coo_tensor(
        torch.cat(indices)[None], torch.cat(rows), parameter.shape, check_invariants=False
    ).coalesce()
