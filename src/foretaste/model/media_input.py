"""The place of pictures, clips and vectors in the sequence network: rows of an item in, what they
add to what the network takes it for out.
"""

import torch
from torch import Tensor, nn

from foretaste.domain.data import Catalogue
from foretaste.model.media_features import MediaFeatures, MediaParts


class MediaInput(nn.Module):
    """A projection of each space, learnt from zero: the network begins as one without them."""

    rows: Tensor
    """[items + 1, width] in 16 bits, the first of padding; zero where an item has no vector."""

    def __init__(self, features: MediaFeatures, dim: int, rows: Tensor | None = None) -> None:
        """rows: None for a network that is told what its items are."""
        super().__init__()
        self.features = features
        empty_rows = torch.zeros(1, features.width)
        self.register_buffer("rows", empty_rows if rows is None else rows, persistent=False)
        self.project = nn.Linear(features.width, dim, bias=False)
        nn.init.zeros_(self.project.weight)

    @classmethod
    def of(cls, catalogue: Catalogue, dim: int) -> "MediaInput | None":
        """For the items of a catalogue; None where none of them has a vector."""
        features = MediaFeatures.fit(catalogue, dim)
        if features is None:
            return None
        rows = torch.zeros(len(catalogue) + 1, features.width, dtype=torch.float16)
        rows[1:] = torch.from_numpy(features.rows(catalogue, range(len(catalogue))))
        return cls(features, dim, rows)

    def forward(self, index: Tensor) -> Tensor:
        """[...] internal ids + 1 → [..., dim]"""
        weight = self.project.weight
        return self.project(self.rows[index].to(weight.dtype))

    def parts(self, catalogue: Catalogue) -> MediaParts:
        """What it adds, item by item, once it is trained."""
        weights = self.project.weight.detach().cpu().numpy().T.copy()
        return MediaParts(self.features, weights, catalogue)
