"""Steps down the gradient of the sequence network. In: a loss; out: the network, a step further."""

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.cluster.replicas import ALONE, Replicas
from foretaste.model.sequence_network import SequenceNetwork


def make_optimizers(
    network: SequenceNetwork, identity_rate_share: float = 1.0
) -> list[torch.optim.Optimizer]:
    """Adam, its rates to be set by `set_rates`; identities learn at this share of the rate.

    Where the catalogue is large an identity moves only in the batches that name it: the others'
    gradient is zero, and to move them all by what was before took nine tenths of the time.
    """
    identity = network.identity.weight
    others = [parameter for parameter in network.parameters() if parameter is not identity]
    groups = [
        {"params": others, "rate_share": 1.0},
        {"params": [identity], "rate_share": identity_rate_share},
    ]
    if not network.identity.sparse:
        return [torch.optim.AdamW(groups, weight_decay=0.0, fused=True)]
    return [
        torch.optim.AdamW(groups[:1], weight_decay=0.0, fused=True),
        torch.optim.SparseAdam(groups[1:]),
    ]


def set_rates(optimizers: list[torch.optim.Optimizer], rate: float) -> None:
    """The learning rate from now on."""
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        group["lr"] = rate * group["rate_share"]


def gradient_step(
    network: SequenceNetwork,
    loss: Tensor | None,
    optimizers: list[torch.optim.Optimizer],
    replicas: Replicas = ALONE,
    events: int = 1,
) -> None:
    """One step down the gradient, of length 1 at most. loss: the mean of so many events; None where
    this copy of the network has none in the batch.
    """
    for optimizer in optimizers:
        optimizer.zero_grad()
    if loss is not None:
        loss.backward()
    events = events if loss is not None else 0
    if not replicas.average_gradients(list(network.parameters()), events, network.tables):
        return
    if network.identity.sparse:
        _clip_sparse(network)
    else:
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()


def _clip_sparse(network: SequenceNetwork) -> None:
    """As PyTorch's own, which takes no sparse gradient."""
    identity = network.identity.weight
    assert identity.grad is not None
    identity.grad = identity.grad.coalesce()
    grads = [
        parameter.grad.values() if parameter is identity else parameter.grad
        for parameter in network.parameters()
        if parameter.grad is not None
    ]
    scale = (1.0 / (nn.utils.get_total_norm(grads) + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(scale)


def cosine_schedule(epoch: int, epochs: int) -> float:
    """The share of the learning rate in an epoch: a cosine from 1 down to a twentieth."""
    return float(0.05 + 0.95 * (1 + np.cos(np.pi * epoch / max(epochs, 1))) / 2)
