"""Dropout for training on a CPU. In: numbers; out: the same with some of them 0, the rest larger.

PyTorch draws a random number of 53 bits for each element on a CPU, a tenth of a training. One byte
is enough to drop a share of them (docs/decisions/0080). Elsewhere PyTorch's own is taken.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

BYTE_VALUES = 256
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class Dropout(nn.Module):
    """Sets a share of the elements to 0 while training, and scales the rest so that the mean stays.

    Hinton et al. 2012. On a CPU the share is rounded to a 256th, and is at most 255 of them.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        """[...] → [...]"""
        if values.device.type != "cpu":
            return functional.dropout(values, self.share, self.training)
        threshold = min(round(self.share * BYTE_VALUES), BYTE_VALUES - 1)
        if not self.training or not threshold:
            return values
        words = (values.numel() + 7) // 8
        random_bytes = torch.randint(INT64_MIN, INT64_MAX, (words,), dtype=torch.int64)
        random_bytes = random_bytes.view(torch.uint8)[: values.numel()].view(values.shape)
        scale = BYTE_VALUES / (BYTE_VALUES - threshold)
        return values * ((random_bytes >= threshold) * scale)
