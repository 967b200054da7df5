"""One history in, the state after its last event out: the sequence network's own sums, in NumPy.

A list needs one short history read, where PyTorch spends more on each of its hundred operations
than on the numbers: with this a request takes a tenth less time (docs/decisions/0018). Several at
once, as in an explanation, are the network's, as other devices and training are: there the numbers
are most of the time. A test holds the two together.
"""

import numpy as np
from scipy.special import erf
from torch import Tensor, nn

from foretaste.domain.data import Doubles, Floats
from foretaste.model.sequence_network import (
    ROTARY_PERIOD_POWERS,
    VALUE_BUCKETS,
    EventTokens,
    SequenceNetwork,
    TransformerBlock,
)

EPSILON = float(np.finfo(np.float32).eps)


class NumpyNetwork:
    """The parameters of a trained network on the CPU; it shares their memory."""

    def __init__(self, network: SequenceNetwork) -> None:
        self._length = network.length
        self._project = _array(network.project.weight).T
        self._kind, self._gap, self._value = (
            _array(table.weight) for table in (network.kind, network.gap, network.value)
        )
        self._steps, self._position = _array(network.steps), _array(network.position)
        self._norm = _array(network.norm.weight)
        periods = (
            np.logspace(*ROTARY_PERIOD_POWERS, network.rotary_pairs)
            if network.rotary_pairs
            else None
        )
        blocks = [block for block in network.blocks if isinstance(block, TransformerBlock)]
        self._blocks = [_NumpyBlock(block, periods) for block in blocks]

    def accepts(self, batch: EventTokens) -> bool:
        """Whether it is one history without padding: others are for the network itself."""
        return len(batch.item) == 1 and bool(batch.is_event.all())

    def states(self, batch: EventTokens, items: Floats) -> Floats:
        """→ [batch, dim], after the last event of each. items: [batch, length, dim], their own."""
        kind = batch.event_type.numpy()
        events: Floats = items * (batch.item.numpy() > 0)[..., None].astype(np.float32)
        if batch.text is not None:
            events += batch.text.numpy() @ self._project
        events += self._kind[kind] + self._gap[batch.gap.numpy()]
        if batch.value is not None:
            value = batch.value.numpy()
            bucket = (value[..., None] >= self._steps[kind]).sum(axis=-1)
            has_value = np.isfinite(value)[..., None].astype(np.float32)
            events += self._value[kind * VALUE_BUCKETS + bucket] * has_value
        length = events.shape[1]
        events += self._position[self._length - length :]
        at = None if batch.at is None else batch.at.numpy()
        for block in self._blocks[:-1]:
            events = block(events, at, length)
        return np.asarray(_normed(self._blocks[-1](events, at, 1)[:, 0], self._norm), np.float32)


class _NumpyBlock:
    """Attention and a feed-forward layer, as `TransformerBlock` computes them."""

    def __init__(self, block: TransformerBlock, periods: Doubles | None) -> None:
        self._heads, self._periods = block.heads, periods
        self._norms = [_array(norm.weight) for norm in (block.attention_norm, block.forward_norm)]
        self._attend, self._mix = _array(block.attend.weight).T, _array(block.mix.weight).T
        self._widen, self._narrow = _linear(block.widen), _linear(block.narrow)

    def __call__(self, events: Floats, at: Doubles | None, last: int) -> Floats:
        """[batch, length, dim] → [batch, last, dim], after each of the last events."""
        batch, length, dim = events.shape
        parts = _normed(events, self._norms[0]) @ self._attend
        parts = parts.reshape(batch, length, 3, self._heads, dim // self._heads)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)  # [batch, heads, length, size] each
        query = query[:, :, length - last :]
        if self._periods is not None and at is not None:
            angle = (at[:, None, :, None] / self._periods) % 1.0 * (2 * np.pi)  # exact over years
            cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
            key = _turned(key, cos, sin)
            query = _turned(query, cos[:, :, length - last :], sin[:, :, length - last :])
        attention = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(dim // self._heads))
        if last > 1:  # the last event sees all
            attention[..., np.triu(np.ones((last, length), bool), length - last + 1)] = -np.inf
        attention = np.exp(attention - attention.max(axis=3, keepdims=True))
        context = (attention @ value) / attention.sum(axis=3, keepdims=True)
        context = context.swapaxes(1, 2).reshape(batch, last, dim)
        events = events[:, length - last :] + context @ self._mix
        hidden = _normed(events, self._norms[1]) @ self._widen[0] + self._widen[1]
        hidden = hidden * np.float32(0.5) * (1 + erf(hidden / np.float32(np.sqrt(2))))  # GELU
        return np.asarray(events + hidden @ self._narrow[0] + self._narrow[1])


def _array(tensor: Tensor) -> Floats:
    return np.asarray(tensor.detach().numpy())


def _linear(layer: nn.Linear) -> tuple[Floats, Floats]:
    return _array(layer.weight).T, _array(layer.bias)


def _normed(rows: Floats, weight: Floats) -> Floats:
    squares = np.einsum("...d,...d->...", rows, rows) / np.float32(rows.shape[-1])
    return np.asarray(rows / np.sqrt(squares + np.float32(EPSILON))[..., None] * weight)


def _turned(part: Floats, cos: Floats, sin: Floats) -> Floats:
    """As `sequence_network.rotate`."""
    pairs = cos.shape[-1]
    x, y, unturned = part[..., :pairs], part[..., pairs : 2 * pairs], part[..., 2 * pairs :]
    return np.concatenate([x * cos - y * sin, x * sin + y * cos, unturned], axis=-1)
