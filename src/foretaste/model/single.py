"""One history in, the state after its last event out: the sequence network's own sums, in NumPy.

A list needs one short history read, where PyTorch spends more on each of its hundred operations
than on the numbers. Many histories, long ones on another device, and training are the network's.
A test holds the two together.
"""

import numpy as np
from scipy.special import erf
from torch import Tensor, nn

from foretaste.domain import Floats
from foretaste.model.network import PERIODS, VALUES, Block, Network, Tokens

EPSILON = float(np.finfo(np.float32).eps)


class SingleReader:
    """The parameters of a trained network on the CPU; it shares their memory."""

    def __init__(self, network: Network) -> None:
        self._length = network.length
        self._project = _array(network.project.weight).T
        self._kind, self._gap, self._value = (
            _array(table.weight) for table in (network.kind, network.gap, network.value)
        )
        self._steps, self._position = _array(network.steps), _array(network.position)
        self._norm = _array(network.norm.weight)
        periods = np.logspace(*PERIODS, network.turning) if network.turning else None
        blocks = [block for block in network.blocks if isinstance(block, Block)]
        self._blocks = [_Single(block, periods) for block in blocks]

    def state(self, one: Tokens, items: Floats) -> Floats:
        """[dim], after the last event.

        one: a batch of one history, without padding. items: [length, dim], of its items.
        """
        kind = one.kind.numpy()[0]
        events = items * (one.item.numpy()[0] > 0)[:, None]
        if one.text is not None:
            events = events + one.text.numpy()[0] @ self._project
        events = events + self._kind[kind] + self._gap[one.gap.numpy()[0]]
        if one.value is not None:
            value = one.value.numpy()[0]
            bucket = (value[:, None] >= self._steps[kind]).sum(axis=1)
            said = self._value[kind * VALUES + bucket]
            events = events + said * np.isfinite(value)[:, None]
        events = events + self._position[self._length - len(events) :]
        at = None if one.at is None else one.at.numpy()[0]
        for block in self._blocks[:-1]:
            events = block(events, at, len(events))
        return np.asarray(_normed(self._blocks[-1](events, at, 1), self._norm)[0], np.float32)


class _Single:
    """A block, for one history."""

    def __init__(self, block: Block, periods: np.ndarray | None) -> None:
        self._heads, self._periods = block.heads, periods
        self._norms = [_array(norm.weight) for norm in (block.attention_norm, block.forward_norm)]
        self._attend, self._mix = _array(block.attend.weight).T, _array(block.mix.weight).T
        self._widen, self._narrow = _linear(block.widen), _linear(block.narrow)

    def __call__(self, events: Floats, at: np.ndarray | None, last: int) -> Floats:
        """[length, dim] → [last, dim], after each of the last events."""
        length, dim = events.shape
        parts = _normed(events, self._norms[0]) @ self._attend
        parts = parts.reshape(length, 3, self._heads, dim // self._heads).transpose(1, 2, 0, 3)
        query, key, value = parts[0][:, length - last :], parts[1], parts[2]
        if self._periods is not None and at is not None:
            angle = (at[:, None] / self._periods) % 1.0 * (2 * np.pi)  # exact over years
            cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
            key = _turned(key, cos, sin)
            query = _turned(query, cos[length - last :], sin[length - last :])
        fit = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(dim // self._heads))
        if last > 1:  # the last event sees all
            fit[:, np.triu(np.ones((last, length), bool), length - last + 1)] = -np.inf
        fit = np.exp(fit - fit.max(axis=2, keepdims=True))
        seen = (fit @ value) / fit.sum(axis=2, keepdims=True)
        events = events[length - last :]
        events = events + seen.transpose(1, 0, 2).reshape(last, dim) @ self._mix
        wide = _normed(events, self._norms[1]) @ self._widen[0] + self._widen[1]
        wide = wide * np.float32(0.5) * (1 + erf(wide / np.float32(np.sqrt(2))))
        return np.asarray(events + wide @ self._narrow[0] + self._narrow[1])


def _array(tensor: Tensor) -> Floats:
    return np.asarray(tensor.detach().numpy())


def _linear(layer: nn.Linear) -> tuple[Floats, Floats]:
    return _array(layer.weight).T, _array(layer.bias)


def _normed(rows: Floats, weight: Floats) -> Floats:
    squares = np.einsum("nd,nd->n", rows, rows) / np.float32(rows.shape[1])
    return np.asarray(rows / np.sqrt(squares + np.float32(EPSILON))[:, None] * weight)


def _turned(part: Floats, cos: Floats, sin: Floats) -> Floats:
    """As `network.turned`; [heads, length, size]."""
    pairs = cos.shape[1]
    one, other, rest = part[..., :pairs], part[..., pairs : 2 * pairs], part[..., 2 * pairs :]
    return np.concatenate([one * cos - other * sin, one * sin + other * cos, rest], axis=2)
