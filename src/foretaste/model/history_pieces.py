"""Histories cut to the length of the sequence network: interactions in, batches of tokens out.

A piece has one event more than it has targets: the first is only what the first target follows.
"""

import numpy as np
import torch
from torch import Tensor

from foretaste.domain.data import Floats, Interactions, Longs
from foretaste.model.sequence_network import EventTokens, gap_buckets


class HistoryPieces:
    """Training histories cut to the network's length, as flat arrays."""

    def __init__(
        self, interactions: Interactions, length: int, user_weights: Floats | None = None
    ) -> None:
        """user_weights: [people], how much the events of each count; None where all count 1."""
        self._interactions, self._length = interactions, length
        self._user_weights = user_weights
        self.starts, self.stops = self._piece_bounds(np.zeros(len(interactions), np.int64))
        self._has_values = bool(np.isfinite(interactions.value).any())
        gap_seconds = np.diff(interactions.at, prepend=interactions.at[:1])
        first_rows = interactions.offsets[:-1]
        gap_seconds[first_rows[first_rows < interactions.event_count]] = (
            0  # nothing came before a person's first event
        )
        self._gap_buckets = gap_buckets(gap_seconds)

    def target_weights(self, piece_indices: Longs, next_items: Tensor) -> Tensor | None:
        """[targets], how much each counts, in the order of `next_items`; None where all count 1."""
        if self._user_weights is None:
            return None
        offsets = self._interactions.offsets
        people = np.searchsorted(offsets, self.starts[piece_indices], side="right") - 1
        weights = torch.from_numpy(self._user_weights[people])
        return weights[:, None].expand(next_items.shape)[next_items > 0]

    def recut(self, rng: np.random.Generator) -> None:
        """Histories too long for one piece are cut elsewhere: other events see one another."""
        is_cut = np.diff(self._interactions.offsets) > self._length + 1
        self.starts, self.stops = self._piece_bounds(
            rng.integers(0, self._length, len(is_cut)) * is_cut
        )

    def _piece_bounds(self, last_piece_lengths: Longs) -> tuple[Longs, Longs]:
        """(first rows, ends) of the pieces.

        last_piece_lengths: [people], targets in the last piece of each, 0 = as many as fit.

        Two pieces share an event, the last of one being what the other's first target follows.
        """
        first_rows, end_rows = self._interactions.offsets[:-1], self._interactions.offsets[1:]
        piece_ends = end_rows - last_piece_lengths
        piece_counts = np.maximum(-(-(piece_ends - first_rows - 1) // self._length), 0)
        users = np.repeat(np.arange(len(piece_counts)), piece_counts)
        piece_numbers = np.arange(len(users)) - np.repeat(
            np.cumsum(piece_counts) - piece_counts, piece_counts
        )
        stops = piece_ends[users] - piece_numbers * self._length
        starts = np.maximum(stops - self._length - 1, first_rows[users])
        has_short_piece = last_piece_lengths > 0
        return np.append(piece_ends[has_short_piece] - 1, starts), np.append(
            end_rows[has_short_piece], stops
        )

    def batches(self, events: int, rng: np.random.Generator) -> list[Longs]:
        """Pieces of similar length together, about so many events a batch, in random order."""
        order = rng.permutation(len(self.starts))
        lengths = (self.stops - self.starts)[order]
        order = order[np.argsort(lengths // 4, kind="stable")]
        cumulative_events = np.cumsum((self.stops - self.starts)[order])
        cuts = np.searchsorted(
            cumulative_events,
            np.arange(events, cumulative_events[-1] if len(cumulative_events) else 0, events),
        )
        batch_parts = [
            piece_indices for piece_indices in np.split(order, cuts) if len(piece_indices)
        ]
        rng.shuffle(batch_parts)
        return batch_parts

    def batch(self, piece_indices: Longs) -> tuple[EventTokens, Tensor]:
        """Tokens, and [batch, length] the next taken item + 1, 0 where there is none."""
        lengths = self.stops[piece_indices] - self.starts[piece_indices] - 1
        shape = (len(piece_indices), int(lengths.max()))
        column = np.arange(shape[1]) - (shape[1] - lengths[:, None])  # [batch, length]
        is_event = column >= 0
        rows = np.where(is_event, self.starts[piece_indices, None] + column, 0)
        interactions = self._interactions
        item = np.where(is_event, interactions.item[rows] + 1, 0).astype(np.int64)
        event_type = np.where(is_event, interactions.kind[rows].astype(np.int64) + 1, 0)
        next_rows = rows + 1
        is_target = is_event & (
            interactions.weight[np.minimum(next_rows, interactions.event_count - 1)] > 0
        )
        target = np.where(
            is_target, interactions.item[np.minimum(next_rows, interactions.event_count - 1)] + 1, 0
        )
        text = None
        if interactions.vectors is not None:
            codes = np.where(is_event, interactions.text[rows], -1)
            if codes.max() >= 0:
                text = np.where(codes[..., None] >= 0, interactions.vectors[codes], np.float32(0))
        value = (
            np.where(is_event, interactions.value[rows], np.float32(np.nan))
            if self._has_values
            else None
        )
        at = np.where(
            is_event, interactions.at[rows] - interactions.at[self.starts[piece_indices, None]], 0
        )
        batch = EventTokens(
            torch.from_numpy(item),
            torch.from_numpy(event_type),
            # nothing comes before the first event of a piece, as at request time
            torch.from_numpy(
                np.where(is_event, np.where(column == 0, 1, self._gap_buckets[rows]), 0)
            ),
            None if text is None else torch.from_numpy(text),
            None if value is None else torch.from_numpy(value),
            torch.from_numpy(at),
        )
        return batch, torch.from_numpy(target.astype(np.int64))
