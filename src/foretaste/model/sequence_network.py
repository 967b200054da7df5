"""The network of the sequence expert: events in, a vector a moment out, compared with items.

A pre-norm causal transformer (SASRec, Kang and McAuley 2018) with cosine logits over a temperature.
An event is its item's identity plus what the language model read of it, its event type, its value
(stars, price, seconds) and how long ago the event before it was; a search is its words alone.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foretaste.domain.data import Doubles, Floats, Interactions, Longs, UserContext
from foretaste.model.dropout import Dropout
from foretaste.model.item_words import ItemWords
from foretaste.model.media_input import MediaInput
from foretaste.model.settings import SequenceSettings

GAP_BUCKETS = 40
"""Buckets of the logarithm of the time between two events."""
ROTARY_PERIOD_POWERS = (1.8, 8.5)
"""Powers of ten of seconds between which an event's time turns: from a minute to ten years."""
VALUE_BUCKETS = 8
"""Buckets of the values of an event type, each of about as many events."""
ITEMS_PER_BATCH = 65_536
"""Items that are put together at a time, so that as many vectors of 16 bits are widened."""
DEFAULT_LAYERS = 2
"""Of the transformer, where neither settings nor the data say how many."""
UNREACHABLE_VALUE = float(np.finfo(np.float32).max)
"""No value reaches it."""


@dataclass(frozen=True)
class EventTokens:
    """A batch of histories, the newest event last, padded on the left."""

    item: Tensor
    """[batch, length], internal id + 1; 0 where there is no item."""
    event_type: Tensor
    """[batch, length], event type + 1; 0 is padding."""
    gap: Tensor
    """[batch, length], bucket of the time since the event before."""
    text: Tensor | None
    """[batch, length, dim], what was read of a search or a review."""
    value: Tensor | None = None
    """[batch, length], the stars, the price, the seconds; nan where there are none."""
    at: Tensor | None = None
    """[batch, length], float64, seconds since the first event of the row; 0 at padding."""

    @property
    def is_event(self) -> Tensor:
        """[batch, length], False at padding."""
        return self.event_type > 0

    def to(self, device: torch.device) -> "EventTokens":
        """The same on another device."""
        text, value, at = (
            None if part is None else part.to(device) for part in (self.text, self.value, self.at)
        )
        item, event_type, gap = (
            self.item.to(device),
            self.event_type.to(device),
            self.gap.to(device),
        )
        return EventTokens(item, event_type, gap, text, value, at)


def gap_buckets(gap_seconds: Doubles) -> Longs:
    """Seconds between two events → buckets of their logarithm, from 1; 0 is padding's."""
    return np.minimum(1 + np.log2(1 + np.maximum(gap_seconds, 0)), GAP_BUCKETS - 1).astype(np.int64)


def value_bounds(interactions: Interactions) -> Floats:
    """→ [event_types + 2, VALUE_BUCKETS - 1], the values of an event type + 1 between its buckets,
    in order.

    Quantiles, as stars, prices and seconds have nothing in common; out of reach without values.
    """
    bounds = np.full(
        (len(interactions.event_types) + 2, VALUE_BUCKETS - 1), UNREACHABLE_VALUE, np.float32
    )
    has_value = np.isfinite(interactions.value)
    for event_type in np.unique(interactions.kind[has_value]):
        values = interactions.value[has_value & (interactions.kind == event_type)]
        bounds[event_type + 1] = np.quantile(values, np.arange(1, VALUE_BUCKETS) / VALUE_BUCKETS)
    return bounds


def event_tokens(user_contexts: list[UserContext], length: int) -> EventTokens:
    """The last `length` events of each."""
    lengths = [min(len(user_context), length) for user_context in user_contexts]
    shape = (len(user_contexts), max(max(lengths), 1))
    item, event_type, gap = (np.zeros(shape, np.int64) for _ in range(3))
    value, at = np.full(shape, np.nan, np.float32), np.zeros(shape)
    text_vectors = next(
        (context.text_vectors for context in user_contexts if context.text_vectors is not None),
        None,
    )
    text = None if text_vectors is None else np.zeros((*shape, text_vectors.shape[1]), np.float32)
    for row, (user_context, count) in enumerate(zip(user_contexts, lengths, strict=True)):
        if count:
            item[row, -count:] = user_context.item[-count:] + 1
            event_type[row, -count:] = user_context.kind[-count:].astype(np.int64) + 1
            gap[row, -count:] = gap_buckets(
                np.diff(user_context.at[-count:], prepend=user_context.at[-count:][:1])
            )
            value[row, -count:] = user_context.value[-count:]
            at[row, -count:] = user_context.at[-count:] - user_context.at[-count]
            if text is not None and user_context.text_vectors is not None:
                text[row, -count:] = user_context.text_vectors[-count:]
    return EventTokens(
        torch.from_numpy(item),
        torch.from_numpy(event_type),
        torch.from_numpy(gap),
        None if text is None else torch.from_numpy(text),
        torch.from_numpy(value) if np.isfinite(value).any() else None,
        torch.from_numpy(at),
    )


