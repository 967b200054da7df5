"""One history in, the state after its last event out: the sequence network's own sums, in NumPy.

A list needs one short history read, where PyTorch spends more on each of its hundred operations
than on the numbers: with this a request takes a tenth less time (docs/decisions/0018). Where one
event after another is left out of it, for the reasons, its beginning is read once. Others are the
network's, as other devices and training are: there the numbers are most of the time. A test holds
the two together.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from foretaste.domain.data import Floats
from foretaste.model.sequence_network import (
    ROTARY_PERIOD_POWERS,
    VALUE_BUCKETS,
    EventTokens,
    SequenceNetwork,
    TransformerBlock,
)

MAX_OWN_EVENTS = 6
"""Last events in which histories may differ for the others to be read once for all."""
MAX_SMALL_BATCH = 80
"""Events of all histories together, padding with them, up to which they are read side by side."""
PADDING_SCORE = np.float32(-1e9)
"""Before the softmax, of padding: not minus infinity, as padding itself sees nothing else."""
MIN_TORCH_ROWS = 8
"""Rows from which PyTorch multiplies them."""
MAX_CACHED_MASKS = 64
"""Lengths of histories, and of their last events, of which the mask is kept."""
Turn = tuple[Floats, Floats]
"""(cosines, sines) of angles."""
EPSILON = float(np.finfo(np.float32).eps)


class NumpyNetwork:
    """The parameters of a trained network on the CPU."""

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
        self._periods = periods
        self._blocks = [_NumpyBlock(block) for block in blocks]

    def accepts(self, batch: EventTokens) -> bool:
        """Whether it is one history without padding, a few short ones, or several that differ in
        few of their last events, as where one is left out: others are for the network itself.
        """
        count, length = batch.item.shape
        if count * length <= MAX_SMALL_BATCH:
            return length == 1 or bool(batch.event_type.numpy()[:, -1].all())
        if not bool(batch.is_event.all()):
            return False
        return count == 1 or length - shared_length(batch) <= MAX_OWN_EVENTS < length

    def states(self, batch: EventTokens, items: Floats) -> Floats:
        """→ [batch, dim], after the last event of each. items: [batch, length, dim], their own."""
        events = self._embedded(batch, items)
        turn = self._turn(batch)
        count, length = batch.item.shape
        if count > 1 and count * length > MAX_SMALL_BATCH:
            return self._states_by_prefix(events, turn, shared_length(batch))
        is_event = batch.event_type.numpy() > 0
        padding = None
        if not is_event.all():
            padding = np.where(is_event, np.float32(0), PADDING_SCORE)[:, None, None]
        for block in self._blocks[:-1]:
            events = block(events, turn, length, padding)
        last = self._blocks[-1](events, turn, 1, padding)
        return np.asarray(_normed(last[:, 0]) * self._norm, np.float32)

    def _turn(self, batch: EventTokens) -> Turn | None:
        """(cosines, sines) of the angles by which times turn queries and keys, [batch, 1, length,
        pairs] each, the same in every block; None for a network that reads no times.
        """
        if self._periods is None or batch.at is None:
            return None
        at = batch.at.numpy()
        angle = (at[:, None, :, None] / self._periods) % 1.0 * (2 * np.pi)  # exact over years
        return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)

    def _embedded(self, batch: EventTokens, items: Floats) -> Floats:
        """[batch, length, dim], what the first layer reads."""
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
        events += self._position[self._length - events.shape[1] :]
        return events

    def _states_by_prefix(self, events: Floats, turn: Turn | None, shared: int) -> Floats:
        """The same where the first events are those of all: they are read once."""
        prefix, own = events[:1, :shared], events[:, shared:]
        prefix_turn = own_turn = None
        if turn is not None:
            cos, sin = turn
            prefix_turn = cos[:1, :, :shared], sin[:1, :, :shared]
            own_turn = cos[:, :, shared:], sin[:, :, shared:]
        for block in self._blocks[:-1]:
            earlier = block.projected(prefix, prefix_turn)
            own = block.after(earlier, own, own_turn, own.shape[1])
            prefix = block.mixed(prefix, *earlier)
        last = self._blocks[-1]
        own = last.after(last.projected(prefix, prefix_turn), own, own_turn, 1)
        return np.asarray(_normed(own[:, 0]) * self._norm, np.float32)


def shared_length(batch: EventTokens) -> int:
    """How many of the first events all histories have."""
    parts = (batch.item, batch.event_type, batch.gap, batch.text, batch.value, batch.at)
    differs = np.zeros(batch.item.shape[1], bool)
    for part in parts:
        if part is not None:
            rows = part.numpy()
            unequal = ~((rows == rows[:1]) | ((rows != rows) & (rows[:1] != rows[:1])))
            differs |= unequal.reshape(len(rows), rows.shape[1], -1).any(axis=(0, 2))
    return int(differs.argmax()) if differs.any() else len(differs) - 1


class _NumpyBlock:
    """Attention and a feed-forward layer, as `TransformerBlock` computes them. What each number is
    multiplied with besides, by a norm and before the softmax, is part of the weights here.
    """

    def __init__(self, block: TransformerBlock) -> None:
        self._heads = block.heads
        dim = block.mix.in_features
        attend = _columns(block.attend, block.attention_norm)
        attend[:, :dim] *= np.float32(1 / np.sqrt(dim // block.heads))
        self._attend, self._mix = _Weights(attend), _Weights(_columns(block.mix))
        self._widen = _Weights(_columns(block.widen, block.forward_norm), block.widen.bias)
        self._narrow = _Weights(_columns(block.narrow), block.narrow.bias)

    def __call__(
        self, events: Floats, turn: Turn | None, last: int, padding: Floats | None = None
    ) -> Floats:
        """[batch, length, dim] → [batch, last, dim], after each of the last events.

        padding: [batch, 1, 1, length], added before the softmax.
        """
        return self.mixed(events, *self.projected(events, turn), last=last, padding=padding)

    def projected(self, events: Floats, turn: Turn | None) -> tuple[Floats, Floats, Floats]:
        """(query, key, value) of each event, [batch, heads, length, size] each."""
        batch, length, dim = events.shape
        parts = self._attend.times(_normed(events))
        parts = parts.reshape(batch, length, 3, self._heads, dim // self._heads)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        if turn is not None:
            query, key = _turned(query, *turn), _turned(key, *turn)
        return query, key, value

    def mixed(
        self,
        events: Floats,
        query: Floats,
        key: Floats,
        value: Floats,
        *,
        last: int | None = None,
        padding: Floats | None = None,
    ) -> Floats:
        """→ [batch, last, dim], each of the last events with what it finds in those up to it."""
        length = events.shape[1]
        last = length if last is None else last
        weights = _attention(query[:, :, length - last :], key, last)
        if padding is not None:
            weights += padding
        weights -= weights.max(axis=3, keepdims=True)
        np.exp(weights, out=weights)
        attended = weights @ value
        attended /= weights.sum(axis=3, keepdims=True)
        return self._fed_forward(events[:, length - last :], attended)

    def after(
        self,
        earlier: tuple[Floats, Floats, Floats],
        events: Floats,
        turn: Turn | None,
        last: int,
    ) -> Floats:
        """The same of events that come after others, which are those of all in the batch."""
        query, key, value = self.projected(events, turn)
        query = query[:, :, events.shape[1] - last :]
        _, earlier_key, earlier_value = earlier  # [1, heads, earlier, size]
        own = _attention(query, key, last)
        before = query @ earlier_key.swapaxes(2, 3)
        highest = np.maximum(own.max(axis=3), before.max(axis=3))[..., None]
        own, before = np.exp(own - highest), np.exp(before - highest)
        total = own.sum(axis=3, keepdims=True) + before.sum(axis=3, keepdims=True)
        attended = (own @ value + before @ earlier_value) / total
        return self._fed_forward(events[:, events.shape[1] - last :], attended)

    def _fed_forward(self, events: Floats, attended: Floats) -> Floats:
        """[batch, events, dim] and what each found, [batch, heads, events, size]."""
        mixed = self._mix.times(attended.swapaxes(1, 2).reshape(events.shape))
        mixed += events
        hidden = torch.from_numpy(self._widen.times(_normed(mixed)))
        # a tenth of the time of SciPy's erf
        mixed += self._narrow.times(gelu(hidden).numpy())
        return mixed


class _Weights:
    """A linear layer, [read, written]: a product with few rows reads them in this order."""

    def __init__(self, weights: Floats, bias: Tensor | None = None) -> None:
        self._weights, self._bias = weights, None if bias is None else _array(bias)
        self._tensor = torch.from_numpy(weights)

    def times(self, rows: Floats) -> Floats:
        """[batch, length, read] → [batch, length, written], as one product and not one a batch row.

        Of more than a few rows PyTorch's library takes half the time of NumPy's.
        """
        flat_rows = rows.reshape(-1, self._weights.shape[0])
        product: Floats
        if len(flat_rows) < MIN_TORCH_ROWS:
            product = flat_rows @ self._weights
        else:
            product = torch.mm(torch.from_numpy(flat_rows), self._tensor).numpy()
        if self._bias is not None:
            product += self._bias
        return product.reshape(*rows.shape[:-1], self._weights.shape[1])


def _attention(query: Floats, key: Floats, last: int) -> Floats:
    """[batch, heads, last, length], before the softmax; no event sees a later one."""
    attention = query @ key.swapaxes(2, 3)
    if last > 1:  # the last event sees all
        attention += _future_mask(last, key.shape[2])
    return attention


@lru_cache(MAX_CACHED_MASKS)
def _future_mask(last: int, length: int) -> Floats:
    """[last, length], -inf where an event is later than the one that reads, else 0."""
    return np.triu(np.full((last, length), -np.inf, np.float32), length - last + 1)


def _array(tensor: Tensor) -> Floats:
    return np.asarray(tensor.detach().numpy())


def _columns(layer: nn.Linear, norm: nn.RMSNorm | None = None) -> Floats:
    """[read, written], a copy of the weights. norm: of what is read, part of them here."""
    weights = np.array(_array(layer.weight).T, order="C")
    if norm is not None:
        weights *= _array(norm.weight)[:, None]
    return weights


def _normed(rows: Floats) -> Floats:
    """Each row divided by the root of its mean square."""
    squares = np.vecdot(rows, rows)
    squares *= np.float32(1 / rows.shape[-1])
    squares += np.float32(EPSILON)
    np.sqrt(squares, out=squares)
    return np.asarray(rows / squares[..., None])


def _turned(part: Floats, cos: Floats, sin: Floats) -> Floats:
    """As `sequence_network.rotate`."""
    pairs = cos.shape[-1]
    x, y, unturned = part[..., :pairs], part[..., pairs : 2 * pairs], part[..., 2 * pairs :]
    return np.concatenate([x * cos - y * sin, x * sin + y * cos, unturned], axis=-1)
