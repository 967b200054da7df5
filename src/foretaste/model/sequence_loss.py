"""The loss of the sequence network. In: a batch of events; out: how badly it tells what came next.

At every event the next taken item is told from items drawn uniformly and shared by the whole batch,
so that the comparison is one matrix product; logits are corrected for the draw (sampled softmax,
Jean et al. 2015, section 3).
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from foretaste.model.index.base import is_exhaustive
from foretaste.model.sequence_network import EventTokens, SequenceNetwork


def sampled_softmax_loss(
    network: SequenceNetwork,
    batch: EventTokens,
    next_items: Tensor,
    negatives: int,
    weights: Tensor | None = None,
) -> Tensor:
    """Mean cross-entropy of the true next item against the drawn ones.

    weights: [events] with a next item, how much each counts, 1 in the mean over all there are.
    """
    items = len(network.vectors) - 1
    device = batch.item.device
    if negatives >= items:
        states = functional.normalize(network(batch)[next_items > 0], dim=-1)
        scores = states @ network.unit_item_vectors().T / network.temperature
        targets = next_items[next_items > 0] - 1
        if weights is None:
            return functional.cross_entropy(scores, targets)
        return (functional.cross_entropy(scores, targets, reduction="none") * weights).mean()
    target_items = next_items[next_items > 0]  # [events]
    negative_items = draw_negatives(items, negatives, device)
    negatives = len(negative_items)
    # an item is an event, the one wanted after it and perhaps drawn: its vector is made once
    index = torch.cat([batch.item.flatten(), target_items, negative_items])
    distinct, vector_positions = torch.unique(index, return_inverse=True)
    vectors = network.item_vectors(distinct)  # [distinct, dim]
    events, target_positions, negative_positions = vector_positions.split(
        [batch.item.numel(), len(target_items), negatives]
    )
    states = network(batch, vectors[events].view(*batch.item.shape, -1))[next_items > 0]
    states = functional.normalize(states, dim=-1) / network.temperature  # [events, dim]
    vectors = functional.normalize(vectors, dim=-1)
    target_logits = (states * vectors[target_positions]).sum(-1)  # [events]
    drawn_positions = torch.full((items + 1,), -1, device=device)
    drawn_positions[negative_items] = torch.arange(negatives, device=device)
    clashing_events = (drawn_positions[target_items] >= 0).nonzero()[
        :, 0
    ]  # events whose own item was drawn: not an other
    losses: Tensor = CrossEntropy.apply(  # type: ignore[no-untyped-call]
        states,
        vectors[negative_positions],
        target_logits - float(np.log((items - 1) / negatives)),
        clashing_events,
        drawn_positions[target_items[clashing_events]],
    )
    return losses.mean() if weights is None else (losses * weights).mean()


class CrossEntropy(torch.autograd.Function):
    """The cross-entropy of one logit an event against those of items that all events share.

    The matrix of their logits is the largest thing in a training. It is written once and then
    changed in place, where PyTorch's operations make a new one for each step (docs/decisions/0080).
    """

    @staticmethod
    def forward(
        context: Any,
        states: Tensor,
        negative_vectors: Tensor,
        target_logits: Tensor,
        left_out_events: Tensor,
        left_out_negatives: Tensor,
    ) -> Tensor:
        """→ [events]

        states: [events, dim]. negative_vectors: [negatives, dim]. target_logits: [events]. The last
        two: event and negative of each pair that is left out.
        """
        exponentials = states @ negative_vectors.T  # [events, negatives]
        exponentials[left_out_events, left_out_negatives] = -torch.inf
        largest = torch.maximum(exponentials.amax(dim=1), target_logits)
        exponentials.sub_(largest[:, None]).exp_()
        target_exponentials = (target_logits - largest).exp()
        totals = exponentials.sum(dim=1) + target_exponentials
        context.save_for_backward(
            states, negative_vectors, exponentials, target_exponentials, totals
        )
        return largest + totals.log() - target_logits

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """[events] → what each of the first three inputs changes."""
        states, negative_vectors, exponentials, target_exponentials, totals = context.saved_tensors
        (loss_gradient,) = gradients
        scale = (loss_gradient / totals)[:, None]
        return (
            (exponentials @ negative_vectors) * scale,
            exponentials.T @ (states * scale),
            loss_gradient * (target_exponentials / totals - 1),
            None,
            None,
        )


def draw_negatives(items: int, count: int, device: torch.device) -> Tensor:
    """Different internal ids + 1; of a large catalogue a few less than wanted, for an order of all
    would take longer than the loss.
    """
    if is_exhaustive(items):
        return torch.randperm(items, device=device)[:count] + 1
    return torch.unique(torch.randint(items, (count,), device=device)) + 1