def rotary_factors(at: Tensor, pair_count: int) -> tuple[Tensor, Tensor]:
    """[batch, length] seconds → cosines and sines [batch, 1, length, pairs], from fast to slow."""
    periods = torch.logspace(*ROTARY_PERIOD_POWERS, pair_count, dtype=at.dtype, device=at.device)
    angles = (at[:, None, :, None] / periods).frac() * (2 * torch.pi)  # exact over years
    return angles.cos().float(), angles.sin().float()


def rotate(heads: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """[batch, heads, length, size] with the first pairs of numbers turned by the time.

    The product of two such depends on the time between them (Su et al. 2021, section 3.4.1).
    """
    cos, sin = rotation
    pair_count = cos.shape[-1]
    first, second, unrotated = heads.split(
        [pair_count, pair_count, heads.shape[-1] - 2 * pair_count], dim=-1
    )
    return torch.cat([first * cos - second * sin, first * sin + second * cos, unrotated], dim=-1)


class TransformerBlock(nn.Module):
    """Attention and a feed-forward layer, each on a normalised input and added to it."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.forward_norm = nn.RMSNorm(dim), nn.RMSNorm(dim)
        self.attend = nn.Linear(dim, 3 * dim, bias=False)
        self.mix = nn.Linear(dim, dim, bias=False)
        self.widen, self.narrow = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)
        self.dropout = Dropout(dropout)

    def forward(
        self, events: Tensor, visible: Tensor, rotation: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """[batch, length, dim] and [batch, 1, length, length] → [batch, length, dim]"""
        batch, length, dim = events.shape
        parts = self.attend(self.attention_norm(events))
        parts = parts.view(batch, length, 3, self.heads, dim // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if rotation is not None:
            query, key = rotate(query, rotation), rotate(key, rotation)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)
        attended = attended.transpose(1, 2).reshape(batch, length, dim)
        events = events + self.dropout(self.mix(attended))
        hidden = functional.gelu(self.widen(self.forward_norm(events)))
        return events + self.dropout(self.narrow(hidden))


class SequenceNetwork(nn.Module):
    """Reads histories; compares the moment with every item."""

    vectors: Tensor
    steps: Tensor
    """[event_types + 2, VALUE_BUCKETS - 1]"""

    def __init__(
        self,
        vectors: Tensor,
        settings: SequenceSettings,
        length: int,
        event_type_count: int,
        input_dropout: float,
        *,
        is_timed: bool = False,
        has_sparse_identity: bool = False,
        words: ItemWords | None = None,
        media: MediaInput | None = None,
    ) -> None:
        """has_sparse_identity: the identities' gradient is of those in a batch alone.

        words: what the words of the items' texts are, where they are learnt. Trained, they are told
        with the identities: see `learnt_identities`.
        media: what their pictures, clips and vectors are, where these are read.
        """
        super().__init__()
        dim = settings.dim
        self.rotary_pairs = dim // settings.heads // 4 if is_timed else 0
        self.temperature = settings.temperature
        self.length = length
        self.register_buffer("vectors", vectors, persistent=False)  # [items + 1, read dim]
        self.identity = nn.Embedding(len(vectors), dim, sparse=has_sparse_identity)
        self.words, self.media = words, media
        self.project = nn.Linear(vectors.shape[1], dim, bias=False)
        self.kind = nn.Embedding(event_type_count + 2, dim)
        self.gap = nn.Embedding(GAP_BUCKETS, dim)
        self.value = nn.Embedding((event_type_count + 2) * VALUE_BUCKETS, dim)
        self.register_buffer(
            "steps", torch.full((event_type_count + 2, VALUE_BUCKETS - 1), UNREACHABLE_VALUE)
        )
        self.position = nn.Parameter(torch.randn(length, dim) * 0.02)
        self.blocks = nn.ModuleList(
            TransformerBlock(dim, settings.heads, settings.dropout)
            for _ in range(settings.layers or DEFAULT_LAYERS)
        )
        self.norm = nn.RMSNorm(dim)
        self.dropout = Dropout(input_dropout)
        nn.init.normal_(self.identity.weight, std=0.02)
        nn.init.zeros_(self.kind.weight)
        nn.init.zeros_(self.gap.weight)
        nn.init.zeros_(self.value.weight)

    @property
    def tables(self) -> list[nn.Embedding | nn.EmbeddingBag]:
        """What a batch touches few rows of."""
        return [self.identity] if self.words is None else [self.identity, self.words.vectors]

    def item_vectors(self, index: Tensor) -> Tensor:
        """[...] internal ids + 1 → [..., dim], identity, words, media and text."""
        identity = self.identity(index)
        if self.words is not None:
            identity = identity + self.words(index)
        if self.media is not None:
            identity = identity + self.media(index)
        return self.compose_items(identity, self.vectors[index])

    def compose_items(self, identity: Tensor, vectors: Tensor) -> Tensor:
        """[..., dim] and [..., read dim] → [..., dim], what an item is."""
        return identity + self.project(vectors.to(identity.dtype))

    def forward(self, batch: EventTokens, items: Tensor | None = None) -> Tensor:
        """→ [batch, length, dim], the state after each event.

        `items` [batch, length, dim] are the vectors of the batch's items where they are known.
        """
        length = batch.item.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=batch.item.device).tril()
        is_itself = torch.eye(length, dtype=torch.bool, device=batch.item.device)
        visible = (
            causal & batch.is_event[:, None, None, :]
        ) | is_itself  # padding sees itself: no NaN
        items = self.item_vectors(batch.item) if items is None else items
        events = items * (batch.item > 0)[..., None]
        if batch.text is not None:
            events = events + self.project(batch.text)
        events = events + self.kind(batch.event_type) + self.gap(batch.gap)
        if batch.value is not None:
            events = events + self._value_vectors(batch.event_type, batch.value)
        events = self.dropout(events + self.position[self.length - length :])
        rotation = None
        if self.rotary_pairs and batch.at is not None:
            rotation = rotary_factors(batch.at, self.rotary_pairs)
        for block in self.blocks:
            events = block(events, visible, rotation)
        return self.norm(events)

    def _value_vectors(self, event_type: Tensor, value: Tensor) -> Tensor:
        """[batch, length] both → [batch, length, dim], what values of this size say; 0 for none."""
        bucket = (value[..., None] >= self.steps[event_type]).sum(-1)
        return self.value(event_type * VALUE_BUCKETS + bucket) * torch.isfinite(value)[..., None]

    @torch.no_grad()
    def learnt_identities(self) -> Floats:
        """[items, dim], with what the words of each item add; 0 for an item that nobody took."""
        identities = np.array(self.identity.weight[1:].cpu().numpy())
        if self.words is not None:
            taught = np.flatnonzero(identities.any(axis=1))
            for items in np.split(taught, range(ITEMS_PER_BATCH, len(taught), ITEMS_PER_BATCH)):
                index = torch.from_numpy(items + 1).to(self.vectors.device)
                identities[items] += self.words(index).cpu().numpy()
        return identities

    def grow(self, vectors: Tensor) -> None:
        """[items, read dim] of all items, old and new; a new item's identity is zero."""
        identity_weight = self.identity.weight
        new_identities = torch.zeros(
            len(vectors) + 1 - len(identity_weight),
            identity_weight.shape[1],
            device=identity_weight.device,
        )
        if len(new_identities):
            self.identity = nn.Embedding.from_pretrained(
                torch.cat([identity_weight.detach(), new_identities])
            )
        zero_vector = torch.zeros(1, vectors.shape[1])
        self.vectors = torch.cat([zero_vector, vectors]).to(identity_weight.device)

    def unit_item_vectors(self) -> Tensor:
        """→ [items, dim], of length 1."""
        all_indices = torch.arange(1, len(self.vectors), device=self.vectors.device)
        parts = [
            functional.normalize(self.item_vectors(batch_indices), dim=-1)
            for batch_indices in all_indices.split(ITEMS_PER_BATCH)
        ]
        return torch.cat(parts)
