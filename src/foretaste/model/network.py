"""The network of the sequence expert: events in, a vector a moment out, compared with items.

A pre-norm causal transformer (SASRec, Kang and McAuley 2018) with cosine logits over a temperature.
An event is its item's identity plus what the language model read of it, its kind, its value (stars,
price, seconds) and how long ago the event before it was; a search is its words alone.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foretaste.domain.data import Behaviour, Doubles, Floats, Histories, Longs
from foretaste.model.settings import SequenceSettings

GAPS = 40
"""Buckets of the logarithm of the time between two events."""
PERIODS = (1.8, 8.5)
"""Powers of ten of seconds between which an event's time turns: from a minute to ten years."""
VALUES = 8
"""Buckets of the values of a kind of event, each of about as many events."""
WIDENED = 65_536
"""Items that are put together at a time, so that as many vectors of 16 bits are widened."""
NEVER = float(np.finfo(np.float32).max)
"""No value reaches it."""


@dataclass(frozen=True)
class Tokens:
    """A batch of histories, the newest event last, padded on the left."""

    item: Tensor
    """[batch, length], internal id + 1; 0 where there is no item."""
    kind: Tensor
    """[batch, length], kind + 1; 0 is padding."""
    gap: Tensor
    """[batch, length], bucket of the time since the event before."""
    text: Tensor | None
    """[batch, length, dim], what was read of a search or a review."""
    value: Tensor | None = None
    """[batch, length], the stars, the price, the seconds; nan where there are none."""
    at: Tensor | None = None
    """[batch, length], float64, seconds since the first event of the row; 0 at padding."""

    @property
    def real(self) -> Tensor:
        """[batch, length], False at padding."""
        return self.kind > 0

    def to(self, device: torch.device) -> "Tokens":
        """The same on another device."""
        text, value, at = (
            None if part is None else part.to(device) for part in (self.text, self.value, self.at)
        )
        item, kind, gap = self.item.to(device), self.kind.to(device), self.gap.to(device)
        return Tokens(item, kind, gap, text, value, at)


def buckets(between: Doubles) -> Longs:
    """Seconds between two events → buckets of their logarithm, from 1; 0 is padding's."""
    return np.minimum(1 + np.log2(1 + np.maximum(between, 0)), GAPS - 1).astype(np.int64)


def steps(histories: Histories) -> Floats:
    """→ [kinds + 2, VALUES - 1], the values of a kind + 1 between its buckets, in their order.

    Quantiles, as stars, prices and seconds have nothing in common; out of reach without values.
    """
    found = np.full((len(histories.kinds) + 2, VALUES - 1), NEVER, np.float32)
    told = np.isfinite(histories.value)
    for kind in np.unique(histories.kind[told]):
        values = histories.value[told & (histories.kind == kind)]
        found[kind + 1] = np.quantile(values, np.arange(1, VALUES) / VALUES)
    return found


def tokens(behaviours: list[Behaviour], length: int) -> Tokens:
    """The last `length` events of each."""
    rows = [min(len(one), length) for one in behaviours]
    size = (len(behaviours), max(max(rows), 1))
    item, kind, gap = (np.zeros(size, np.int64) for _ in range(3))
    value, at = np.full(size, np.nan, np.float32), np.zeros(size)
    read = next((b.text_vectors for b in behaviours if b.text_vectors is not None), None)
    text = None if read is None else np.zeros((*size, read.shape[1]), np.float32)
    for place, (one, count) in enumerate(zip(behaviours, rows, strict=True)):
        if count:
            item[place, -count:] = one.item[-count:] + 1
            kind[place, -count:] = one.kind[-count:].astype(np.int64) + 1
            gap[place, -count:] = buckets(np.diff(one.at[-count:], prepend=one.at[-count:][:1]))
            value[place, -count:] = one.value[-count:]
            at[place, -count:] = one.at[-count:] - one.at[-count]
            if text is not None and one.text_vectors is not None:
                text[place, -count:] = one.text_vectors[-count:]
    return Tokens(
        torch.from_numpy(item),
        torch.from_numpy(kind),
        torch.from_numpy(gap),
        None if text is None else torch.from_numpy(text),
        torch.from_numpy(value) if np.isfinite(value).any() else None,
        torch.from_numpy(at),
    )


def turns(at: Tensor, pairs: int) -> tuple[Tensor, Tensor]:
    """[batch, length] seconds → cosines and sines [batch, 1, length, pairs], from fast to slow."""
    periods = torch.logspace(*PERIODS, pairs, dtype=at.dtype, device=at.device)
    angle = (at[:, None, :, None] / periods).frac() * (2 * torch.pi)  # exact over years
    return angle.cos().float(), angle.sin().float()


