"""One history in, the state after its last event out, and those of the same less one event: the
sequence network's own sums, in NumPy.

A list needs one short history read, where PyTorch spends more on each of its hundred operations
than on the numbers: with this a request takes a tenth less time (docs/decisions/0018). For the
reasons it is read without each of its newest events as well, and what these histories have in
common is read once (docs/decisions/0078). Many people at once are the network's, as other devices
and training are: there the numbers are most of the time. A test holds the two together.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from foretaste.domain.data import Floats, Ints, Longs, UserContext
from foretaste.model.sequence_network import (
    ROTARY_PERIOD_POWERS,
    VALUE_BUCKETS,
    SequenceNetwork,
    TransformerBlock,
    gap_buckets,
)

MIN_TORCH_ROWS = 8
"""Rows from which PyTorch multiplies them."""
MAX_CACHED_LAYOUTS = 64
"""Lengths of histories, with what is left out of them, whose layout is kept."""
PADDING = -1
"""Stands for an event where a history has none."""
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
        self._periods = (
            np.logspace(*ROTARY_PERIOD_POWERS, network.rotary_pairs)
            if network.rotary_pairs
            else None
        )
        blocks = [block for block in network.blocks if isinstance(block, TransformerBlock)]
        self._blocks = [_NumpyBlock(block) for block in blocks]

    def states(
        self,
        user_context: UserContext,
        omitted: Sequence[int],
        item_vectors: Callable[[Ints], Floats],
    ) -> Floats:
        """→ [1 + omitted, dim], after the last event of a history, and of the same without each of
        these events, by their places.

        item_vectors: items → [items, dim], what the network takes them for.
        """
        hidden_count = max(len(user_context) - self._length - 1, 0)  # too old for all of them
        events = user_context
        if hidden_count:
            events = user_context.select_events(slice(hidden_count, None))
        places = tuple(place - hidden_count for place in omitted)
        layout = _layout(len(events), places, self._length)
        tokens = self._embedded(events, layout, item_vectors)
        turn = self._turn(events, layout)
        for block in self._blocks[:-1]:
            tokens = block(tokens, turn, layout.unseen)
        last = self._blocks[-1](tokens, turn, layout.unseen, layout.last)
        return np.asarray(_normed(last) * self._norm, np.float32)

    def _turn(self, events: UserContext, layout: "_Layout") -> Turn | None:
        """(cosines, sines) of the angles by which times turn queries and keys, [tokens, pairs]
        each, the same in every block; None for a network that reads no times.
        """
        if self._periods is None or not len(events):
            return None
        at = (events.at - events.at[0])[layout.events]
        angle = (at[:, None] / self._periods) % 1.0 * (2 * np.pi)  # exact over years
        return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)

    def _embedded(
        self, events: UserContext, layout: "_Layout", item_vectors: Callable[[Ints], Floats]
    ) -> Floats:
        """[tokens, dim], what the first layer reads."""
        kind = events.kind.astype(np.int64) + 1
        has_item = events.item >= 0
        vectors: Floats = item_vectors(np.maximum(events.item, 0))
        if not has_item.all():
            vectors *= has_item[:, None].astype(np.float32)
        if events.text_vectors is not None:
            vectors += events.text_vectors @ self._project
        vectors += self._kind[kind]
        has_value = np.isfinite(events.value)
        if has_value.any():
            bucket = (events.value.astype(np.float32)[:, None] >= self._steps[kind]).sum(axis=1)
            value_vectors = self._value[kind * VALUE_BUCKETS + bucket]
            vectors += value_vectors * has_value[:, None].astype(np.float32)
        at = events.at
        if layout.has_padding:
            vectors = np.concatenate([vectors, self._kind[:1]])
            at = np.append(at, 0.0)
        gap = gap_buckets(at[layout.events] - at[layout.earlier])
        if layout.has_padding:
            gap[layout.events == PADDING] = 0
        tokens = vectors[layout.events]
        tokens += self._gap[gap]
        tokens += self._position[layout.positions]
        return tokens


class _Layout(NamedTuple):
    """How histories that differ in one event are read as one: a token an event, but for those
    events that not all of them read alike.
    """

    events: Longs
    """[tokens], the place of its event, or `PADDING`."""
    earlier: Longs
    """[tokens], the place of the event before it; its own where it is the first."""
    positions: Longs
    """[tokens], where it stands, as the network learnt it: from the end."""
    unseen: Floats
    """[tokens, tokens], -inf where a token does not see another, else 0."""
    last: Longs
    """[1 + omitted], the token after which the state of each history is told."""
    has_padding: bool


@lru_cache(MAX_CACHED_LAYOUTS)
def _layout(count: int, omitted: tuple[int, ...], length: int) -> _Layout:
    """Of a history of so many events, of which the last `length` are read, and of it without each
    of some.

    Before an omitted event all stand one place further on: that beginning is the same for every
    history without one. What comes after it is read anew for each.
    """
    first, beginning_first = max(count - length, 0), max(count - 1 - length, 0)
    omitted_places = [place for place in omitted if place >= first]
    beginning = range(beginning_first, max(omitted_places, default=beginning_first))
    ends = [range(place + 1, count) for place in omitted_places]
    parts = [range(first, count), beginning, *ends]
    has_padding = not count or (count == 1 and bool(omitted_places))
    events = np.array([place for part in parts for place in part], np.int64)
    part = np.repeat(np.arange(len(parts)), [len(own) for own in parts])
    omitted_place = np.array([count, count, *omitted_places])[part]  # [tokens]
    earlier = events - np.where(events == omitted_place + 1, 2, 1)
    earlier = np.where(earlier < np.where(part == 0, first, beginning_first), events, earlier)
    is_own_part = (part[:, None] == part) & (events[:, None] >= events)
    is_beginning = (part[:, None] > 1) & (part == 1) & (omitted_place[:, None] > events)
    last_tokens = np.cumsum([len(own) for own in parts]) - 1
    last = [int(last_tokens[0])]
    for place in omitted:
        part_number = 2 + omitted_places.index(place) if place in omitted_places else 0
        last.append(int(last_tokens[1 if place == count - 1 else part_number]))
    positions = events - count + length + (part == 1)
    unseen = np.where(is_own_part | is_beginning, 0, -np.inf).astype(np.float32)
    if has_padding:
        events, earlier = np.append(events, PADDING), np.append(earlier, PADDING)
        positions = np.append(positions, length - 1)
        unseen = np.pad(unseen, (0, 1), constant_values=-np.inf)
        unseen[-1, -1] = 0
        last = [len(events) - 1 if row or not count else token for row, token in enumerate(last)]
    return _Layout(events, earlier, positions, unseen, np.array(last), has_padding)


class _NumpyBlock:
    """Attention and a feed-forward layer, as `TransformerBlock` computes them. What each number is
    multiplied with besides, by a norm and before the softmax, is part of the weights here.
    """

    def __init__(self, block: TransformerBlock) -> None:
        self._heads = block.heads
        dim = block.mix.in_features
        attend = _columns(block.attend, block.attention_norm)
        attend[:, :dim] *= np.float32(1 / np.sqrt(dim // block.heads))
        self._query = _Weights(np.ascontiguousarray(attend[:, :dim]))
        self._key_value = _Weights(np.ascontiguousarray(attend[:, dim:]))
        self._mix = _Weights(_columns(block.mix))
        self._widen = _Weights(_columns(block.widen, block.forward_norm), block.widen.bias)
        self._narrow = _Weights(_columns(block.narrow), block.narrow.bias)

    def __call__(
        self, tokens: Floats, turn: Turn | None, unseen: Floats, rows: Longs | None = None
    ) -> Floats:
        """[tokens, dim] → [rows, dim], what becomes of all tokens, or of these."""
        normed = _normed(tokens)
        own = tokens if rows is None else np.asarray(tokens[rows])
        query_input = normed if rows is None else np.asarray(normed[rows])
        query = self._by_head(self._query.times(query_input))
        dim = tokens.shape[1]
        key_value = self._key_value.times(normed)
        key, value = self._by_head(key_value[:, :dim]), self._by_head(key_value[:, dim:])
        if turn is not None:
            cos, sin = turn
            key = _turned(key, cos, sin)
            query = _turned(query, *((cos, sin) if rows is None else (cos[rows], sin[rows])))
        weights: Floats = query @ key.swapaxes(1, 2)  # [heads, rows, tokens]
        weights += unseen if rows is None else unseen[rows]
        weights -= weights.max(axis=2, keepdims=True)
        np.exp(weights, out=weights)
        attended = weights @ value
        attended /= weights.sum(axis=2, keepdims=True)
        mixed = self._mix.times(attended.swapaxes(0, 1).reshape(-1, dim))
        mixed += own
        hidden = torch.from_numpy(self._widen.times(_normed(mixed)))
        # a tenth of the time of SciPy's erf
        mixed += self._narrow.times(gelu(hidden).numpy())
        return mixed

    def _by_head(self, rows: Floats) -> Floats:
        """[rows, dim] → [heads, rows, size]"""
        return rows.reshape(len(rows), self._heads, -1).swapaxes(0, 1)


class _Weights:
    """A linear layer, [read, written]: a product with few rows reads them in this order."""

    def __init__(self, weights: Floats, bias: Tensor | None = None) -> None:
        self._weights, self._bias = weights, None if bias is None else _array(bias)
        self._tensor = torch.from_numpy(weights)

    def times(self, rows: Floats) -> Floats:
        """[rows, read] → [rows, written]

        Of more than a few rows PyTorch's library takes half the time of NumPy's.
        """
        product: Floats
        if len(rows) < MIN_TORCH_ROWS:
            product = rows @ self._weights
        else:
            product = torch.mm(torch.from_numpy(rows), self._tensor).numpy()
        if self._bias is not None:
            product += self._bias
        return product


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