def turned(part: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """[batch, heads, length, size] with the first pairs of numbers turned by the time.

    The product of two such depends on the time between them (Su et al. 2021, section 3.4.1).
    """
    cos, sin = turn
    pairs = cos.shape[-1]
    one, other, rest = part.split([pairs, pairs, part.shape[-1] - 2 * pairs], dim=-1)
    return torch.cat([one * cos - other * sin, one * sin + other * cos, rest], dim=-1)


class Block(nn.Module):
    """Attention and a feed-forward layer, each on a normalised input and added to it."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.forward_norm = nn.RMSNorm(dim), nn.RMSNorm(dim)
        self.attend = nn.Linear(dim, 3 * dim, bias=False)
        self.mix = nn.Linear(dim, dim, bias=False)
        self.widen, self.narrow = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, events: Tensor, visible: Tensor, turn: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """[batch, length, dim] and [batch, 1, length, length] → [batch, length, dim]"""
        batch, length, dim = events.shape
        parts = self.attend(self.attention_norm(events))
        parts = parts.view(batch, length, 3, self.heads, dim // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if turn is not None:
            query, key = turned(query, turn), turned(key, turn)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)
        seen = seen.transpose(1, 2).reshape(batch, length, dim)
        events = events + self.dropout(self.mix(seen))
        wide = functional.gelu(self.widen(self.forward_norm(events)))
        return events + self.dropout(self.narrow(wide))


class Network(nn.Module):
    """Reads histories; compares the moment with every item."""

    vectors: Tensor
    steps: Tensor
    """[kinds + 2, VALUES - 1], of `steps`"""

    def __init__(
        self,
        vectors: Tensor,
        settings: SequenceSettings,
        length: int,
        kinds: int,
        input_dropout: float,
        *,
        timed: bool = False,
        sparse: bool = False,
    ) -> None:
        """sparse: the identities' gradient is of those in a batch alone."""
        super().__init__()
        dim = settings.dim
        self.turning = dim // settings.heads // 4 if timed else 0
        self.temperature = settings.temperature
        self.length = length
        self.register_buffer("vectors", vectors, persistent=False)  # [items + 1, read dim]
        self.identity = nn.Embedding(len(vectors), dim, sparse=sparse)
        self.project = nn.Linear(vectors.shape[1], dim, bias=False)
        self.kind = nn.Embedding(kinds + 2, dim)
        self.gap = nn.Embedding(GAPS, dim)
        self.value = nn.Embedding((kinds + 2) * VALUES, dim)
        self.register_buffer("steps", torch.full((kinds + 2, VALUES - 1), NEVER))
        self.position = nn.Parameter(torch.randn(length, dim) * 0.02)
        self.blocks = nn.ModuleList(
            Block(dim, settings.heads, settings.dropout) for _ in range(settings.layers)
        )
        self.norm = nn.RMSNorm(dim)
        self.dropout = nn.Dropout(input_dropout)
        nn.init.normal_(self.identity.weight, std=0.02)
        nn.init.zeros_(self.kind.weight)
        nn.init.zeros_(self.gap.weight)
        nn.init.zeros_(self.value.weight)

    def items(self, index: Tensor) -> Tensor:
        """[...] internal ids + 1 → [..., dim], identity and text."""
        return self.compose(self.identity(index), self.vectors[index])

    def compose(self, identity: Tensor, vectors: Tensor) -> Tensor:
        """[..., dim] and [..., read dim] → [..., dim], what an item is."""
        return identity + self.project(vectors.to(identity.dtype))

    def forward(self, batch: Tokens, items: Tensor | None = None) -> Tensor:
        """→ [batch, length, dim], the state after each event.

        `items` [batch, length, dim] are the vectors of the batch's items where they are known.
        """
        length = batch.item.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=batch.item.device).tril()
        itself = torch.eye(length, dtype=torch.bool, device=batch.item.device)
        visible = (causal & batch.real[:, None, None, :]) | itself  # padding sees itself: no NaN
        items = self.items(batch.item) if items is None else items
        events = items * (batch.item > 0)[..., None]
        if batch.text is not None:
            events = events + self.project(batch.text)
        events = events + self.kind(batch.kind) + self.gap(batch.gap)
        if batch.value is not None:
            events = events + self._values(batch.kind, batch.value)
        events = self.dropout(events + self.position[self.length - length :])
        turn = None
        if self.turning and batch.at is not None:
            turn = turns(batch.at, self.turning)
        for block in self.blocks:
            events = block(events, visible, turn)
        return self.norm(events)

    def _values(self, kind: Tensor, value: Tensor) -> Tensor:
        """[batch, length] both → [batch, length, dim], what values of this size say; 0 for none."""
        bucket = (value[..., None] >= self.steps[kind]).sum(-1)
        return self.value(kind * VALUES + bucket) * torch.isfinite(value)[..., None]

    def grow(self, vectors: Tensor) -> None:
        """[items, read dim] of all items, old and new; a new item's identity is zero."""
        weight = self.identity.weight
        more = torch.zeros(len(vectors) + 1 - len(weight), weight.shape[1], device=weight.device)
        if len(more):
            self.identity = nn.Embedding.from_pretrained(torch.cat([weight.detach(), more]))
        nothing = torch.zeros(1, vectors.shape[1])
        self.vectors = torch.cat([nothing, vectors]).to(weight.device)

    def catalogue(self) -> Tensor:
        """→ [items, dim], of length 1."""
        every = torch.arange(1, len(self.vectors), device=self.vectors.device)
        parts = [functional.normalize(self.items(some), dim=-1) for some in every.split(WIDENED)]
        return torch.cat(parts)
